-- ---
-- title = "重残重病困境儿童生活费"
-- order = 3
-- class = "illness"
-- basis = ["qidong_guide_2021", "children_in_difficulty_2016"]
-- reads = ["disability_card"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation", "serious_illness", "benefit_payment", "social_relief", "disability_subsidy"]
-- gap_rules = ["u_serious_ill", "u_severe_disabled"]
-- enjoyed = { title = "名册登记为重残或重病儿童并正常发放", seen_in = ["child_roster"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "未满18周岁", missing = "出生日期" }
-- register_kept = { title = "户籍未注销、未迁出", denied_in = ["population"] }
-- severe = { title = "重残（一、二级或三、四级智力、精神）或重病", seen_in = ["disability_card", "serious_illness"], missing = "重病目录和诊断证明" }
-- ---
WITH aided AS (
    SELECT DISTINCT identity FROM subsidy_month WHERE month >= month_add(month_of($known_until), -$recent_months)
),
destitute AS (
    SELECT DISTINCT identity FROM relief_member WHERE relief_kind = '特困'
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       c.severe_paid AS enjoyed,
       c.alive,
       c.age < 18 AS under_age,
       c.register_kept,
       CASE WHEN k.effect = 'in_force' AND k.severe IN ('yes', 'check') THEN true
            WHEN i.illness_group IS NOT NULL THEN true
            WHEN i.identity IS NULL THEN false END AS severe,
       b.excluded_by,
       concat_ws('；', CASE WHEN k.severe = 'check' THEN '多重残疾需核实是否含智力、精神残疾' END,
                 CASE WHEN i.illness_group IS NOT NULL THEN '重病需诊断证明' END, CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END) AS doubt,
       CASE WHEN c.in_difficulty THEN '名册已按' || c.category || '登记'
            WHEN s.identity IS NOT NULL THEN '已享残疾人两项补贴，规则按已纳入处理'
            WHEN t.identity IS NOT NULL THEN '在特困供养，规则按已纳入处理' END AS unlisted,
       k.row_key AS evidence_disability_card,
       i.row_key AS evidence_serious_illness
FROM policy_child c
LEFT JOIN card_standing k ON k.identity = c.identity
LEFT JOIN child_illness i ON i.identity = c.identity AND i.grade <= 'B'
LEFT JOIN aided s ON s.identity = c.identity
LEFT JOIN destitute t ON t.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'severe_child'
