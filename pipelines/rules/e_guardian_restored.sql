-- ---
-- title = "监护资格已恢复"
-- condition = "名册登记为事实无人抚养、未停发，登记父或母被撤销监护资格；法院已恢复监护资格（在登记起始之后），也没有其他符合情形的状态。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "judgment"]
-- optional_reads = ["population", "birth_registration", "student_roll", "prison_term", "custody", "disability_card", "serious_illness", "death_cancellation", "death_certificate", "cremation", "benefit_payment"]
-- event = "row_key"
-- severity = "medium"
-- basis = ["civil_code#38", "de_facto_2020"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ side_title }}登记为{{ recorded_state }}；法院文书 {{ document_number }} 已恢复监护资格，{{ effective_on }} 生效，未见其他符合情形的状态；另一方：{{ other_state }}。按父母状态对照，疑似不再符合事实无人抚养情形，待核查{% if suggested_last_month %}；建议末领年月 {{ suggested_last_month }}{% endif %}{% if months %}，此后已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["恢复的是否为该儿童的监护资格", "文书是否确已生效", "是否还有其他情形、应转为其他类别"]
-- [columns]
-- side_title = { title = "父或母", class = "relative" }
-- recorded_state = { title = "名册登记状态", class = "custody" }
-- document_number = { title = "裁判文书号", class = "case" }
-- effective_on = { title = "生效日期", class = "case" }
-- other_state = { title = "另一方状态", class = "custody" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- matrix = { title = "认定情形", class = "custody" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- ---
WITH ended AS (
    SELECT r.row_key, r.identity, r.side, r.category, r.side_title, r.recorded_state, r.other_state, r.unproven_parent, r.link_doubt,
           r.population_row, r.birth_row, c.judgment_row, c.document_number, c.effective_on,
           month_add(month_of(c.effective_on), t.months) AS stop_month
    FROM recorded_parent r
    JOIN court_end c ON c.parent = r.parent AND c.code = r.code
    JOIN stop_month t ON t.cause = 'guardian_restored'
    WHERE r.code = 'REVO'
      AND r.de_facto
      AND r.benefit_status <> '已停发'
      AND c.effective_on <= $known_until
      AND coalesce(r.recorded_from < c.effective_on, true)
      -- Where another ground remains, nothing ends.
      AND NOT EXISTS (SELECT 1 FROM parent_standing s WHERE s.identity = r.parent)
)
SELECT e.row_key AS subject_row_key,
       e.judgment_row AS event,
       e.side_title,
       e.recorded_state,
       e.document_number,
       e.effective_on,
       e.other_state,
       x.father_told,
       x.mother_told,
       x.matrix,
       e.effective_on AS event_date,
       e.stop_month AS effective_month,
       month_add(e.stop_month, -1) AS suggested_last_month,
       o.months,
       o.money,
       e.unproven_parent AS parent_identity,
       coalesce(e.link_doubt, (SELECT doubt FROM cards_absent)) AS annex_reason,
       e.row_key AS evidence_child_roster,
       e.population_row AS evidence_population,
       e.birth_row AS evidence_birth_registration,
       e.judgment_row AS evidence_judgment,
       o.payments AS evidence_benefit_payment
FROM ended e
LEFT JOIN paid_since o ON o.identity = e.identity AND o.scope = 'de_facto'
                       AND o.after_month < e.stop_month AND o.month >= e.stop_month
LEFT JOIN exit_matrix x ON x.row_key = e.row_key AND x.side = e.side
