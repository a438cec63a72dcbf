-- ---
-- title = "本人服刑期间仍享受"
-- condition = "以本人证号相符的服刑人员，服刑次月（停发月按对照表）至释放以前仍有参数所列项目发放，或仍在特困供养名册。未判决的羁押不算；未满18周岁的按参数不列。"
-- list = "benefit_exit"
-- subject = "*"
-- reads = ["prison_term"]
-- optional_reads = ["benefit_payment", "disability_subsidy", "social_relief", "custody"]
-- event = "day"
-- severity = "high"
-- basis = ["destitute_2021", "two_subsidies_2015"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ source_title }}显示本人 {{ from_date }} 起在监狱服刑{% if until %}（至 {{ until }}）{% endif %}；{{ programs }}{% if months %}所属 {{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月发放，共 {{ money | yuan }} 元{% else %}名册仍为在保{% endif %}。疑似服刑期间继续享受，待核查；建议末领年月 {{ suggested_last_month }}"
-- verify = ["是否本人（证号被冒用、登记错人）", "是否暂予监外执行、假释", "本地停发口径，释放后是否重新申请"]
-- [params]
-- programs = { default = ["destitute", "nursing_subsidy"], title = "服刑期间停发的项目", status = "to_confirm" }
-- include_minors = { default = false, title = "未满十八周岁的是否列出（涉案未成年人由专人办理）", status = "design_choice" }
-- [columns]
-- from_date = { title = "服刑起始日期", class = "custody" }
-- until = { title = "释放日期或刑期止", class = "custody" }
-- programs = { title = "项目", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
-- A sentence, not a detention, and only under the person's own number: a namesake's sentence is nobody's business.
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'sentenced'),
held AS (
    SELECT c.parent AS identity, c.from_date, coalesce(c.released_on, c.term_end) AS until, c.source_title, c.prison_row,
           month_add(month_of(c.from_date), s.months) AS stop_month
    FROM custody_period c
    CROSS JOIN stop s
    LEFT JOIN identity i ON i.identity = c.parent
    WHERE c.code = 'JAIL' AND c.grade <= 'B' AND c.from_date <= $known_until
      AND (coalesce(i.birth <= add_months($as_of, -216), true) OR $include_minors)
),
paid AS (
    SELECT identity, program, program_title, month, amount, row_key, grade, 'benefit_payment' AS extract FROM paid_month
    UNION ALL
    SELECT identity, program, program_title, month, amount, row_key, grade, 'disability_subsidy' FROM subsidy_month
),
over_paid AS (
    SELECT h.*, p.program_title, p.month, p.amount, p.row_key, p.grade, p.extract,
           min(p.grade) OVER (PARTITION BY h.prison_row, p.extract) AS best_grade
    FROM held h
    JOIN paid p ON p.identity = h.identity AND p.program IN $programs
               AND p.month >= h.stop_month AND coalesce(p.month < month_of(h.until), true)
)
SELECT first_value(row_key ORDER BY month, row_key) AS subject_row_key,
       extract AS subject_extract,
       'subject' AS subject_role,
       CAST(from_date AS VARCHAR) AS event,
       source_title,
       from_date,
       until,
       string_agg(DISTINCT program_title, '、' ORDER BY program_title) AS programs,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       sum(amount) AS money,
       month_add(stop_month, -1) AS suggested_last_month,
       stop_month AS effective_month,
       from_date AS event_date,
       array_agg(row_key ORDER BY row_key) FILTER (WHERE extract = 'benefit_payment') AS evidence_benefit_payment,
       array_agg(row_key ORDER BY row_key) FILTER (WHERE extract = 'disability_subsidy') AS evidence_disability_subsidy,
       prison_row AS evidence_prison_term
FROM over_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY extract, identity, source_title, from_date, until, stop_month, prison_row
UNION ALL
-- Where the destitute payments of a person are not delivered at all, the relief roll tells.
SELECT r.row_key, 'social_relief', 'subject', CAST(h.from_date AS VARCHAR), h.source_title, h.from_date, h.until, '特困供养',
       CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), month_add(h.stop_month, -1),
       h.stop_month, h.from_date AS event_date,
       CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[]), h.prison_row
FROM held h
JOIN relief_member r ON r.identity = h.identity AND r.relief_kind = '特困'
WHERE 'destitute' IN $programs
  AND h.stop_month <= month_of($known_until)
  AND coalesce(h.until > $known_until, true)
  AND NOT EXISTS (SELECT 1 FROM paid p WHERE p.identity = h.identity AND p.program = 'destitute')
