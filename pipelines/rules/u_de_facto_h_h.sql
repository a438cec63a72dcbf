-- ---
-- title = "父母双方均符合情形未纳入"
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
WITH child AS (
    SELECT p.row_key, p.resident_identity AS identity, p.resident_birth AS birth,
           row_number() OVER (PARTITION BY p.resident_identity ORDER BY p.row_key) AS nth
    FROM population p
    JOIN both_parents b ON b.child = p.resident_identity AND b.father_class = 'H' AND b.mother_class = 'H'
    WHERE p.cancel_state = '正常' AND p.resident_birth > add_months($as_of, -216)
)
SELECT c.row_key AS subject_row_key,
       coalesce(CAST(greatest(b.father_from, b.mother_from) AS VARCHAR), school_year_of($as_of)) AS event,
       age_on(c.birth, $as_of) AS age,
       b.father_title,
       b.father_from,
       b.father_source,
       b.mother_title,
       b.mother_from,
       b.mother_source,
       b.link_grade,
       b.result,
       b.doubt AS annex_reason,
       b.unproven_father AS father_identity,
       b.unproven_mother AS mother_identity,
       b.father_birth_row AS evidence_birth_registration__father,
       b.mother_birth_row AS evidence_birth_registration__mother,
       b.father_roll_row AS evidence_student_roll__father,
       b.mother_roll_row AS evidence_student_roll__mother,
       b.father_judgment AS evidence_judgment__father,
       b.father_card AS evidence_disability_card__father,
       b.father_prison AS evidence_prison_term__father,
       b.father_custody AS evidence_custody__father,
       b.father_illness AS evidence_serious_illness__father,
       b.mother_judgment AS evidence_judgment__mother,
       b.mother_card AS evidence_disability_card__mother,
       b.mother_prison AS evidence_prison_term__mother,
       b.mother_custody AS evidence_custody__mother,
       b.mother_illness AS evidence_serious_illness__mother
FROM child c
JOIN both_parents b ON b.child = c.identity AND b.father_class = 'H' AND b.mother_class = 'H'
WHERE c.nth = 1
  AND NOT EXISTS (SELECT 1 FROM child_roster r WHERE r.child_identity = c.identity AND r.status = '登记在册')
  AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM death y WHERE y.identity = c.identity)
