-- ---
-- title = "每个在保的社会救助对象每类救助一行：户编号、类别、起保年月、匹配等级"
-- ---
WITH ranked AS (
    SELECT r.row_key, r.subject_identity AS identity, r.subject_grade AS grade, r.relief_kind, r.household_number,
           r.start_month, r.town, r.village,
           row_number() OVER (PARTITION BY r.subject_identity, r.relief_kind ORDER BY r.subject_grade, r.row_key) AS nth
    FROM social_relief r
    WHERE r.status = '正常'
      AND r.subject_identity IS NOT NULL
      AND r.subject_grade < 'D'
      AND coalesce(r.start_month <= month_of($as_of), true)
      AND coalesce(r.end_month > month_of($as_of), true)
)
SELECT row_key, identity, grade, relief_kind, household_number, start_month, town, village FROM ranked WHERE nth = 1
