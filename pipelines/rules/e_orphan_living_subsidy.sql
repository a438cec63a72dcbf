-- ---
-- title = "孤儿领取困难残疾人生活补贴"
-- condition = "同一人同一所属月份，既有孤儿基本生活费，又有困难残疾人生活补贴。护理补贴可以叠享，不列。"
-- list = "benefit_exit"
-- subject = "disability_subsidy.subject"
-- reads = ["benefit_payment", "disability_subsidy"]
-- optional_reads = ["social_relief"]
-- event = "month"
-- severity = "medium"
-- basis = ["two_subsidies_2015"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月同时享受{{ title_a }}和{{ title_b }}（{{ money | yuan }} 元）。孤儿可享受护理补贴，不享受生活补贴，疑似重复享受，待核查；建议生活补贴末领年月 {{ suggested_last_month }}"
-- verify = ["补贴类别是否误填（护理补贴可以享受）", "是否当月转换身份并已补扣"]
-- [columns]
-- first_month = { title = "首个重复月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "重复月数", class = "money" }
-- money = { title = "生活补贴金额（元）", class = "money", format = "yuan" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
SELECT first_value(subsidy_b ORDER BY month, subsidy_b) AS subject_row_key,
       month_compact(min(month)) AS event,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       min(title_a) AS title_a,
       min(title_b) AS title_b,
       sum(amount_b) AS money,
       month_add(min(month), -1) AS suggested_last_month,
       min(month) AS effective_month,
       array_agg(DISTINCT subsidy_b ORDER BY subsidy_b) FILTER (WHERE subsidy_b IS NOT NULL) AS evidence_disability_subsidy,
       array_agg(DISTINCT payment_a ORDER BY payment_a) FILTER (WHERE payment_a IS NOT NULL) AS evidence_benefit_payment
FROM stacked_month
WHERE program_a = 'orphan' AND program_b = 'living_subsidy'
GROUP BY identity
