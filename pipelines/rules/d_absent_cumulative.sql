-- ---
-- title = "累计缺勤"
-- condition = "在籍在读的一至九年级学生，一个自然月内无故缺勤达到对照表规定的上学日数（本月和参数规定的前几个月），或本学期累计达到规定上学日数；控辍台账没有此后的复学日期，没有死亡记录。有请假依据、病假、事假不算。"
-- list = "dropout"
-- subject = "student_roll.pupil"
-- reads = ["student_roll", "absence"]
-- optional_reads = ["dropout_ledger", "death_cancellation", "death_certificate", "cremation"]
-- event = "month"
-- severity = "medium"
-- basis = ["minor_protection_law#28", "keep_in_school_2024"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ school }}{{ grade_title }}，在籍在读，{% if month_days %}{{ month }} 累计 {{ month_days }} 个上学日缺勤且无请假依据{% endif %}{% if month_days and term_days %}；{% endif %}{% if term_days %}本学期截至 {{ known_until }} 累计 {{ term_days }} 个上学日缺勤且无请假依据{% endif %}。疑似辍学风险，待核查"
-- verify = ["是否已请假而未登记（长期病假、竞赛、停课）", "缺勤期间是否有放假（以学校校历为准）", "是否已家访、劝返"]
-- [params]
-- recent_months = { default = 1, title = "按月计的，列出本月和之前几个月", status = "design_choice" }
-- [columns]
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- month_days = { title = "当月上学日数" }
-- term_days = { title = "学期上学日数" }
-- ---
WITH missed AS (
    SELECT a.*, month_of(a.absent_on) AS month, t.first_day AS term_from,
           row_number() OVER (PARTITION BY a.identity, t.first_day ORDER BY a.absent_on) AS nth_of_term
    FROM absence_day a
    JOIN school_term t ON a.absent_on BETWEEN t.first_day AND t.last_day
    WHERE a.absent_on <= $known_until
),
by_month AS (
    SELECT identity, month, count(*) AS days, max(absent_on) AS last_day, array_agg(row_key ORDER BY row_key) AS day_rows
    FROM missed
    CROSS JOIN absence_threshold l
    WHERE month >= month_add(month_of($known_until), -$recent_months)
    GROUP BY identity, month
    HAVING count(*) >= max(l.month_days)
),
-- A term's case is known by the month in which the last day that it takes was missed, and stays until the term ends.
by_term AS (
    SELECT r.identity, r.month, count(*) AS days, max(m.absent_on) AS last_day, array_agg(m.row_key ORDER BY m.row_key) AS day_rows
    FROM missed r
    CROSS JOIN absence_threshold l
    JOIN school_term t ON t.first_day = r.term_from AND $known_until <= t.last_day
    JOIN missed m ON m.identity = r.identity AND m.term_from = r.term_from
    WHERE r.nth_of_term = l.term_days
    GROUP BY r.identity, r.month
),
told AS (
    SELECT coalesce(m.identity, t.identity) AS identity, coalesce(m.month, t.month) AS month, m.days AS month_days,
           t.days AS term_days, coalesce(greatest(m.last_day, t.last_day), m.last_day, t.last_day) AS last_day,
           m.day_rows AS month_rows, t.day_rows AS term_rows
    FROM by_month m
    FULL JOIN by_term t ON t.identity = m.identity AND t.month = m.month
),
back AS (
    SELECT subject_identity AS identity, max(returned_on) AS returned_on
    FROM dropout_ledger
    WHERE subject_identity IS NOT NULL AND subject_grade <= 'B'
    GROUP BY subject_identity
)
SELECT p.row_key AS subject_row_key,
       month_compact(a.month) AS event,
       p.school,
       p.grade_title,
       a.month,
       a.month_days,
       a.term_days,
       $known_until AS known_until,
       p.row_key AS evidence_student_roll,
       a.month_rows AS evidence_absence__month,
       a.term_rows AS evidence_absence__term
FROM told a
JOIN present_pupil p ON p.identity = a.identity AND p.grade <= 9
LEFT JOIN back b ON b.identity = a.identity
WHERE coalesce(b.returned_on <= a.last_day, true)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.identity)
