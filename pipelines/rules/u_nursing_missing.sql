-- ---
-- title = "应享护理补贴未享"
-- condition = "残疾人证有效、等级为一、二级（三、四级智力和精神按参数），发证已满规定天数，规定月数以内没有护理补贴发放，不在特困供养，没有死亡、迁往市外、户籍注销的记录。"
-- list = "uncovered"
-- subject = "disability_card.subject"
-- reads = ["disability_card", "social_relief"]
-- absent_from = "disability_subsidy.subject"
-- optional_reads = ["population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["social_relief"]
-- event = "none"
-- severity = "medium"
-- basis = ["two_subsidies_2015"]
-- recipients = ["civil-affairs", "disability-federation"]
-- due_days = 20
-- reason = "{{ card }}，残疾人证有效{% if first_issued %}（{{ first_issued }} 首次发证）{% endif %}，截至 {{ known_until }} 近 {{ recent_months }} 个月无重度残疾人护理补贴发放，也不在特困供养。疑似应享未享，待核查"
-- verify = ["是否本人或家庭未申请、已书面放弃", "是否享受工伤生活护理费等择高待遇", "户籍是否在外地、是否长期住院或机构供养"]
-- [params]
-- recent_months = { default = 3, title = "多少个月内有发放视为已享受", status = "design_choice" }
-- wait_days = { default = 60, title = "发证后多少天以内不列", status = "sourced" }
-- include_widened = { default = false, title = "三、四级智力和精神残疾是否也列出", status = "to_confirm" }
-- under_age = { default = 200, title = "只列多少岁以下（默认不限）", status = "to_confirm" }
-- [columns]
-- card = { title = "残疾类别等级", class = "disability" }
-- first_issued = { title = "首次发证日期", class = "disability" }
-- ---
SELECT k.row_key AS subject_row_key,
       '' AS event,
       k.card,
       k.first_issued,
       $known_until AS known_until,
       $recent_months AS recent_months,
       CASE WHEN k.nursing = 'check' THEN '多重残疾需核实是否含智力、精神残疾' END AS annex_reason
FROM card_standing k
JOIN disability_card d ON d.row_key = k.row_key
LEFT JOIN identity i ON i.identity = k.identity
WHERE k.effect = 'in_force'
  AND (k.nursing = 'yes' OR (k.nursing IN ('widened', 'check') AND $include_widened))
  AND coalesce(k.first_issued <= $known_until - $wait_days, true)
  AND coalesce(age_on(coalesce(i.birth, d.subject_birth), $as_of) < $under_age, $under_age >= 200)
  AND NOT EXISTS (
      SELECT 1 FROM subsidy_month s
      WHERE s.identity = k.identity AND s.program = 'nursing_subsidy'
        AND s.month >= month_add(month_of($known_until), -$recent_months)
  )
  AND NOT EXISTS (SELECT 1 FROM relief_member r WHERE r.identity = k.identity AND r.relief_kind = '特困')
  AND NOT EXISTS (SELECT 1 FROM gone g WHERE g.identity = k.identity)
