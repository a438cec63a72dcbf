-- ---
-- title = "重残儿童未纳入"
-- condition = "未满18周岁，持有效残疾人证，等级为一、二级或三、四级智力、精神，名册上没有困境类登记，规定月数以内没有两项补贴，不在特困供养，户籍未注销、未迁出，没有死亡记录。多重三、四级进附表。"
-- list = "uncovered"
-- subject = "disability_card.subject"
-- reads = ["disability_card", "disability_subsidy", "social_relief"]
-- absent_from = "child_roster.child"
-- optional_reads = ["population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["disability_subsidy", "social_relief"]
-- event = "none"
-- severity = "medium"
-- basis = ["qidong_guide_2021", "children_in_difficulty_2016", "two_subsidies_2015"]
-- recipients = ["civil-affairs", "disability-federation"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ card }}，残疾人证有效（{{ first_issued }} 首次发证），截至 {{ known_until }} 困境儿童、孤儿、特困和残疾人两项补贴均无记录。疑似重残儿童未纳入保障，待核查"
-- verify = ["是否由福利机构供养", "家庭是否已书面放弃", "户籍是否在外地", "是否正在申请"]
-- [params]
-- recent_months = { default = 6, title = "多少个月内有两项补贴发放视为已享受", status = "design_choice" }
-- [columns]
-- age = { title = "年龄" }
-- card = { title = "残疾类别等级", class = "disability" }
-- first_issued = { title = "首次发证日期", class = "disability" }
-- ---
WITH child AS (
    SELECT k.row_key, k.identity, coalesce(i.birth, d.subject_birth) AS birth, k.card, k.first_issued, k.severe
    FROM card_standing k
    JOIN disability_card d ON d.row_key = k.row_key
    LEFT JOIN identity i ON i.identity = k.identity
    WHERE k.effect = 'in_force' AND k.severe IN ('yes', 'check')
)
SELECT c.row_key AS subject_row_key,
       '' AS event,
       age_on(c.birth, $as_of) AS age,
       c.card,
       c.first_issued,
       $known_until AS known_until,
       CASE c.severe WHEN 'check' THEN '多重残疾需核实是否含智力、精神残疾' END AS annex_reason,
       c.row_key AS evidence_disability_card
FROM child c
-- Whoever has come of age by the day of the list is no child any more, whatever the files' dates.
WHERE age_on(c.birth, $as_of) < 18
  AND NOT EXISTS (SELECT 1 FROM listed_child l WHERE l.identity = c.identity AND l.in_difficulty)
  AND NOT EXISTS (
      SELECT 1 FROM subsidy_month s
      WHERE s.identity = c.identity AND s.month >= month_add(month_of($known_until), -$recent_months)
  )
  AND NOT EXISTS (SELECT 1 FROM relief_member r WHERE r.identity = c.identity AND r.relief_kind = '特困')
  AND NOT EXISTS (
      SELECT 1 FROM population p
      WHERE p.resident_identity = c.identity AND p.cancel_state IN ('死亡', '迁出')
  )
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
