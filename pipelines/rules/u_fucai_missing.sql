-- ---
-- title = "福彩圆梦应享未享"
-- condition = "满18周岁前登记为孤儿、现已满18周岁、在籍在读于参数所列年级，本学年（暂缓期后）没有福彩圆梦助学金发放；没有有效收养登记（持有效残疾人证的除外），没有死亡记录。在市外和高校就读的看不到，不列。"
-- list = "uncovered"
-- subject = "child_roster.child"
-- reads = ["child_roster", "student_roll"]
-- absent_from = "benefit_payment.subject"
-- optional_reads = ["adoption", "disability_card", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "info"
-- basis = ["study_grant_2025"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "{{ age }} 岁，{{ registered_on }} 登记为孤儿（年满 18 周岁前），现在{{ school }}{{ grade_title }}在读，{{ school_year }} 学年截至 {{ known_until }} 无福彩圆梦助学金发放。疑似应享未享，待核查"
-- verify = ["是否全日制在读（非全日制不享受）", "是否本人未申请、正在申请", "是否已被收养（残疾孤儿收养后仍可享受）", "在市外高校、中职就读的本市学籍不可见，请主动告知"]
-- [params]
-- grades = { default = ["高一", "高二", "高三"], title = "算作可享受学段的年级", status = "sourced" }
-- hold_months = { default = 2, title = "自9月1日起暂缓列出的月数（申请和审批期）", status = "to_confirm" }
-- [columns]
-- age = { title = "年龄" }
-- registered_on = { title = "认定日期" }
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- ---
-- Of age, but still on the roll or taken off for nothing else: the roll keeps who was recognised, and when.
WITH orphan AS (
    SELECT c.row_key, c.child_identity AS identity, c.registered_on, coalesce(i.birth, c.child_birth) AS birth,
           row_number() OVER (PARTITION BY c.child_identity ORDER BY c.registered_on, c.row_key) AS nth
    FROM child_roster c
    JOIN child_categories k ON k.label = c.category AND k.orphan
    LEFT JOIN identity i ON i.identity = c.child_identity
    WHERE c.child_identity IS NOT NULL AND coalesce(c.exit_reason, '儿童超龄') = '儿童超龄'
)
SELECT o.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       age_on(o.birth, $as_of) AS age,
       o.registered_on,
       p.school,
       p.grade_title,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       p.row_key AS evidence_student_roll
FROM orphan o
JOIN present_pupil p ON p.identity = o.identity AND p.grade_title IN $grades
WHERE o.nth = 1
  AND age_on(o.birth, $as_of) >= 18
  AND o.registered_on < add_months(o.birth, 216)
  AND $known_until >= add_months(school_year_start($known_until), $hold_months)
  AND NOT EXISTS (
      SELECT 1 FROM paid_month m
      WHERE m.identity = o.identity AND m.program = 'study_grant' AND m.month >= month_of(school_year_start($known_until))
  )
  AND NOT EXISTS (
      SELECT 1 FROM adopted a
      LEFT JOIN card_standing k ON k.identity = a.identity AND k.effect = 'in_force'
      WHERE a.identity = o.identity AND k.identity IS NULL
  )
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = o.identity)
