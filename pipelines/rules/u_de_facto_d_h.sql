-- ---
-- title = "一方死亡或宣告失踪、另一方符合情形未纳入"
-- condition = "户籍正常、未满18周岁，父母一方死亡或被宣告失踪，另一方重残、重病、服刑、强制隔离戒毒、限制人身自由满6个月，或失联满6个月、撤销监护资格、遣送出境，名册上没有任何登记（已在册的见“保障类别应转换”），没有有效的收养登记，本人没有死亡记录。重病、仅名册登记的状态、多重三四级残疾需补佐证，进附表。"
-- list = "uncovered"
-- subject = "population.resident"
-- reads = ["population", "death_cancellation"]
-- absent_from = "child_roster.child"
-- optional_reads = ["birth_registration", "student_roll", "judgment", "adoption", "death_certificate", "cremation", "disability_card", "prison_term", "custody", "serious_illness"]
-- event = "day"
-- severity = "high"
-- basis = ["de_facto_2019", "de_facto_2020", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ gone_side }} {{ gone_from }} {{ gone_title }}（{{ gone_source }}），{{ other_side }}自 {{ other_from }} {{ other_title }}（{{ other_source }}），父母关系依据 {{ link_grade }}，儿童名册无相应登记。按父母状态对照，疑似{{ result }}未纳入保障，待核查"
-- verify = ["父母关系是否属实（继父母、养父母）", "另一方状态是否满6个月、是否仍有效", "另一方是否在外再婚、抚养权归属", "现由谁照护"]
-- [columns]
-- age = { title = "年龄" }
-- gone_side = { title = "死亡或失踪一方", class = "relative" }
-- gone_from = { title = "死亡或失踪日期", class = "relative" }
-- other_side = { title = "另一方", class = "relative" }
-- other_title = { title = "另一方情形", class = "custody" }
-- other_from = { title = "另一方情形起始", class = "custody" }
-- link_grade = { title = "父母关系依据" }
-- result = { title = "对照结果" }
-- ---
WITH sided AS (
    SELECT c.*, c.father_class = 'D' AS father_gone FROM parent_claim c WHERE c.father_class <> c.mother_class
)
SELECT c.row_key AS subject_row_key,
       CAST(greatest(c.father_from, c.mother_from) AS VARCHAR) AS event,
       age_on(c.birth, $as_of) AS age,
       CASE WHEN c.father_gone THEN '父亲' ELSE '母亲' END AS gone_side,
       CASE WHEN c.father_gone THEN '母亲' ELSE '父亲' END AS other_side,
       CASE WHEN c.father_gone THEN c.father_title ELSE c.mother_title END AS gone_title,
       CASE WHEN c.father_gone THEN c.father_from ELSE c.mother_from END AS gone_from,
       CASE WHEN c.father_gone THEN c.father_source ELSE c.mother_source END AS gone_source,
       CASE WHEN c.father_gone THEN c.mother_title ELSE c.father_title END AS other_title,
       CASE WHEN c.father_gone THEN c.mother_from ELSE c.father_from END AS other_from,
       CASE WHEN c.father_gone THEN c.mother_source ELSE c.father_source END AS other_source,
       c.link_grade,
       c.result,
       c.doubt AS annex_reason,
       c.unproven_father AS father_identity,
       c.unproven_mother AS mother_identity,
       c.row_key AS evidence_population,
       c.father_birth_row AS evidence_birth_registration__father,
       c.mother_birth_row AS evidence_birth_registration__mother,
       c.father_roll_row AS evidence_student_roll__father,
       c.mother_roll_row AS evidence_student_roll__mother,
       c.father_cancellation AS evidence_death_cancellation__father,
       c.father_certificate AS evidence_death_certificate__father,
       c.father_cremation AS evidence_cremation__father,
       c.mother_cancellation AS evidence_death_cancellation__mother,
       c.mother_certificate AS evidence_death_certificate__mother,
       c.mother_cremation AS evidence_cremation__mother,
       c.father_judgment AS evidence_judgment__father,
       c.mother_judgment AS evidence_judgment__mother,
       c.father_card AS evidence_disability_card__father,
       c.mother_card AS evidence_disability_card__mother,
       c.father_prison AS evidence_prison_term__father,
       c.mother_prison AS evidence_prison_term__mother,
       c.father_custody AS evidence_custody__father,
       c.mother_custody AS evidence_custody__mother,
       c.father_illness AS evidence_serious_illness__father,
       c.mother_illness AS evidence_serious_illness__mother,
       c.father_roster AS evidence_child_roster__father,
       c.mother_roster AS evidence_child_roster__mother
FROM sided c
WHERE CASE WHEN c.father_gone THEN c.father_from ELSE c.mother_from END <= $known_until
  AND NOT c.listed
  AND NOT c.adopted
  AND NOT c.dead
