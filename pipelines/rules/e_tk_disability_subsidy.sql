-- ---
-- title = "特困人员领取残疾人两项补贴"
-- condition = "同一人同一所属月份，既享受特困供养（没有发放明细的以救助名册的在保月份为准），又有困难残疾人生活补贴或重度残疾人护理补贴。"
-- list = "benefit_exit"
-- subject = "disability_subsidy.subject"
-- reads = ["social_relief", "disability_subsidy"]
-- optional_reads = ["benefit_payment"]
-- event = "month"
-- severity = "medium"
-- basis = ["two_subsidies_2015", "destitute_2021"]
-- recipients = ["civil-affairs-relief"]
-- due_days = 10
-- reason = "{{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月既在特困供养，又享受{{ titles }}（{{ money | yuan }} 元）。特困人员不享受残疾人两项补贴，疑似重复享受，待核查；建议补贴末领年月 {{ suggested_last_month }}"
-- verify = ["是否当月转换身份并已补扣", "省市是否放宽", "特困名册起止月份是否有误"]
-- [columns]
-- titles = { title = "补贴类别", class = "money" }
-- first_month = { title = "首个重复月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "重复月数", class = "money" }
-- money = { title = "补贴金额（元）", class = "money", format = "yuan" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
SELECT first_value(subsidy_b ORDER BY month, subsidy_b) AS subject_row_key,
       month_compact(min(month)) AS event,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       string_agg(DISTINCT title_b, '、' ORDER BY title_b) AS titles,
       sum(amount_b) AS money,
       month_add(min(month), -1) AS suggested_last_month,
       min(month) AS effective_month,
       array_agg(DISTINCT subsidy_b ORDER BY subsidy_b) FILTER (WHERE subsidy_b IS NOT NULL) AS evidence_disability_subsidy,
       array_agg(DISTINCT payment_a ORDER BY payment_a) FILTER (WHERE payment_a IS NOT NULL) AS evidence_benefit_payment,
       array_agg(DISTINCT relief_row ORDER BY relief_row) FILTER (WHERE relief_row IS NOT NULL) AS evidence_social_relief
FROM stacked_month
WHERE program_a = 'destitute' AND program_b IN (SELECT program FROM subsidy_programs)
GROUP BY identity
