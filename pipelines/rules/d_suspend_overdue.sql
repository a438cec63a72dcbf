-- ---
-- title = "休学逾期未复学"
-- condition = "学籍状态为休学，年级不高于参数规定，最近一次休学登记的截止日期已过规定天数（未登记截止日期的，自休学之日起满规定月数），此后没有其他学籍异动，没有在籍在读的学籍，没有安置结论、死亡、迁出或在有效期内的市外就读证明。"
-- list = "dropout"
-- subject = "student_roll.pupil"
-- reads = ["student_roll", "roll_change"]
-- optional_reads = ["placement", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["student_roll", "roll_change"]
-- event = "day"
-- severity = "medium"
-- basis = ["compulsory_education_law#11", "roll_measures_2025"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ school }}{{ grade_title }}，{{ suspended_on }} 休学，{% if until_date %}期限至 {{ until_date }}{% else %}未登记期限，已满一年{% endif %}，截至 {{ known_until }} 未见续办、复学，也未见其他在读学籍。疑似休学逾期未复学，待核查"
-- verify = ["是否已续办休学而未登记", "是否已复学而学籍状态未更新", "康复、复学条件（病情只向指定人员了解）"]
-- [params]
-- grace_days = { default = 15, title = "休学期满后多少天列出", status = "sourced" }
-- open_months = { default = 12, title = "未登记期限时视为期满的月数", status = "sourced" }
-- last_grade = { default = 9, title = "列出的最高年级（义务教育阶段）", status = "design_choice" }
-- [columns]
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- suspended_on = { title = "休学日期", class = "school" }
-- until_date = { title = "休学期限", class = "school" }
-- ---
WITH pupil AS (
    SELECT * FROM roll_row WHERE student_state = '休学' AND grade <= $last_grade
),
period AS (
    SELECT p.row_key, p.identity, p.school, p.grade_title, c.change_date AS suspended_on, c.until_date, c.row_key AS change_row,
           row_number() OVER (
               PARTITION BY p.identity ORDER BY c.change_date DESC, c.until_date DESC NULLS LAST, p.row_key, c.row_key
           ) AS nth
    FROM pupil p
    JOIN roll_change c ON c.subject_identity = p.identity AND c.change_kind = '休学' AND c.subject_grade < 'D'
    WHERE c.change_date <= $known_until
)
SELECT s.row_key AS subject_row_key,
       CAST(coalesce(s.until_date, add_months(s.suspended_on, $open_months)) AS VARCHAR) AS event,
       s.school,
       s.grade_title,
       s.suspended_on,
       s.until_date,
       $known_until AS known_until,
       s.row_key AS evidence_student_roll,
       s.change_row AS evidence_roll_change
FROM period s
WHERE s.nth = 1
  AND CASE WHEN s.until_date IS NOT NULL THEN s.until_date + $grace_days <= $known_until
           ELSE add_months(s.suspended_on, $open_months) <= $known_until END
  AND NOT EXISTS (SELECT 1 FROM roll_row e WHERE e.identity = s.identity AND e.student_state = '在籍在读')
  AND NOT EXISTS (
      SELECT 1 FROM roll_change c
      WHERE c.subject_identity = s.identity AND c.change_kind <> '休学' AND c.change_date > s.suspended_on
  )
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = s.identity)
