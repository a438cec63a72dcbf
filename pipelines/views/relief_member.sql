-- ---
-- title = "每个在保的社会救助对象每类救助一行：户编号、类别、起保年月、匹配等级"
-- ---
WITH ranked AS (
    SELECT r.row_key, r.identity, r.grade, r.relief_kind, r.household_number, r.start_month, r.town, r.village,
           row_number() OVER (PARTITION BY r.identity, r.relief_kind ORDER BY r.grade, r.row_key) AS nth
    FROM relief_row r
    WHERE r.status = '正常'
      AND r.identity IS NOT NULL
      AND r.grade < 'D'
      AND coalesce(r.start_month <= month_of($as_of), true)
      AND coalesce(r.end_month > month_of($as_of), true)
)
SELECT row_key, identity, grade, relief_kind, household_number, start_month, town, village FROM ranked WHERE nth = 1
