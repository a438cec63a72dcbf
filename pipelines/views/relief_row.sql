-- ---
-- title = "社会救助名册每行一行：本人是谁、匹配等级。写明是户主本人的，以户主栏为准"
-- ---
-- Who is written to be the head of the household and bears the head's name is the head: the head's own cell tells
-- who that is where the member's number is missing or somebody else's.
WITH told AS (
    SELECT r.*,
           r.household_relation = '户主' AND r.name = r.householder_name AND r.householder_identity IS NOT NULL
               AND r.householder_grade <= 'B' AS is_head
    FROM social_relief r
)
SELECT t.row_key,
       CASE WHEN t.is_head THEN t.householder_identity ELSE t.subject_identity END AS identity,
       CASE WHEN t.is_head THEN t.householder_grade ELSE t.subject_grade END AS grade,
       t.relief_kind, t.household_number, t.start_month, t.end_month, t.status, t.town, t.village
FROM told t
