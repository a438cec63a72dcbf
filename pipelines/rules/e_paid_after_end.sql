-- ---
-- title = "减员或停发后仍发放"
-- condition = "名册已减员或已停发并登记了末领年月，末领年月之后的所属月份仍有基本生活费发放成功；名册上另有正常发放或超龄续发的行的不列。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "benefit_payment"]
-- whole = ["child_roster"]
-- event = "month"
-- severity = "high"
-- basis = ["child_system_exit", "social_relief_measures#13"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "儿童名册登记{{ ended_as }}{% if exit_reason %}（{{ exit_reason }}）{% endif %}，末领年月 {{ end_month }}；发放明细中{{ programs }}所属 {{ first_month }} 至 {{ last_month }} 仍有 {{ months }} 个月发放成功，共 {{ money | yuan }} 元。疑似减员后继续发放，待核查"
-- verify = ["是否为以前月份的补发（以所属月份为准）", "名册末领年月是否登记有误", "是否已重新纳入保障而名册未更新"]
-- [columns]
-- ended_as = { title = "名册状态" }
-- end_month = { title = "末领年月", class = "money" }
-- programs = { title = "项目", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
WITH ended AS (
    SELECT row_key, child_identity AS identity, end_month, exit_reason,
           CASE status WHEN '已减员' THEN status ELSE benefit_status END AS ended_as,
           row_number() OVER (PARTITION BY child_identity ORDER BY end_month DESC, row_key) AS nth
    FROM child_roster
    WHERE (status = '已减员' OR benefit_status = '已停发') AND end_month IS NOT NULL AND child_identity IS NOT NULL
),
over_paid AS (
    SELECT e.row_key AS child_row, e.ended_as, e.end_month, e.exit_reason, p.program_title, p.month, p.amount, p.row_key,
           p.grade, min(p.grade) OVER (PARTITION BY e.row_key) AS best_grade
    FROM ended e
    JOIN paid_month p ON p.identity = e.identity AND p.month > e.end_month AND p.basic_living
    WHERE e.nth = 1
      -- Whoever is on the roll again, in whatever row, is paid for that.
      AND NOT EXISTS (
          SELECT 1 FROM listed_child l WHERE l.identity = e.identity AND l.benefit_status IN ('正常发放', '超龄续发')
      )
)
SELECT child_row AS subject_row_key,
       month_compact(end_month) AS event,
       ended_as,
       exit_reason,
       end_month,
       end_month AS suggested_last_month,
       string_agg(DISTINCT program_title, '、' ORDER BY program_title) AS programs,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       sum(amount) AS money,
       child_row AS evidence_child_roster,
       array_agg(row_key ORDER BY row_key) AS evidence_benefit_payment
FROM over_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY child_row, ended_as, exit_reason, end_month
