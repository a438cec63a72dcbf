-- ---
-- title = "转出未转入"
-- condition = "最近一次转出已满规定天数（七、八月的日子不计），此后没有转入、毕业、退学、死亡异动，没有任何在籍学籍，未完成九年级，未满18周岁，没有其他去向。目标学校不在本市学籍库的，转出后规定月数以内进附表，请补接收证明。"
-- list = "dropout"
-- subject = "roll_change.subject"
-- reads = ["roll_change"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["placement", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["keep_in_school_2024", "roll_measures_2025"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ moved_on }} 由{{ from_school }}转出{% if to_school %}至{{ to_school }}{% endif %}，截至 {{ known_until }} 已 {{ days }} 天（暑假不计），学籍库未见转入学校的在籍记录，也未见毕业。疑似转出未转入，待核查"
-- verify = ["转入学校是否已接收（请附接收证明）", "是否在省外就读、学籍在外省", "转学手续是否未办结，是否仍在原校"]
-- [params]
-- least_days = { default = 30, title = "转出多少天后列出（暑假不计）", status = "sourced" }
-- outside_months = { default = 12, title = "转往市外学校的，多少个月内请补接收证明（进附表）", status = "design_choice" }
-- last_grade = { default = 9, title = "列出的最高年级（义务教育阶段）", status = "design_choice" }
-- [columns]
-- moved_on = { title = "转出日期", class = "school" }
-- from_school = { title = "转出学校", class = "school" }
-- to_school = { title = "目标学校", class = "school" }
-- days = { title = "天数" }
-- ---
WITH left_for AS (
    SELECT c.row_key, c.subject_identity AS identity, c.roll_number, c.change_date AS moved_on, c.from_school, c.to_school,
           days_outside_summer(c.change_date, $known_until) AS days,
           row_number() OVER (PARTITION BY c.subject_identity ORDER BY c.change_date DESC, c.row_key DESC) AS nth
    FROM roll_change c
    WHERE c.change_kind = '转出' AND c.subject_identity IS NOT NULL AND c.change_date <= $known_until
),
roll AS (
    SELECT identity, bool_or(enrolled) AS enrolled, bool_or(left_early) AS left_early,
           bool_or(grade > 9 OR (grade = 9 AND student_state = '毕业')) AS finished, max(grade) AS grade, max(birth) AS birth,
           min(CASE student_state WHEN '转出' THEN row_key END) AS out_row
    FROM roll_row
    GROUP BY identity
),
local_school AS (SELECT DISTINCT school FROM roll_row)
SELECT l.row_key AS subject_row_key,
       CAST(l.moved_on AS VARCHAR) AS event,
       l.moved_on,
       coalesce(l.from_school, '原校') AS from_school,
       l.to_school,
       $known_until AS known_until,
       l.days,
       CASE WHEN l.to_school IS NOT NULL AND s.school IS NULL THEN '目标学校不在本市学籍库，请学校提供接收证明' END AS annex_reason,
       r.out_row AS evidence_student_roll
FROM left_for l
JOIN roll r ON r.identity = l.identity
LEFT JOIN local_school s ON s.school = l.to_school
WHERE l.nth = 1
  AND l.days >= $least_days
  AND (l.to_school IS NULL OR s.school IS NOT NULL OR l.moved_on > add_months($known_until, -$outside_months))
  AND NOT r.enrolled
  AND NOT r.left_early
  AND NOT coalesce(r.finished, false)
  AND coalesce(r.grade <= $last_grade, true)
  AND age_on(r.birth, $as_of) < 18
  AND NOT EXISTS (
      SELECT 1 FROM roll_change c
      WHERE c.subject_identity = l.identity AND c.change_kind IN ('转入', '毕业', '死亡', '退学') AND c.change_date >= l.moved_on
  )
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = l.identity)
