-- ---
-- title = "父母强制隔离戒毒解除"
-- condition = "名册登记为事实无人抚养、未停发，登记父或母为强制隔离戒毒；最近一次强制隔离戒毒已解除或期满（没有期满日期的自起始满规定月数），也没有其他在档状态。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "custody"]
-- optional_reads = ["population", "birth_registration", "student_roll", "prison_term", "benefit_payment", "disability_card", "judgment", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["drug_control_law#47", "de_facto_2019", "child_system_exit"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ side_title }}登记为{{ recorded_state }}，公安监所显示 {{ ended_on }} {{ ended_how }}，未见其他符合情形的状态；另一方：{{ other_state }}。按父母状态对照，疑似不再符合事实无人抚养情形，待核查；建议末领年月 {{ suggested_last_month }}{% if months %}，此后已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["是否延长期限、转押或又被羁押（社区康复不属于强制隔离戒毒）", "是否有重残、重病等其他情形", "渐退期口径"]
-- [params]
-- term_months = { default = 24, title = "无期满和解除日期时，强制隔离戒毒视为期满的月数", status = "sourced" }
-- [columns]
-- side_title = { title = "父或母", class = "relative" }
-- recorded_state = { title = "名册登记状态", class = "custody" }
-- ended_on = { title = "解除或期满日期", class = "custody" }
-- other_state = { title = "另一方状态", class = "custody" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- matrix = { title = "认定情形", class = "custody" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'parent_released'),
held AS (
    SELECT r.*, c.custody_row, coalesce(c.released_on, c.term_end, add_months(c.from_date, $term_months)) AS ended_on,
           CASE WHEN c.released_on IS NULL THEN '期满，未见延长记录' ELSE '解除强制隔离戒毒' END AS ended_how,
           row_number() OVER (
               PARTITION BY r.row_key, r.side
               ORDER BY coalesce(c.released_on, c.term_end, add_months(c.from_date, $term_months)) DESC, c.custody_row
           ) AS nth
    FROM recorded_parent r
    JOIN custody_period c ON c.parent = r.parent AND c.code = 'DRUG'
    WHERE r.de_facto AND r.benefit_status <> '已停发' AND r.code = 'DRUG'
),
ended AS (
    SELECT h.*, month_add(month_of(h.ended_on), s.months) AS stop_month FROM held h CROSS JOIN stop s WHERE h.nth = 1
)
SELECT e.row_key AS subject_row_key,
       CAST(e.ended_on AS VARCHAR) AS event,
       e.side_title,
       e.recorded_state,
       e.ended_on,
       e.ended_how,
       e.other_state,
       x.father_told,
       x.mother_told,
       x.matrix,
       month_add(e.stop_month, -1) AS suggested_last_month,
       e.stop_month AS effective_month,
       e.ended_on AS event_date,
       o.months,
       o.money,
       e.unproven_parent AS parent_identity,
       coalesce(e.link_doubt, (SELECT doubt FROM cards_absent)) AS annex_reason,
       e.row_key AS evidence_child_roster,
       e.population_row AS evidence_population,
       e.birth_row AS evidence_birth_registration,
       e.custody_row AS evidence_custody,
       o.payments AS evidence_benefit_payment
FROM ended e
LEFT JOIN paid_since o ON o.identity = e.identity AND o.scope = 'de_facto'
                       AND o.after_month < e.stop_month AND o.month >= e.stop_month
LEFT JOIN exit_matrix x ON x.row_key = e.row_key AND x.side = e.side
WHERE e.ended_on <= $known_until
  AND (e.recorded_from IS NULL OR e.ended_on > e.recorded_from)
  -- Held again, whatever the length, or any other state that counts: nothing has ended. The period that ran
  -- out without a date of release is not such a state.
  AND NOT EXISTS (
      SELECT 1 FROM parent_state x
      WHERE x.identity = e.parent AND NOT (x.source = 'custody' AND x.row_key = e.custody_row)
  )
