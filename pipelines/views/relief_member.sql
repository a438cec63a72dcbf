-- ---
-- title = "每个在保的社会救助对象每类救助一行：户编号、类别、起保年月、匹配等级"
-- ---
-- Who is written to be the head of the household and bears the head's name is the head: the head's own cell tells
-- who that is where the member's number is missing or somebody else's.
WITH member AS (
    SELECT r.*,
           r.household_relation = '户主' AND r.name = r.householder_name AND r.householder_identity IS NOT NULL
               AND r.householder_grade <= 'B' AS is_head
    FROM social_relief r
),
known AS (
    SELECT r.*,
           CASE WHEN r.is_head THEN r.householder_identity ELSE r.subject_identity END AS identity,
           CASE WHEN r.is_head THEN r.householder_grade ELSE r.subject_grade END AS grade
    FROM member r
),
ranked AS (
    SELECT r.row_key, r.identity, r.grade, r.relief_kind, r.household_number, r.start_month, r.town, r.village,
           row_number() OVER (PARTITION BY r.identity, r.relief_kind ORDER BY r.grade, r.row_key) AS nth
    FROM known r
    WHERE r.status = '正常'
      AND r.identity IS NOT NULL
      AND r.grade < 'D'
      AND coalesce(r.start_month <= month_of($as_of), true)
      AND coalesce(r.end_month > month_of($as_of), true)
)
SELECT row_key, identity, grade, relief_kind, household_number, start_month, town, village FROM ranked WHERE nth = 1
