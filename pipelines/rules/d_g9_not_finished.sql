-- ---
-- title = "初中未毕业离校"
-- condition = "上学年八、九年级学生，学籍状态为未完成离校，或为转出而没有转出异动（进附表），没有其他在籍、毕业、更高年级、死亡或出国的学籍，未满规定年龄，也没有其他去向。"
-- list = "dropout"
-- subject = "student_roll.pupil"
-- reads = ["student_roll"]
-- optional_reads = ["roll_change", "placement", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["student_roll"]
-- event = "school_year"
-- severity = "high"
-- basis = ["compulsory_education_law#5", "minor_protection_law#28"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ age }} 岁，上学年为{{ school }}{{ grade_title }}学生，学籍状态现为“{{ state }}”{% if left_on %}（{{ left_on }} 登记）{% endif %}，截至 {{ known_until }} 未见初中毕业记录，也未见其他在籍学籍。疑似初中未毕业离校，待核查"
-- verify = ["是否已提前到中等职业学校就读（两边学籍）", "是否转学手续未办结", "毕业、结业是否已办而未更新学籍"]
-- [params]
-- grades = { default = ["八年级", "九年级"], title = "上学年所在的年级", status = "sourced" }
-- under_age = { default = 18, title = "只列多少岁以下", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- state = { title = "学籍状态", class = "school" }
-- left_on = { title = "离校日期", class = "school" }
-- ---
WITH change AS (
    SELECT subject_identity AS identity, change_kind, max(change_date) AS changed_on, max(row_key) AS change_row
    FROM roll_change
    WHERE change_kind IN ('退学', '转出') AND subject_identity IS NOT NULL AND subject_grade <= 'B' AND change_date <= $known_until
    GROUP BY subject_identity, change_kind
),
gone AS (
    SELECT r.*, c.changed_on AS left_on, c.change_row,
           row_number() OVER (PARTITION BY r.identity ORDER BY r.entry_month DESC NULLS LAST, r.row_key) AS nth
    FROM roll_row r
    LEFT JOIN change c ON c.identity = r.identity AND c.change_kind = '退学'
    WHERE r.grade_title IN $grades
      -- Who was transferred by a paper is the other rule's, which waits for the school that took the pupil in.
      AND (r.left_early
           OR (r.student_state = '转出' AND NOT EXISTS (SELECT 1 FROM change o WHERE o.identity = r.identity AND o.change_kind = '转出')))
)
SELECT g.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       age_on(g.birth, $as_of) AS age,
       g.school,
       g.grade_title,
       g.student_state AS state,
       g.left_on,
       $known_until AS known_until,
       CASE WHEN NOT g.left_early THEN '学籍状态为转出而无异动记录，请学校补登转入学校' END AS annex_reason,
       g.row_key AS evidence_student_roll,
       g.change_row AS evidence_roll_change
FROM gone g
WHERE g.nth = 1
  -- Last year's pupils: by the day they left, else by age.
  AND coalesce(g.left_on >= add_months(school_year_start($known_until), -12), expected_grade(g.birth, add_months($known_until, -12)) >= 8)
  AND age_on(g.birth, $as_of) < $under_age
  AND NOT EXISTS (
      SELECT 1 FROM roll_row o
      WHERE o.identity = g.identity
        AND (o.enrolled OR o.grade > 9 OR (o.grade = 9 AND o.student_state = '毕业') OR o.student_state IN ('死亡', '出国'))
  )
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = g.identity)
