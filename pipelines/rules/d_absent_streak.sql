-- ---
-- title = "连续缺勤"
-- condition = "在籍在读的一至九年级学生，连续无故缺勤（旷课、不明，且无请假依据；周末和日历所列假期不计）达到对照表规定的上学日数，最近一天在规定天数以内，控辍台账没有此后的复学日期，也没有死亡记录。达到疑似日数为疑似辍学；达到辍学日数且有劝返记录的为辍学候选，由学校、教体局认定。"
-- list = "dropout"
-- subject = "student_roll.pupil"
-- reads = ["student_roll", "absence"]
-- optional_reads = ["dropout_ledger", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "high"
-- basis = ["minor_protection_law#28", "keep_in_school_2024"]
-- recipients = ["education"]
-- due_days = 5
-- reason = "{{ school }}{{ grade_title }}，在籍在读，{{ first_day }} 至 {{ last_day }} 连续 {{ days }} 个上学日缺勤且无请假依据{% if persuasions %}，已登记劝返 {{ persuasions }} 次{% endif %}。疑似情形：{{ level }}，待核查"
-- verify = ["是否已请假而未登记（病假、竞赛、停课）", "缺勤期间是否有放假（以学校校历为准）", "劝返登记和书面报告是否完成"]
-- [params]
-- recent_days = { default = 30, title = "缺勤结束后多少天以内仍列出", status = "design_choice" }
-- [columns]
-- level = { title = "程度" }
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- first_day = { title = "缺勤起" }
-- last_day = { title = "缺勤止" }
-- days = { title = "上学日数" }
-- persuasions = { title = "劝返次数" }
-- ---
WITH pupil AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.identity ORDER BY r.entry_month DESC NULLS LAST, r.row_key) AS nth
    FROM roll_row r
    CROSS JOIN absence_threshold t
    JOIN absence_streak a ON a.identity = r.identity AND a.days >= t.risk_days
    WHERE r.student_state = '在籍在读' AND r.grade <= 9
),
persuasion AS (
    SELECT subject_identity AS identity, max(persuasion_count) AS times, max(returned_on) AS returned_on
    FROM dropout_ledger
    WHERE subject_identity IS NOT NULL AND subject_grade <= 'B'
    GROUP BY subject_identity
)
SELECT p.row_key AS subject_row_key,
       CAST(a.first_day AS VARCHAR) AS event,
       CASE WHEN a.days >= t.dropout_days AND l.times > 0 THEN '辍学候选（由学校、教体局认定）'
            WHEN a.days >= t.suspect_days THEN '疑似辍学' ELSE '辍学风险' END AS level,
       p.school,
       p.grade_title,
       a.first_day,
       a.last_day,
       a.days,
       CASE WHEN l.times > 0 THEN l.times END AS persuasions,
       p.row_key AS evidence_student_roll,
       a.absence_rows AS evidence_absence
FROM absence_streak a
JOIN pupil p ON p.identity = a.identity AND p.nth = 1
CROSS JOIN absence_threshold t
LEFT JOIN persuasion l ON l.identity = a.identity
WHERE a.days >= t.risk_days
  AND a.last_day > $known_until - $recent_days
  AND coalesce(l.returned_on < a.first_day, true)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.identity)
