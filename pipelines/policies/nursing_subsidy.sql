-- ---
-- title = "重度残疾人护理补贴"
-- order = 7
-- class = "disability"
-- basis = ["two_subsidies_2015"]
-- reads = ["disability_card", "social_relief"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation", "disability_subsidy", "benefit_payment"]
-- gap_rules = ["u_nursing_missing"]
-- enjoyed = { title = "近几个月有重度残疾人护理补贴发放", seen_in = ["disability_subsidy"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- card = { title = "持有效残疾人证且发证已满等待期", seen_in = ["disability_card"] }
-- grade = { title = "等级在护理补贴范围内（一、二级，其他按参数）", seen_in = ["disability_card"], missing = "多重残疾的组成" }
-- register_kept = { title = "户籍未注销、未迁出", denied_in = ["population"] }
-- not_moved = { title = "户籍未迁往市外", denied_in = ["move_out"] }
-- ---
WITH aided AS (
    SELECT identity, array_agg(row_key ORDER BY row_key) AS subsidy_rows
    FROM subsidy_month
    WHERE program = 'nursing_subsidy' AND month >= month_add(month_of($known_until), -$recent_months)
    GROUP BY identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       s.identity IS NOT NULL AS enjoyed,
       c.alive,
       coalesce(k.effect = 'in_force' AND coalesce(k.first_issued <= $known_until - $wait_days, true), false) AS card,
       CASE WHEN k.identity IS NULL THEN false
            WHEN k.nursing = 'yes' OR (k.nursing IN ('widened', 'check') AND $include_widened) THEN true
            WHEN coalesce(k.nursing, 'check') <> 'check' THEN false END AS grade,
       c.register_kept,
       c.not_moved,
       b.excluded_by,
       concat_ws('；', CASE WHEN k.nursing = 'check' THEN '多重残疾需核实是否含智力、精神残疾' END, CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END) AS doubt,
       k.row_key AS evidence_disability_card,
       s.subsidy_rows AS evidence_disability_subsidy
FROM policy_child c
LEFT JOIN card_standing k ON k.identity = c.identity
LEFT JOIN aided s ON s.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'nursing_subsidy'
