-- ---
-- title = "停发后又符合"
-- condition = "名册已减员（参数所列退出原因除外）且在规定月数以内，现在父母双方状态又符合孤儿或事实无人抚养，或本人持有效重残等级残疾人证而没有两项补贴等保障；名册上没有其他登记。"
-- list = "uncovered"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "child_roster.child"
-- optional_reads = ["population", "birth_registration", "student_roll", "judgment", "adoption", "disability_card", "disability_subsidy", "social_relief", "prison_term", "custody", "serious_illness", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["disability_subsidy", "social_relief"]
-- event = "day_or_school_year"
-- severity = "high"
-- basis = ["three_year_plan", "de_facto_2019", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，曾登记为{{ old_class }}，末领年月 {{ end_month }}{% if exit_reason %}（{{ exit_reason }}）{% endif %}；现{{ again }}，儿童名册无在册登记。疑似停发后又符合条件，待核查"
-- verify = ["现情形是否属实、是否满6个月", "停发时的原因是否仍然成立", "是否已在外地保障", "现由谁照护"]
-- [params]
-- within_months = { default = 24, title = "停发在多少个月以内", status = "sourced" }
-- final_reasons = { default = ["死亡", "户籍迁出", "国内收养", "跨省收养", "涉外收养", "儿童超龄", "录入错误"], title = "不再比对的退出原因", status = "design_choice" }
-- subsidy_months = { default = 6, title = "多少个月内有两项补贴发放视为已享受（重残）", status = "design_choice" }
-- [columns]
-- age = { title = "年龄" }
-- old_class = { title = "原类别", class = "watch_group" }
-- end_month = { title = "末领年月", class = "money" }
-- exit_reason = { title = "退出原因", class = "custody" }
-- again = { title = "现情形", class = "custody" }
-- ---
WITH stopped AS (
    SELECT c.row_key, c.child_identity AS identity, c.category AS old_class, c.end_month, c.exit_reason, coalesce(i.birth, c.child_birth) AS birth,
           row_number() OVER (PARTITION BY c.child_identity ORDER BY c.end_month DESC NULLS LAST, c.row_key) AS nth
    FROM child_roster c
    LEFT JOIN identity i ON i.identity = c.child_identity
    WHERE c.status = '已减员' AND c.child_identity IS NOT NULL
),
-- What the rules about uncovered children ask for: both parents gone or unable, or a severe card that nothing covers.
eligible AS (
    SELECT b.child AS identity, 1 AS rank, coalesce(CAST(greatest(b.father_from, b.mother_from) AS VARCHAR), school_year_of($as_of)) AS event,
           '父亲' || b.father_title || '、母亲' || b.mother_title || '，按父母状态对照疑似' || b.result AS again, b.doubt,
           b.unproven_father, b.unproven_mother,
           b.population_row, b.father_birth_row, b.mother_birth_row, b.father_roll_row, b.mother_roll_row,
           b.father_judgment, b.father_card, b.father_prison, b.father_custody, b.father_illness,
           b.father_cancellation, b.father_certificate, b.father_cremation,
           b.mother_judgment, b.mother_card, b.mother_prison, b.mother_custody, b.mother_illness,
           b.mother_cancellation, b.mother_certificate, b.mother_cremation, CAST(NULL AS VARCHAR) AS own_card
    FROM both_parents b
    UNION ALL
    SELECT k.identity, 2, coalesce(CAST(k.first_issued AS VARCHAR), school_year_of($as_of)), '本人持有效残疾人证（' || k.card || '）', NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, k.row_key
    FROM card_standing k
    WHERE k.effect = 'in_force' AND k.severe = 'yes' AND k.grade <= 'B'
      AND NOT EXISTS (
          SELECT 1 FROM subsidy_month s
          WHERE s.identity = k.identity AND s.month >= month_add(month_of($known_until), -$subsidy_months)
      )
      AND NOT EXISTS (SELECT 1 FROM relief_member m WHERE m.identity = k.identity AND m.relief_kind = '特困')
),
chosen AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank, event) AS nth FROM eligible
)
SELECT s.row_key AS subject_row_key,
       e.event,
       age_on(s.birth, $as_of) AS age,
       s.old_class,
       s.end_month,
       s.exit_reason,
       e.again,
       e.doubt AS annex_reason,
       e.unproven_father AS father_identity,
       e.unproven_mother AS mother_identity,
       e.population_row AS evidence_population,
       e.father_birth_row AS evidence_birth_registration__father,
       e.mother_birth_row AS evidence_birth_registration__mother,
       e.father_roll_row AS evidence_student_roll__father,
       e.mother_roll_row AS evidence_student_roll__mother,
       e.own_card AS evidence_disability_card,
       e.father_judgment AS evidence_judgment__father,
       e.father_card AS evidence_disability_card__father,
       e.father_prison AS evidence_prison_term__father,
       e.father_custody AS evidence_custody__father,
       e.father_illness AS evidence_serious_illness__father,
       e.father_cancellation AS evidence_death_cancellation__father,
       e.father_certificate AS evidence_death_certificate__father,
       e.father_cremation AS evidence_cremation__father,
       e.mother_judgment AS evidence_judgment__mother,
       e.mother_card AS evidence_disability_card__mother,
       e.mother_prison AS evidence_prison_term__mother,
       e.mother_custody AS evidence_custody__mother,
       e.mother_illness AS evidence_serious_illness__mother,
       e.mother_cancellation AS evidence_death_cancellation__mother,
       e.mother_certificate AS evidence_death_certificate__mother,
       e.mother_cremation AS evidence_cremation__mother
FROM stopped s
JOIN chosen e ON e.identity = s.identity AND e.nth = 1
WHERE s.nth = 1
  AND s.end_month >= month_add(month_of($known_until), -$within_months)
  AND coalesce(s.exit_reason, '') NOT IN $final_reasons
  AND age_on(s.birth, $as_of) < 18
  AND NOT EXISTS (SELECT 1 FROM child_roster r WHERE r.child_identity = s.identity AND r.status = '登记在册')
  AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = s.identity)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = s.identity)
  AND NOT EXISTS (
      SELECT 1 FROM move_out o WHERE o.subject_identity = s.identity AND o.move_kind = '市外' AND o.moved_on <= $as_of
  )
