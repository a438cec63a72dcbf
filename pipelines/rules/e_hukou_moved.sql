-- ---
-- title = "户籍迁出后仍享受"
-- condition = "户籍迁往市外（市内迁移、升学不算），而迁出的次月及以后（停发月按对照表）仍有发放成功的所属月份。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "benefit_payment", "move_out"]
-- event = "day"
-- severity = "medium"
-- basis = ["child_system_exit", "social_relief_measures#13"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "户籍于 {{ moved_on }} 迁往{{ moved_to }}（市外），{{ programs }}所属 {{ first_month }} 至 {{ last_month }} 仍有 {{ months }} 个月发放成功，共 {{ money | yuan }} 元。疑似迁出后继续发放，待核查；建议末领年月 {{ suggested_last_month }}，请先与迁入地衔接"
-- verify = ["是否实际落户（准迁未落户）", "是否因升学迁入学校集体户", "迁入地是否已接续保障，衔接前勿断档"]
-- [columns]
-- moved_on = { title = "迁出日期" }
-- moved_to = { title = "迁往地", class = "address" }
-- programs = { title = "项目", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'register_moved'),
moved AS (
    SELECT subject_identity AS identity, moved_on, coalesce(moved_to, '不详') AS moved_to, row_key,
           row_number() OVER (PARTITION BY subject_identity ORDER BY moved_on DESC, row_key) AS nth
    FROM move_out
    WHERE move_kind = '市外' AND moved_on <= $known_until AND subject_identity IS NOT NULL AND subject_grade < 'D'
),
child AS (
    SELECT row_key, child_identity AS identity,
           row_number() OVER (PARTITION BY child_identity ORDER BY CASE status WHEN '登记在册' THEN 0 ELSE 1 END, row_key) AS nth
    FROM child_roster
    WHERE child_identity IS NOT NULL
),
over_paid AS (
    SELECT c.row_key AS child_row, m.moved_on, m.moved_to, m.row_key AS move_row, s.months AS stop_after,
           p.program_title, p.month, p.amount, p.row_key, p.grade,
           min(p.grade) OVER (PARTITION BY c.row_key) AS best_grade
    FROM child c
    JOIN moved m ON m.identity = c.identity AND m.nth = 1
    CROSS JOIN stop s
    JOIN paid_month p ON p.identity = c.identity AND p.month >= month_add(month_of(m.moved_on), s.months)
    WHERE c.nth = 1
)
SELECT child_row AS subject_row_key,
       CAST(moved_on AS VARCHAR) AS event,
       moved_on,
       moved_to,
       string_agg(DISTINCT program_title, '、' ORDER BY program_title) AS programs,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       sum(amount) AS money,
       month_add(month_of(moved_on), min(stop_after) - 1) AS suggested_last_month,
       month_add(month_of(moved_on), min(stop_after)) AS effective_month,
       moved_on AS event_date,
       child_row AS evidence_child_roster,
       move_row AS evidence_move_out,
       array_agg(row_key ORDER BY row_key) AS evidence_benefit_payment
FROM over_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY child_row, moved_on, moved_to, move_row
