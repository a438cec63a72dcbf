-- ---
-- title = "低保已停仍发生活补贴"
-- condition = "低保已停保，本人不在参数所列的其他在保类别中，停保的次月（停发月按对照表）起困难残疾人生活补贴仍连续发放达到规定月数。"
-- list = "benefit_exit"
-- subject = "disability_subsidy.subject"
-- reads = ["social_relief", "disability_subsidy"]
-- whole = ["social_relief"]
-- event = "month"
-- severity = "medium"
-- basis = ["two_subsidies_2015", "social_relief_measures#13"]
-- recipients = ["civil-affairs-relief"]
-- due_days = 10
-- reason = "低保自 {{ end_month }} 起停保，未见其他在保记录；困难残疾人生活补贴所属 {{ first_month }} 至 {{ last_month }} 仍发放 {{ months }} 个月 {{ money | yuan }} 元。疑似不再符合生活补贴条件，待核查；建议末领年月 {{ suggested_last_month }}"
-- verify = ["是否转为低保边缘或属放宽对象", "是否在渐退期", "停保年月是否登记有误"]
-- [params]
-- least_months = { default = 2, title = "停保后至少连续发放几个月才列出", status = "sourced" }
-- widened_kinds = { default = ["低保", "低保边缘"], title = "在保即可享受生活补贴的救助类别", status = "to_confirm" }
-- [columns]
-- end_month = { title = "停保年月", class = "money" }
-- first_month = { title = "首个多发月", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
WITH stopped AS (
    SELECT identity, end_month, month_add(end_month, t.months) AS stop_month, row_key, grade,
           row_number() OVER (PARTITION BY identity ORDER BY end_month DESC, row_key) AS nth
    FROM relief_row
    JOIN stop_month t ON t.cause = 'relief_ended'
    WHERE relief_kind = '低保' AND end_month <= month_of($known_until) AND identity IS NOT NULL AND grade < 'D'
),
over_paid AS (
    SELECT s.identity, s.end_month, s.stop_month, s.row_key AS relief_row, p.month, p.amount, p.row_key, greatest(s.grade, p.grade) AS grade,
           min(greatest(s.grade, p.grade)) OVER (PARTITION BY s.identity) AS best_grade
    FROM stopped s
    JOIN subsidy_month p ON p.identity = s.identity AND p.program = 'living_subsidy' AND p.month >= s.stop_month
    WHERE s.nth = 1
      AND NOT EXISTS (SELECT 1 FROM relief_member m WHERE m.identity = s.identity AND m.relief_kind IN $widened_kinds)
)
SELECT first_value(row_key ORDER BY month, row_key) AS subject_row_key,
       month_compact(end_month) AS event,
       end_month,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       sum(amount) AS money,
       month_add(stop_month, -1) AS suggested_last_month,
       stop_month AS effective_month,
       array_agg(row_key ORDER BY row_key) AS evidence_disability_subsidy,
       relief_row AS evidence_social_relief
FROM over_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY identity, end_month, stop_month, relief_row
HAVING count(DISTINCT month) >= $least_months
