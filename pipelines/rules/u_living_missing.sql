-- ---
-- title = "低保残疾人未享生活补贴"
-- condition = "残疾人证有效、发证已满规定天数、未满规定年龄，是在保低保（类别按参数）家庭成员，规定月数以内没有困难残疾人生活补贴发放，不是名册登记的孤儿，不在特困供养，没有死亡、迁往市外、户籍注销的记录。"
-- list = "uncovered"
-- subject = "disability_card.subject"
-- reads = ["disability_card", "social_relief"]
-- absent_from = "disability_subsidy.subject"
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["child_roster"]
-- event = "none"
-- severity = "medium"
-- basis = ["two_subsidies_2015"]
-- recipients = ["civil-affairs-relief", "disability-federation"]
-- due_days = 20
-- reason = "{{ relief_kind }}家庭成员{% if start_month %}（{{ start_month }} 起）{% endif %}，{{ card }}，残疾人证有效，截至 {{ known_until }} 近 {{ recent_months }} 个月无困难残疾人生活补贴发放，也不是孤儿、特困人员。疑似应享未享，待核查"
-- verify = ["是否本人或家庭未申请、已书面放弃", "是否享受择高待遇", "是否正在申请"]
-- [params]
-- relief_kinds = { default = ["低保"], title = "可享受生活补贴的救助类别（低保边缘可加入）", status = "to_confirm" }
-- recent_months = { default = 3, title = "多少个月内有发放视为已享受", status = "design_choice" }
-- wait_days = { default = 60, title = "发证后多少天以内不列", status = "design_choice" }
-- under_age = { default = 18, title = "只列多少岁以下", status = "to_confirm" }
-- [columns]
-- card = { title = "残疾类别等级", class = "disability" }
-- relief_kind = { title = "救助类别", class = "watch_group" }
-- start_month = { title = "起保年月", class = "money" }
-- ---
WITH member AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY relief_kind, row_key) AS nth
    FROM relief_member
    WHERE relief_kind IN $relief_kinds
)
SELECT k.row_key AS subject_row_key,
       '' AS event,
       m.relief_kind,
       m.start_month,
       k.card,
       $known_until AS known_until,
       $recent_months AS recent_months,
       k.row_key AS evidence_disability_card,
       m.row_key AS evidence_social_relief
FROM card_standing k
JOIN member m ON m.identity = k.identity AND m.nth = 1
JOIN disability_card d ON d.row_key = k.row_key
LEFT JOIN identity i ON i.identity = k.identity
WHERE k.effect = 'in_force'
  AND coalesce(k.first_issued <= $known_until - $wait_days, true)
  AND age_on(coalesce(i.birth, d.subject_birth), $as_of) < $under_age
  AND NOT EXISTS (
      SELECT 1 FROM subsidy_month s
      WHERE s.identity = k.identity AND s.program = 'living_subsidy'
        AND s.month >= month_add(month_of($known_until), -$recent_months)
  )
  AND NOT EXISTS (SELECT 1 FROM listed_child l WHERE l.identity = k.identity AND l.orphan)
  AND NOT EXISTS (SELECT 1 FROM relief_member r WHERE r.identity = k.identity AND r.relief_kind = '特困')
  AND NOT EXISTS (SELECT 1 FROM gone g WHERE g.identity = k.identity)
