-- ---
-- title = "孤儿仍计入低保"
-- condition = "同一儿童同一所属月份既有孤儿基本生活费，又在低保保障人口中，最近规定月数以内仍在重叠。默认提示核对；叠享对照表改为可叠享的不列。"
-- list = "benefit_exit"
-- subject = "social_relief.subject"
-- reads = ["social_relief", "benefit_payment"]
-- event = "month"
-- severity = "info"
-- basis = ["orphan_support_2010", "relief_approval_2021"]
-- recipients = ["civil-affairs", "civil-affairs-relief"]
-- due_days = 20
-- reason = "{{ relief_kind }}户 {{ household_number }} 的保障人口中有孤儿：{{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月同时发放孤儿基本生活费（{{ money | yuan }} 元）。提示核对：孤儿是否计入低保保障人口以本地口径为准，疑似需要调整，待核查"
-- verify = ["本地口径是否允许孤儿计入低保保障人口", "是否当月转换身份", "核减后该户的保障金额"]
-- [params]
-- relief_kinds = { default = ["低保"], title = "按户计算保障人口的救助类别", status = "sourced" }
-- recent_months = { default = 3, title = "最近多少个月内仍在重叠才列", status = "design_choice" }
-- [columns]
-- household_number = { title = "户编号" }
-- first_month = { title = "首个重叠月份", class = "money" }
-- months = { title = "重叠月数", class = "money" }
-- money = { title = "孤儿基本生活费（元）", class = "money", format = "yuan" }
-- ---
-- Where an office says that the two go together (stacking.csv), nothing is asked.
WITH asked AS (
    SELECT DISTINCT program_a AS program FROM stacking
    WHERE program_a = 'orphan' AND program_b = 'minimum_living' AND verdict <> '可叠享'
)
SELECT r.row_key AS subject_row_key,
       month_compact(min(p.month)) AS event,
       r.relief_kind,
       r.household_number,
       min(p.month) AS first_month,
       max(p.month) AS last_month,
       count(DISTINCT p.month) AS months,
       sum(p.amount) AS money,
       r.row_key AS evidence_social_relief,
       array_agg(p.row_key ORDER BY p.row_key) AS evidence_benefit_payment
FROM relief_member r
CROSS JOIN asked a
JOIN paid_month p ON p.identity = r.identity AND p.program = a.program AND p.grade <= 'B' AND p.month >= r.start_month
WHERE r.relief_kind IN $relief_kinds
GROUP BY r.row_key, r.relief_kind, r.household_number
HAVING max(p.month) > month_add(month_of($known_until), -$recent_months)
