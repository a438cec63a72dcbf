-- ---
-- title = "重残儿童未纳入"
-- list = "uncovered"
-- subject = "disability_card.subject"
-- reads = ["disability_card", "disability_subsidy", "social_relief"]
-- absent_from = "child_roster.child"
-- optional_reads = ["population", "death_cancellation", "death_certificate", "cremation"]
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
    SELECT d.row_key, d.subject_identity AS identity, coalesce(i.birth, d.subject_birth) AS birth,
           d.disability_category || d.disability_level AS card, d.first_issued, e.severe,
           row_number() OVER (
               PARTITION BY d.subject_identity ORDER BY CASE e.severe WHEN 'yes' THEN 0 ELSE 1 END, d.row_key
           ) AS nth
    FROM disability_card d
    JOIN disability_eligibility e
      ON e.disability_category = d.disability_category AND e.disability_level = d.disability_level
     AND e.severe IN ('yes', 'check')
    LEFT JOIN identity i ON i.identity = d.subject_identity
    WHERE d.card_status = '正常'
      AND (d.valid_until IS NULL OR d.valid_until >= $as_of)
      AND d.subject_identity IS NOT NULL
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
WHERE c.nth = 1
  -- Whoever has come of age by the day of the list is no child any more, whatever the files' dates.
  AND age_on(c.birth, $as_of) < 18
  AND NOT EXISTS (
      SELECT 1 FROM child_roster r
      JOIN child_categories k ON k.label = r.category AND k.in_difficulty
      WHERE r.child_identity = c.identity AND r.status = '登记在册'
  )
  AND NOT EXISTS (
      SELECT 1 FROM disability_subsidy s
      WHERE s.subject_identity = c.identity AND s.status = '正常'
        AND s.belonging_month >= month_add(month_of($known_until), -$recent_months)
  )
  AND NOT EXISTS (
      SELECT 1 FROM social_relief r
      WHERE r.subject_identity = c.identity AND r.relief_kind = '特困' AND r.status = '正常'
  )
  AND NOT EXISTS (
      SELECT 1 FROM population p
      WHERE p.resident_identity = c.identity AND p.cancel_state IN ('死亡', '迁出')
  )
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
