-- ---
-- title = "困难残疾人生活补贴"
-- order = 6
-- class = "disability"
-- basis = ["two_subsidies_2015"]
-- reads = ["disability_card", "social_relief"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation", "disability_subsidy", "benefit_payment"]
-- gap_rules = ["u_living_missing"]
-- enjoyed = { title = "近几个月有困难残疾人生活补贴发放", seen_in = ["disability_subsidy"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "在规则所列的年龄以内", missing = "出生日期" }
-- card = { title = "持有效残疾人证且发证已满等待期", seen_in = ["disability_card"] }
-- relief = { title = "低保（或参数所列类别）家庭成员", seen_in = ["social_relief"] }
-- register_kept = { title = "户籍未注销、未迁出", denied_in = ["population"] }
-- not_moved = { title = "户籍未迁往市外", denied_in = ["move_out"] }
-- ---
WITH member AS (
    SELECT identity, min(row_key) AS row_key FROM relief_member WHERE relief_kind IN $relief_kinds GROUP BY identity
),
aided AS (
    SELECT identity, array_agg(row_key ORDER BY row_key) AS subsidy_rows
    FROM subsidy_month
    WHERE program = 'living_subsidy' AND month >= month_add(month_of($known_until), -$recent_months)
    GROUP BY identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       s.identity IS NOT NULL AS enjoyed,
       c.alive,
       c.age < $under_age AS under_age,
       coalesce(k.effect = 'in_force' AND coalesce(k.first_issued <= $known_until - $wait_days, true), false) AS card,
       m.identity IS NOT NULL AS relief,
       c.register_kept,
       c.not_moved,
       b.excluded_by,
       CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END AS doubt,
       CASE WHEN c.orphan THEN '名册登记为孤儿，规则按不享受处理' END AS unlisted,
       k.row_key AS evidence_disability_card,
       m.row_key AS evidence_social_relief,
       s.subsidy_rows AS evidence_disability_subsidy
FROM policy_child c
LEFT JOIN card_standing k ON k.identity = c.identity
LEFT JOIN member m ON m.identity = c.identity
LEFT JOIN aided s ON s.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'living_subsidy'
