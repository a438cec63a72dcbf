-- ---
-- title = "疑似孤儿未纳入"
-- condition = "户籍正常、未满18周岁，父母双方（户籍、出生登记、名册或学籍以证号证明）都已死亡或被法院宣告失踪、宣告死亡，名册上没有孤儿登记，没有有效的收养登记，本人没有死亡记录。父母关系只见于学籍家庭成员的进附表；公安登记的失踪不算宣告失踪。"
-- list = "uncovered"
-- subject = "population.resident"
-- reads = ["population", "death_cancellation"]
-- absent_from = "child_roster.child"
-- optional_reads = ["birth_registration", "student_roll", "judgment", "adoption", "death_certificate", "cremation", "disability_card", "prison_term", "custody", "serious_illness"]
-- event = "day"
-- severity = "high"
-- basis = ["orphan_support_2010", "minor_protection_law#94", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，父亲 {{ father_from }} {{ father_title }}（{{ father_source }}），母亲 {{ mother_from }} {{ mother_title }}（{{ mother_source }}），父母关系依据 {{ link_grade }}，儿童名册无孤儿登记、无收养登记。疑似孤儿未纳入保障，待核查"
-- verify = ["父母关系是否属实（继父母、养父母）", "是否已被收养", "是否本月正在审批", "现由谁照护"]
-- [columns]
-- age = { title = "年龄" }
-- father_title = { title = "父亲情况", class = "relative" }
-- father_from = { title = "父亲情况日期", class = "relative" }
-- mother_title = { title = "母亲情况", class = "relative" }
-- mother_from = { title = "母亲情况日期", class = "relative" }
-- link_grade = { title = "父母关系依据" }
-- ---
SELECT c.row_key AS subject_row_key,
       CAST(greatest(c.father_from, c.mother_from) AS VARCHAR) AS event,
       age_on(c.birth, $as_of) AS age,
       c.father_title,
       c.father_from,
       c.father_source,
       c.mother_title,
       c.mother_from,
       c.mother_source,
       c.link_grade,
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
       c.father_judgment AS evidence_judgment__father,
       c.mother_cancellation AS evidence_death_cancellation__mother,
       c.mother_certificate AS evidence_death_certificate__mother,
       c.mother_cremation AS evidence_cremation__mother,
       c.mother_judgment AS evidence_judgment__mother
FROM parent_claim c
WHERE c.father_class = 'D' AND c.mother_class = 'D'
  AND c.father_from <= $known_until AND c.mother_from <= $known_until
  AND NOT c.listed_orphan
  AND NOT c.adopted
  AND NOT c.dead
