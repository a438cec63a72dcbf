-- ---
-- title = "超龄续发后已离校"
-- condition = "享受状态为超龄续发、已满18周岁，学籍库已没有在籍学籍，最近学籍为毕业或离校，离校次月以后仍有基本生活费发放成功；没有本学年教育资助、福彩圆梦发放或死亡记录。高中毕业当年的升学间隔不列，往年高中毕业且已登记续发原因的不列；当年高中毕业且已登记续发原因的进附表，请补在读证明。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "student_roll", "benefit_payment"]
-- optional_reads = ["roll_change", "education_aid", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["student_roll", "education_aid", "benefit_payment"]
-- event = "day_or_school_year"
-- severity = "medium"
-- basis = ["child_system_exit", "orphan_support_2010"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "满 18 周岁后按超龄续发享受{% if over_age_reason %}（名册登记：{{ over_age_reason }}）{% endif %}，学籍库最近记录为{{ last_school }}{% if left_on %}（{{ left_on }}）{% endif %}，截至 {{ known_until }} 无在读学籍；此后{{ programs }}所属 {{ first_month }} 至 {{ last_month }} 仍发放 {{ months }} 个月 {{ money | yuan }} 元。疑似续发条件已变化，待核查；建议末领年月 {{ suggested_last_month }}"
-- verify = ["是否已升入中职、高校等下一学段（请附在读证明）", "是否在市外就读", "超龄续发的省市口径"]
-- [params]
-- next_stage_hold_months = { default = 1, title = "毕业当年自9月1日起暂缓列出的月数（升学间隔）", status = "sourced" }
-- [columns]
-- last_school = { title = "最近学籍", class = "school" }
-- left_on = { title = "离校日期", class = "school" }
-- over_age_reason = { title = "续发原因" }
-- months = { title = "离校后发放月数", class = "money" }
-- money = { title = "离校后发放金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
WITH adult AS (
    SELECT row_key, identity, over_age_reason
    FROM listed_child
    WHERE nth = 1 AND benefit_status = '超龄续发' AND birth <= add_months($known_until, -216)
),
departure AS (
    SELECT subject_identity AS identity, change_date, row_key,
           row_number() OVER (PARTITION BY subject_identity ORDER BY change_date DESC, row_key) AS nth
    FROM roll_change
    WHERE change_kind IN ('毕业', '退学') AND subject_grade <= 'B' AND change_date <= $known_until
),
gone AS (
    SELECT a.row_key, a.identity, a.over_age_reason, l.row_key AS roll_row, l.last_school, d.change_date AS left_on,
           d.row_key AS change_row, l.student_state = '毕业' AND l.grade = 12 AS may_go_on,
           coalesce(month_add(month_of(d.change_date), t.months), month_of(school_year_start($known_until))) AS stop_month
    FROM adult a
    JOIN last_roll l ON l.identity = a.identity AND NOT l.studies
    LEFT JOIN departure d ON d.identity = a.identity AND d.nth = 1
    JOIN stop_month t ON t.cause = 'school_ended'
    WHERE NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = a.identity)
      AND NOT EXISTS (
          SELECT 1 FROM aid_term e
          WHERE e.identity = a.identity AND e.grade <= 'B' AND e.school_year = school_year_of($known_until)
      )
      AND NOT EXISTS (
          SELECT 1 FROM paid_month p
          WHERE p.identity = a.identity AND p.program = 'study_grant'
            AND p.month >= month_of(school_year_start($known_until))
      )
      -- The roll ends with senior school. Who went on from there years ago has been looked at since; only this
      -- year's graduates are asked for the proof of the next stage.
      AND NOT (l.student_state = '毕业' AND l.grade = 12 AND a.over_age_reason IS NOT NULL
               AND coalesce(d.change_date, l.due_on, $known_until) < add_months(school_year_start($known_until), -12))
      -- Between graduation and the next stage's roll nothing can be seen: wait until October.
      AND NOT (l.student_state = '毕业' AND coalesce(d.change_date, $known_until) >= add_months($known_until, -12)
               AND ($known_until < add_months(school_year_start($known_until), $next_stage_hold_months)
                    OR $known_until >= add_months(school_year_start($known_until), 9)))
)
SELECT g.row_key AS subject_row_key,
       coalesce(CAST(g.left_on AS VARCHAR), school_year_of($known_until)) AS event,
       g.over_age_reason,
       g.last_school,
       g.left_on,
       $known_until AS known_until,
       string_agg(DISTINCT p.program_title, '、' ORDER BY p.program_title) AS programs,
       min(p.month) AS first_month,
       max(p.month) AS last_month,
       count(DISTINCT p.month) AS months,
       sum(p.amount) AS money,
       g.left_on AS event_date,
       g.stop_month AS effective_month,
       month_add(g.stop_month, -1) AS suggested_last_month,
       CASE WHEN g.may_go_on AND g.over_age_reason IS NOT NULL THEN '高中已毕业，续发原因已登记，高校在读不在学籍库内，请补在读证明' END
           AS annex_reason,
       g.row_key AS evidence_child_roster,
       g.roll_row AS evidence_student_roll,
       g.change_row AS evidence_roll_change,
       array_agg(p.row_key ORDER BY p.row_key) AS evidence_benefit_payment
FROM gone g
JOIN paid_month p ON p.identity = g.identity AND p.basic_living AND p.month >= g.stop_month AND p.grade <= 'B'
GROUP BY g.row_key, g.over_age_reason, g.last_school, g.left_on, g.stop_month, g.may_go_on, g.roll_row, g.change_row
