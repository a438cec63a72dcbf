-- ---
-- title = "小升初流失"
-- condition = "今年夏季小学毕业（有毕业异动日期的按日期，没有的按出生日期应读七年级），10月1日以后仍没有任何在籍学籍或六年级以上的学籍，也没有安置结论、死亡、迁出或在有效期内的市外就读证明。"
-- list = "dropout"
-- subject = "student_roll.pupil"
-- reads = ["student_roll"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["roll_change", "placement", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "high"
-- basis = ["keep_in_school_2024", "compulsory_education_law#5"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ school }}六年级{% if left_on %} {{ left_on }}{% endif %} 毕业，{{ school_year }} 学年应升入七年级，截至 {{ known_until }} 学籍库未见其他在籍学籍。疑似小升初流失，待核查"
-- verify = ["是否在市外或民办初中就读（请附在读证明）", "是否留级、转入特教学校", "七年级学籍是否仍在办理"]
-- [params]
-- hold_months = { default = 1, title = "自9月1日起暂缓列出的月数（学籍办理期）", status = "sourced" }
-- [columns]
-- school = { title = "毕业小学", class = "school" }
-- left_on = { title = "毕业日期", class = "school" }
-- ---
WITH leaver AS (
    SELECT r.row_key, r.identity, r.school, r.birth,
           row_number() OVER (PARTITION BY r.identity ORDER BY r.entry_month DESC NULLS LAST, r.row_key) AS nth
    FROM roll_row r
    WHERE r.grade = 6 AND r.student_state = '毕业'
),
graduation AS (
    SELECT subject_identity AS identity, max(change_date) AS left_on, max(row_key) AS change_row
    FROM roll_change
    WHERE change_kind = '毕业' AND subject_grade <= 'B' AND change_date <= $known_until
    GROUP BY subject_identity
)
SELECT l.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       l.school,
       g.left_on,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       l.row_key AS evidence_student_roll,
       g.change_row AS evidence_roll_change
FROM leaver l
LEFT JOIN graduation g ON g.identity = l.identity
WHERE l.nth = 1
  AND $known_until >= add_months(school_year_start($known_until), $hold_months)
  -- This summer's graduates: by the day of the change, else by age.
  AND coalesce(g.left_on >= add_months(school_year_start($known_until), -4), expected_grade(l.birth, $known_until) = 7)
  AND NOT EXISTS (SELECT 1 FROM roll_row e WHERE e.identity = l.identity AND (e.enrolled OR e.grade > 6))
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = l.identity)
