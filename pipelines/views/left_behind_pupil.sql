-- ---
-- title = "每个在籍学生一行：学籍的留守登记、户口性质（户籍人口优先）、父母中是否有人死亡、重残等"
-- ---
WITH pupil AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.identity ORDER BY r.entry_month DESC NULLS LAST, r.row_key) AS nth
    FROM roll_row r
    WHERE r.enrolled
),
-- One parent away makes a left-behind child only where the other cannot care; the school's code does not ask that.
unable AS (
    SELECT DISTINCT p.child FROM parent_link p JOIN parent_standing s ON s.identity = p.parent
),
household AS (
    SELECT resident_identity AS identity, min(register_kind) AS register_kind
    FROM population
    WHERE cancel_state = '正常' AND resident_identity IS NOT NULL
    GROUP BY resident_identity
)
SELECT p.row_key, p.identity, p.match_grade, p.birth, p.school, p.grade_title, p.left_behind,
       coalesce(h.register_kind, p.register_kind) AS household_kind, u.child IS NOT NULL AS parent_unable
FROM pupil p
LEFT JOIN household h ON h.identity = p.identity
LEFT JOIN unable u ON u.child = p.identity
WHERE p.nth = 1
