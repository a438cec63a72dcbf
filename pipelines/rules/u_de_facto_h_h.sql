-- ---
-- title = "父母双方均符合情形未纳入"
-- condition = "户籍正常、未满18周岁，父母双方都是重残、重病、服刑、强制隔离戒毒、限制人身自由满6个月，或失联满6个月、撤销监护资格、遣送出境，名册上没有任何登记，没有有效的收养登记，本人没有死亡记录。重病、仅名册登记的状态、多重三四级残疾需补佐证，进附表。"
-- list = "uncovered"
-- subject = "population.resident"
-- reads = ["population"]
-- absent_from = "child_roster.child"
-- optional_reads = ["birth_registration", "student_roll", "judgment", "adoption", "disability_card", "prison_term", "custody", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "day_or_school_year"
-- severity = "high"
-- basis = ["de_facto_2019", "de_facto_2020", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，父亲{% if father_from %}自 {{ father_from }} {% endif %}{{ father_title }}（{{ father_source }}），母亲{% if mother_from %}自 {{ mother_from }} {% endif %}{{ mother_title }}（{{ mother_source }}），父母关系依据 {{ link_grade }}，儿童名册无相应登记。按父母状态对照，疑似{{ result }}未纳入保障，待核查"
-- verify = ["父母关系是否属实（继父母、养父母）", "双方状态是否满6个月、是否仍有效", "重病需诊断证明", "现由谁照护"]
-- [columns]
-- age = { title = "年龄" }
-- father_title = { title = "父亲情形", class = "custody" }
-- father_from = { title = "父亲情形起始", class = "custody" }
-- mother_title = { title = "母亲情形", class = "custody" }
-- mother_from = { title = "母亲情形起始", class = "custody" }
-- link_grade = { title = "父母关系依据" }
-- result = { title = "对照结果" }
-- ---
SELECT c.row_key AS subject_row_key,
       coalesce(CAST(greatest(c.father_from, c.mother_from) AS VARCHAR), school_year_of($as_of)) AS event,
       age_on(c.birth, $as_of) AS age,
       c.father_title,
       c.father_from,
       c.father_source,
       c.mother_title,
       c.mother_from,
       c.mother_source,
       c.link_grade,
       c.result,
       c.doubt AS annex_reason,
       c.unproven_father AS father_identity,
       c.unproven_mother AS mother_identity,
       c.father_birth_row AS evidence_birth_registration__father,
       c.mother_birth_row AS evidence_birth_registration__mother,
       c.father_roll_row AS evidence_student_roll__father,
       c.mother_roll_row AS evidence_student_roll__mother,
       c.father_judgment AS evidence_judgment__father,
       c.father_card AS evidence_disability_card__father,
       c.father_prison AS evidence_prison_term__father,
       c.father_custody AS evidence_custody__father,
       c.father_illness AS evidence_serious_illness__father,
       c.mother_judgment AS evidence_judgment__mother,
       c.mother_card AS evidence_disability_card__mother,
       c.mother_prison AS evidence_prison_term__mother,
       c.mother_custody AS evidence_custody__mother,
       c.mother_illness AS evidence_serious_illness__mother
FROM parent_claim c
WHERE c.father_class = 'H' AND c.mother_class = 'H'
  AND NOT c.listed
  AND NOT c.adopted
  AND NOT c.dead
