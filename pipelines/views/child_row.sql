-- ---
-- title = "每个未成年人一行：名册行优先，否则户籍行；谁的行、是否在册"
-- ---
WITH rows_of AS (
    SELECT identity, 'child_roster' AS extract, 'child' AS role, row_key, birth, 1 AS rank FROM listed_child WHERE nth = 1
    UNION ALL
    SELECT resident_identity, 'population', 'resident', row_key, resident_birth, 2
    FROM population
    WHERE cancel_state = '正常' AND resident_birth > add_months($as_of, -216) AND resident_identity IS NOT NULL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank, row_key) AS nth FROM rows_of
)
SELECT identity, extract, role, row_key, birth, extract = 'child_roster' AS listed
FROM ranked
WHERE nth = 1 AND birth > add_months($as_of, -216)
