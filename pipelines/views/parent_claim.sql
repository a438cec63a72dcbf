-- ---
-- title = "每个户籍正常、父母双方都有符合情形状态的未成年人一行：双方的状态和依据（见 both_parents）、户籍行、是否在册、是否被收养、是否死亡"
-- ---
-- The rules that look for uncovered children and the policies ask the same here.
WITH child AS (
    SELECT p.row_key, p.resident_identity AS identity, p.resident_birth AS birth,
           row_number() OVER (PARTITION BY p.resident_identity ORDER BY p.row_key) AS nth
    FROM population p
    JOIN both_parents b ON b.child = p.resident_identity
    WHERE p.cancel_state = '正常' AND p.resident_birth > add_months($as_of, -216)
),
listed AS (
    SELECT identity, bool_or(coalesce(orphan, false)) AS orphan FROM listed_child GROUP BY identity
)
SELECT c.row_key, c.birth, b.*, l.identity IS NOT NULL AS listed, coalesce(l.orphan, false) AS listed_orphan,
       a.identity IS NOT NULL AS adopted, d.identity IS NOT NULL AS dead
FROM child c
JOIN both_parents b ON b.child = c.identity
LEFT JOIN listed l ON l.identity = c.identity
LEFT JOIN adopted a ON a.identity = c.identity
LEFT JOIN death d ON d.identity = c.identity
WHERE c.nth = 1
