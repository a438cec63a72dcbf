-- ---
-- title = "最低生活保障"
-- order = 5
-- class = "money"
-- basis = ["relief_approval_2021", "social_relief_measures#13"]
-- reads = ["social_relief"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation", "benefit_payment", "disability_subsidy"]
-- enjoyed = { title = "救助名册在保低保", seen_in = ["social_relief"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- means = { title = "家庭人均收入、财产低于低保标准", missing = "家庭收入、财产核对结果" }
-- ---
WITH cover AS (
    SELECT identity, min(row_key) AS row_key FROM relief_member WHERE relief_kind = '低保' AND grade <= 'B' GROUP BY identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       r.identity IS NOT NULL AS enjoyed,
       c.alive,
       CAST(NULL AS BOOLEAN) AS means,
       b.excluded_by,
       CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END AS doubt,
       r.row_key AS evidence_social_relief
FROM policy_child c
LEFT JOIN cover r ON r.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'minimum_living'
