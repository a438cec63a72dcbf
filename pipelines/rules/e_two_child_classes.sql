-- ---
-- title = "同一儿童同月两类基本生活费"
-- condition = "同一儿童同一所属月份发放成功两种不可叠享的基本生活费（不可叠享按叠享对照表）。"
-- list = "benefit_exit"
-- subject = "benefit_payment.subject"
-- reads = ["benefit_payment"]
-- optional_reads = ["disability_subsidy", "social_relief"]
-- event = "month"
-- severity = "medium"
-- basis = ["qidong_guide_2021", "child_system_exit"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月同时发放{{ title_a }}（{{ money | yuan }} 元）和{{ title_b }}（{{ other_money | yuan }} 元）。同一儿童只享受一类基本生活费，疑似重复享受，待核查；建议其中一项末领年月 {{ suggested_last_month }}"
-- verify = ["是否为补差或以前月份的补发", "是否当月转换类别并已补扣", "两个项目是否本人（证号填错）"]
-- [columns]
-- title_a = { title = "项目一", class = "money" }
-- title_b = { title = "项目二", class = "money" }
-- first_month = { title = "首个重复月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "重复月数", class = "money" }
-- money = { title = "项目一金额（元）", class = "money", format = "yuan" }
-- other_money = { title = "项目二金额（元）", class = "money", format = "yuan" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
WITH pair AS (
    SELECT s.*
    FROM stacked_month s
    JOIN benefit_programs a ON a.program = s.program_a AND a.basic_living
    JOIN benefit_programs b ON b.program = s.program_b AND b.basic_living
)
SELECT first_value(payment_a ORDER BY month, payment_a) AS subject_row_key,
       month_compact(min(month)) AS event,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       min(title_a) AS title_a,
       min(title_b) AS title_b,
       sum(amount_a) AS money,
       sum(amount_b) AS other_money,
       month_add(min(month), -1) AS suggested_last_month,
       min(month) AS effective_month,
       array_agg(DISTINCT payment_a ORDER BY payment_a) FILTER (WHERE payment_a IS NOT NULL) AS evidence_benefit_payment,
       array_agg(DISTINCT payment_b ORDER BY payment_b) FILTER (WHERE payment_b IS NOT NULL) AS evidence_benefit_payment__second
FROM pair
GROUP BY identity, program_a, program_b
