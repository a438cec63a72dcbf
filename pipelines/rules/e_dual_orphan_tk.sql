-- ---
-- title = "孤儿或事实无人抚养与特困同月享受"
-- condition = "同一儿童同一所属月份，既有孤儿或事实无人抚养基本生活费，又有特困供养金；特困供养金没有发放明细的，以救助名册的在保月份为准。"
-- list = "benefit_exit"
-- subject = "benefit_payment.subject"
-- reads = ["benefit_payment", "social_relief"]
-- optional_reads = ["disability_subsidy"]
-- event = "month"
-- severity = "medium"
-- basis = ["destitute_2021"]
-- recipients = ["civil-affairs", "civil-affairs-relief"]
-- due_days = 10
-- reason = "{{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月同时发放{{ program_title }}（{{ money | yuan }} 元）和特困供养{% if other_money %}（{{ other_money | yuan }} 元）{% endif %}。两项为择一享受，疑似重复享受，待核查；建议其中一项末领年月 {{ suggested_last_month }}"
-- verify = ["是否当月转换身份并已补扣", "是否为机构账户代领", "本人或监护人选择哪一项"]
-- [columns]
-- program_title = { title = "儿童项目", class = "money" }
-- first_month = { title = "首个重复月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "重复月数", class = "money" }
-- money = { title = "儿童项目金额（元）", class = "money", format = "yuan" }
-- other_money = { title = "特困金额（元）", class = "money", format = "yuan" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
WITH child_program AS (
    SELECT DISTINCT program FROM benefit_programs WHERE basic_living
),
stacked AS (
    SELECT s.*, row_number() OVER (
               PARTITION BY s.identity, s.month, coalesce(s.payment_a, s.payment_b, s.relief_row) ORDER BY s.program_a
           ) AS nth
    FROM stacked_month s
    JOIN child_program c ON c.program = s.program_a
    WHERE s.program_b = 'destitute'
)
SELECT first_value(payment_a ORDER BY month, payment_a) AS subject_row_key,
       month_compact(min(month)) AS event,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       string_agg(DISTINCT title_a, '、' ORDER BY title_a) AS program_title,
       sum(amount_a) AS money,
       sum(amount_b) AS other_money,
       month_add(min(month), -1) AS suggested_last_month,
       min(month) AS effective_month,
       array_agg(payment_a ORDER BY payment_a) FILTER (WHERE payment_a IS NOT NULL) AS evidence_benefit_payment,
       array_agg(payment_b ORDER BY payment_b) FILTER (WHERE payment_b IS NOT NULL) AS evidence_benefit_payment__destitute,
       array_agg(DISTINCT relief_row ORDER BY relief_row) FILTER (WHERE relief_row IS NOT NULL) AS evidence_social_relief
FROM stacked
-- A month's destitute payment that stands beside two programmes of the child is one payment.
WHERE nth = 1
GROUP BY identity
