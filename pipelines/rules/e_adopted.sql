-- ---
-- title = "已被收养仍享受"
-- condition = "收养登记仍有效（最近一次登记是收养，不是解除或撤销），而登记的次月及以后（停发月按对照表）仍有基本生活费发放成功。"
-- list = "benefit_exit"
-- subject = "benefit_payment.subject"
-- reads = ["benefit_payment", "adoption"]
-- event = "day"
-- severity = "high"
-- basis = ["child_system_exit", "civil_code#1111"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ registered_on }} 收养登记（登记号 {{ register_number }}），未见解除或撤销；{{ programs }}所属 {{ first_month }} 至 {{ last_month }} 仍有 {{ months }} 个月发放成功，共 {{ money | yuan }} 元。疑似被收养后继续发放，待核查；建议末领年月 {{ suggested_last_month }}"
-- verify = ["被收养人是否本人（同名）", "收养关系是否已解除", "是否为以前月份的补发"]
-- [columns]
-- registered_on = { title = "收养登记日期" }
-- programs = { title = "项目", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'adopted'),
over_paid AS (
    SELECT p.identity, p.month, p.amount, p.program_title, p.row_key, p.grade, a.registered_on, a.row_key AS adoption_row,
           r.register_number, s.months AS stop_after, min(p.grade) OVER (PARTITION BY p.identity) AS best_grade
    FROM adopted a
    JOIN adoption r ON r.row_key = a.row_key AND r.subject_grade < 'D'
    CROSS JOIN stop s
    JOIN paid_month p
      ON p.identity = a.identity AND p.basic_living AND p.month >= month_add(month_of(a.registered_on), s.months)
    WHERE a.registered_on <= $known_until
)
SELECT first_value(row_key ORDER BY month, row_key) AS subject_row_key,
       CAST(registered_on AS VARCHAR) AS event,
       registered_on,
       register_number,
       string_agg(DISTINCT program_title, '、' ORDER BY program_title) AS programs,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       sum(amount) AS money,
       month_add(month_of(registered_on), min(stop_after) - 1) AS suggested_last_month,
       month_add(month_of(registered_on), min(stop_after)) AS effective_month,
       registered_on AS event_date,
       array_agg(row_key ORDER BY row_key) AS evidence_benefit_payment,
       adoption_row AS evidence_adoption
FROM over_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY identity, registered_on, register_number, adoption_row
