-- ---
-- title = "未完成义务教育离校"
-- condition = "学籍状态为退学、开除、失踪、其他离校等未完成离校，年级不高于九年级，未满18周岁；没有其他在籍学籍，没有九年级毕业或更高年级的学籍，没有死亡、出国状态，也没有死亡记录。"
-- list = "dropout"
-- subject = "student_roll.pupil"
-- reads = ["student_roll"]
-- optional_reads = ["roll_change", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["student_roll"]
-- event = "day_or_school_year"
-- severity = "high"
-- basis = ["minor_protection_law#28", "minor_protection_law#83", "roll_measures_2025"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ school }}{{ grade_title }}，学籍状态为“{{ state }}”{% if left_on %}（{{ left_on }} 登记退学）{% endif %}，截至 {{ known_until }} 未见毕业记录，也未见其他在籍学籍。疑似未完成义务教育离校，待核查"
-- verify = ["是否转学手续未办结，已在其他学校就读", "是否已去世或出国而状态登记有误", "劝返登记和书面报告是否完成"]
-- [columns]
-- school = { title = "离校学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- state = { title = "学籍状态", class = "school" }
-- left_on = { title = "离校日期", class = "school" }
-- age = { title = "年龄" }
-- ---
WITH roll AS (
    SELECT r.row_key, r.pupil_identity AS identity, r.roll_number, r.school, r.grade AS grade_title, r.student_state,
           s.enrolled, s.left_early, g.grade, coalesce(i.birth, r.pupil_birth) AS birth
    FROM student_roll r
    JOIN roll_states s ON s.label = r.student_state
    LEFT JOIN grade_names g ON g.label = r.grade
    LEFT JOIN identity i ON i.identity = r.pupil_identity
    WHERE r.pupil_identity IS NOT NULL
),
withdrawal AS (
    SELECT subject_identity AS identity, roll_number, subject_grade AS grade, change_date, row_key
    FROM roll_change
    WHERE change_kind = '退学'
),
departed AS (
    SELECT r.row_key, r.identity, r.school, r.grade_title, r.student_state, r.birth,
           max(w.change_date) AS left_on,
           array_agg(w.row_key ORDER BY w.row_key)
               FILTER (WHERE w.row_key IS NOT NULL AND w.identity = r.identity AND w.grade <= 'B') AS changes,
           row_number() OVER (
               PARTITION BY r.identity ORDER BY max(w.change_date) DESC NULLS LAST, r.row_key
           ) AS nth
    FROM roll r
    LEFT JOIN withdrawal w
      ON (w.identity = r.identity AND w.grade <= 'B' OR w.roll_number = r.roll_number)
     AND w.change_date <= $known_until
    WHERE r.left_early AND r.grade <= 9
    GROUP BY r.row_key, r.identity, r.school, r.grade_title, r.student_state, r.birth
)
SELECT d.row_key AS subject_row_key,
       coalesce(CAST(d.left_on AS VARCHAR), school_year_of($known_until)) AS event,
       age_on(d.birth, $as_of) AS age,
       d.school,
       d.grade_title,
       d.student_state AS state,
       d.left_on,
       $known_until AS known_until,
       d.row_key AS evidence_student_roll,
       d.changes AS evidence_roll_change
FROM departed d
WHERE d.nth = 1
  AND age_on(d.birth, $as_of) < 18
  AND NOT EXISTS (SELECT 1 FROM roll o WHERE o.identity = d.identity AND o.enrolled)
  AND NOT EXISTS (
      SELECT 1 FROM roll o
      WHERE o.identity = d.identity AND (o.grade > 9 OR (o.grade = 9 AND o.student_state = '毕业'))
  )
  AND NOT EXISTS (
      SELECT 1 FROM roll o WHERE o.identity = d.identity AND o.student_state IN ('死亡', '出国')
  )
  AND NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = d.identity)
