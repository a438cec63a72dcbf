-- ---
-- title = "特困供养"
-- order = 4
-- class = "custody"
-- basis = ["destitute_2021", "social_relief_measures#14"]
-- reads = ["social_relief"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation", "birth_registration", "student_roll", "judgment", "disability_card", "prison_term", "custody", "serious_illness", "benefit_payment", "disability_subsidy"]
-- enjoyed = { title = "救助名册在保特困", seen_in = ["social_relief"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "未满16周岁（已供养的可至18周岁）", missing = "出生日期" }
-- unsupported = { title = "无法定抚养义务人或其无履行能力" }
-- means = { title = "无劳动能力、无生活来源", missing = "家庭收入、财产核对结果" }
-- ---
WITH cover AS (
    SELECT identity, min(row_key) AS row_key FROM relief_member WHERE relief_kind = '特困' AND grade <= 'B' GROUP BY identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       r.identity IS NOT NULL AS enjoyed,
       c.alive,
       c.age < CASE WHEN r.identity IS NULL THEN 16 ELSE 18 END AS under_age,
       -- Who is covered was found to be without support by the office; only missing data would speak here.
       CASE WHEN r.identity IS NULL OR p.unsupported THEN p.unsupported END AS unsupported,
       p.missing AS unsupported_missing,
       CAST(NULL AS BOOLEAN) AS means,
       b.excluded_by,
       CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END AS doubt,
       r.row_key AS evidence_social_relief
FROM policy_child c
LEFT JOIN policy_parent p ON p.identity = c.identity
LEFT JOIN cover r ON r.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'destitute'
