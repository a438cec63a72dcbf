-- ---
-- title = "满十八周岁未见在读"
-- condition = "名册登记在册、享受状态为正常发放，满18周岁的次月已到，学籍库没有在籍学籍，本学年没有教育资助记录，满18周岁后没有福彩圆梦发放，没有死亡记录。高中、九年级毕业当年夏季至暂缓期满不列。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["benefit_payment", "roll_change", "education_aid", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["benefit_payment", "education_aid"]
-- event = "day"
-- severity = "medium"
-- basis = ["child_system_exit", "orphan_support_2010", "de_facto_2019", "civil_code#202"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ birthday }} 满 18 周岁，享受状态为正常发放，截至 {{ known_until }} 学籍库无在读记录{% if last_school %}（最近：{{ last_school }}）{% endif %}，名册未登记超龄续发。疑似应转入超龄核查，待核查；建议末领年月 {{ suggested_last_month }}{% if months %}，此后已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["是否在市外高中、中职或高校就读（请附在读证明）", "出生日期是否登记有误", "超龄续发的省市口径"]
-- [params]
-- graduate_hold_months = { default = 1, title = "高中毕业当年自9月1日起暂缓列出的月数（升学间隔）", status = "sourced" }
-- [columns]
-- birthday = { title = "满18周岁日期" }
-- last_school = { title = "最近就读", class = "school" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'majority'),
adult AS (
    SELECT c.row_key, c.child_identity AS identity,
           add_months(coalesce(i.birth, c.child_birth), 216) AS birthday,
           month_add(month_of(add_months(coalesce(i.birth, c.child_birth), 216)), s.months) AS stop_month,
           row_number() OVER (PARTITION BY c.child_identity ORDER BY c.row_key) AS nth
    FROM child_roster c
    LEFT JOIN identity i ON i.identity = c.child_identity
    CROSS JOIN stop s
    WHERE c.status = '登记在册' AND c.benefit_status = '正常发放' AND c.child_identity IS NOT NULL
),
finished AS (
    SELECT pupil_identity AS identity, school || grade || student_state AS last_school, grade, student_state,
           row_number() OVER (PARTITION BY pupil_identity ORDER BY entry_month DESC NULLS LAST, row_key) AS nth
    FROM student_roll
),
graduation AS (
    SELECT subject_identity AS identity, max(change_date) AS graduated_on
    FROM roll_change
    WHERE change_kind = '毕业'
    GROUP BY subject_identity
)
SELECT a.row_key AS subject_row_key,
       CAST(a.birthday AS VARCHAR) AS event,
       a.birthday,
       $known_until AS known_until,
       f.last_school,
       month_add(a.stop_month, -1) AS suggested_last_month,
       a.stop_month AS effective_month,
       a.birthday AS event_date,
       o.months,
       o.money,
       a.row_key AS evidence_child_roster,
       o.payments AS evidence_benefit_payment
FROM adult a
LEFT JOIN finished f ON f.identity = a.identity AND f.nth = 1
LEFT JOIN graduation g ON g.identity = a.identity
LEFT JOIN paid_since o ON o.identity = a.identity AND o.scope = 'basic_living'
                       AND o.after_month < a.stop_month AND o.month >= a.stop_month
WHERE a.nth = 1
  AND $known_until >= month_first_day(a.stop_month)
  AND NOT EXISTS (
      SELECT 1 FROM student_roll r
      JOIN roll_states s ON s.label = r.student_state
      WHERE r.pupil_identity = a.identity AND s.enrolled
  )
  AND NOT EXISTS (
      SELECT 1 FROM paid_month p
      WHERE p.identity = a.identity AND p.program = 'study_grant' AND p.month >= a.stop_month
  )
  AND NOT EXISTS (
      SELECT 1 FROM aid_term e
      WHERE e.identity = a.identity AND e.grade <= 'B' AND e.school_year = school_year_of($known_until)
  )
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.identity)
  -- Between graduation in June and the next school's roll nothing can be seen: wait until October.
  -- Without a dated graduation, somebody who left the last grade and is not older than twenty may
  -- have graduated this summer.
  AND NOT (
      f.student_state = '毕业' AND f.grade IN ('高三', '九年级')
      AND $known_until >= add_months(school_year_start($known_until), 9)
      AND coalesce(g.graduated_on >= add_months(school_year_start($known_until), 9), f.grade = '高三')
  )
  AND NOT (
      f.student_state = '毕业' AND f.grade IN ('高三', '九年级')
      AND $known_until < add_months(school_year_start($known_until), $graduate_hold_months)
      AND coalesce(g.graduated_on >= add_months(school_year_start($known_until), -3), f.grade = '高三')
  )
