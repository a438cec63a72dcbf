-- ---
-- title = "监护资格已恢复"
-- condition = "名册登记为事实无人抚养、未停发，登记父或母被撤销监护资格；法院已恢复监护资格（在登记起始之后），也没有其他符合情形的状态。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "judgment"]
-- optional_reads = ["population", "birth_registration", "student_roll", "prison_term", "custody", "disability_card", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "row_key"
-- severity = "medium"
-- basis = ["civil_code#38", "de_facto_2020"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ side_title }}登记为{{ recorded_state }}；法院文书 {{ document_number }} 已恢复监护资格，{{ effective_on }} 生效，未见其他符合情形的状态；另一方：{{ other_state }}。按父母状态对照，疑似不再符合事实无人抚养情形，待核查"
-- verify = ["恢复的是否为该儿童的监护资格", "文书是否确已生效", "是否还有其他情形、应转为其他类别"]
-- [columns]
-- side_title = { title = "父或母", class = "relative" }
-- recorded_state = { title = "名册登记状态", class = "custody" }
-- document_number = { title = "裁判文书号", class = "case" }
-- effective_on = { title = "生效日期", class = "case" }
-- other_state = { title = "另一方状态", class = "custody" }
-- ---
SELECT r.row_key AS subject_row_key,
       c.judgment_row AS event,
       r.side_title,
       r.recorded_state,
       c.document_number,
       c.effective_on,
       r.other_state,
       r.unproven_parent AS parent_identity,
       coalesce(r.link_doubt, (SELECT doubt FROM cards_absent)) AS annex_reason,
       r.row_key AS evidence_child_roster,
       r.population_row AS evidence_population,
       r.birth_row AS evidence_birth_registration,
       c.judgment_row AS evidence_judgment
FROM recorded_parent r
JOIN court_end c ON c.parent = r.parent AND c.code = r.code
WHERE r.code = 'REVO'
  AND r.de_facto
  AND r.benefit_status <> '已停发'
  AND c.effective_on <= $known_until
  AND coalesce(r.recorded_from < c.effective_on, true)
  -- Where another ground remains, nothing ends.
  AND NOT EXISTS (SELECT 1 FROM parent_standing s WHERE s.identity = r.parent)
