-- ---
-- title = "死亡后仍享受"
-- condition = "有死亡日期（公安注销、死亡医学证明、火化登记之一），而死亡的次月及以后（停发月按对照表）仍有发放成功的所属月份。退回的不算，按所属月份而不是转账日期比较；只有弱匹配月份的、死亡记录没有证件号而只有一人同名同性别、或证件号不属于户籍人口而只有一人同名同性别同出生日期的进附表。"
-- list = "benefit_exit"
-- subject = "benefit_payment.subject"
-- reads = ["benefit_payment", "death_cancellation"]
-- optional_reads = ["population", "death_certificate", "cremation"]
-- event = "day"
-- severity = "high"
-- basis = ["social_relief_measures#13", "child_system_exit"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ sources }}登记 {{ death_date }} 死亡，{{ programs }}所属 {{ first_month }} 至 {{ last_month }} 仍有 {{ months }} 个月发放成功，共 {{ money | yuan }} 元。疑似死亡后继续发放，待核查；建议末领年月 {{ suggested_last_month }}"
-- verify = ["死亡登记是否属于本人（同名、登记错人）", "是否为以前月份的补发", "户主变更后是否应由其他家庭成员享受"]
-- [columns]
-- death_date = { title = "死亡日期" }
-- sources = { title = "死亡信息来源" }
-- programs = { title = "项目", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'death'),
over_paid AS (
    SELECT p.*, d.death_date, d.sources, d.cancellation_rows, d.certificate_rows, d.cremation_rows, d.doubt,
           month_add(month_of(d.death_date), s.months - 1) AS suggested_last_month,
           month_add(month_of(d.death_date), s.months) AS effective_month,
           min(p.grade) OVER (PARTITION BY p.identity) AS best_grade
    FROM paid_month p
    JOIN possible_death d ON d.identity = p.identity
    CROSS JOIN stop s
    WHERE p.month >= month_add(month_of(d.death_date), s.months)
)
SELECT first_value(row_key ORDER BY month, row_key) AS subject_row_key,
       CAST(death_date AS VARCHAR) AS event,
       death_date,
       sources,
       string_agg(DISTINCT program_title, '、' ORDER BY program_title) AS programs,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       sum(amount) AS money,
       suggested_last_month,
       effective_month,
       death_date AS event_date,
       doubt AS annex_reason,
       array_agg(row_key ORDER BY row_key) AS evidence_benefit_payment,
       cancellation_rows AS evidence_death_cancellation,
       certificate_rows AS evidence_death_certificate,
       cremation_rows AS evidence_cremation
FROM over_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY identity, death_date, sources, suggested_last_month, effective_month, doubt, cancellation_rows, certificate_rows, cremation_rows
