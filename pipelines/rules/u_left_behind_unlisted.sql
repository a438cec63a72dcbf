-- ---
-- title = "学籍留守民政未登记"
-- condition = "在籍、农业户口、未满规定年龄，学籍登记为双亲留守，儿童名册没有任何登记，没有死亡、迁往市外的记录；单亲留守只在另一方有死亡、重残等情形时列入附表（两边口径不同）。"
-- list = "uncovered"
-- subject = "student_roll.pupil"
-- reads = ["student_roll"]
-- absent_from = "child_roster.child"
-- optional_reads = ["population", "birth_registration", "judgment", "disability_card", "prison_term", "custody", "serious_illness", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "info"
-- basis = ["three_year_plan", "minor_protection_law#22"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ age }} 岁，农业户口，{{ school }}{{ grade_title }}，学籍登记为{{ left_behind }}，截至 {{ known_until }} 民政儿童名册无登记。两边口径不同（学籍为外出3个月以上），疑似农村留守儿童未登记，待核查"
-- verify = ["父母是否双方外出，或一方外出另一方无监护能力", "是否学生自报、家长已返乡", "是否已随父母在外居住"]
-- [params]
-- double_codes = { default = ["双亲留守"], title = "直接列出的学籍留守代码", status = "sourced" }
-- single_codes = { default = ["单亲留守"], title = "另一方有符合情形的状态时进附表的学籍留守代码（口径差异）", status = "sourced" }
-- under_age = { default = 16, title = "农村留守儿童年龄上限", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- left_behind = { title = "学籍留守登记", class = "watch_group" }
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- ---
SELECT t.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       age_on(t.birth, $as_of) AS age,
       t.left_behind,
       t.school,
       t.grade_title,
       $known_until AS known_until,
       CASE WHEN t.left_behind IN $single_codes THEN '单亲留守，另一方有死亡、重残等情形，需先核实监护能力' END AS annex_reason
FROM left_behind_pupil t
WHERE t.match_grade <= 'B'
  AND (t.left_behind IN $double_codes OR (t.left_behind IN $single_codes AND t.parent_unable))
  AND t.household_kind = '农业'
  AND age_on(t.birth, $as_of) < $under_age
  AND NOT EXISTS (SELECT 1 FROM child_roster r WHERE r.child_identity = t.identity AND r.status = '登记在册')
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = t.identity)
  AND NOT EXISTS (
      SELECT 1 FROM move_out m WHERE m.subject_identity = t.identity AND m.move_kind = '市外' AND m.moved_on <= $as_of
  )
