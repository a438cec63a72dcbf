-- ---
-- title = "学籍留守民政未登记"
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
WITH pupil AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.identity ORDER BY r.entry_month DESC NULLS LAST, r.row_key) AS nth
    FROM roll_row r
    WHERE r.enrolled
),
told AS (
    SELECT p.*, h.register_kind AS household_kind
    FROM pupil p
    LEFT JOIN population h ON h.resident_identity = p.identity AND h.cancel_state = '正常'
    WHERE p.nth = 1 AND p.match_grade <= 'B' AND (p.left_behind IN $double_codes OR p.left_behind IN $single_codes)
),
-- One parent away makes a left-behind child only where the other cannot care; the school's code does not ask that.
unable AS (
    SELECT DISTINCT p.child FROM parent_link p JOIN parent_standing s ON s.identity = p.parent
)
SELECT t.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       age_on(t.birth, $as_of) AS age,
       t.left_behind,
       t.school,
       t.grade_title,
       $known_until AS known_until,
       CASE WHEN t.left_behind IN $single_codes THEN '单亲留守，另一方有死亡、重残等情形，需先核实监护能力' END AS annex_reason
FROM told t
LEFT JOIN unable u ON u.child = t.identity
WHERE (t.left_behind IN $double_codes OR u.child IS NOT NULL)
  AND coalesce(t.household_kind, t.register_kind) = '农业'
  AND age_on(t.birth, $as_of) < $under_age
  AND NOT EXISTS (SELECT 1 FROM child_roster r WHERE r.child_identity = t.identity AND r.status = '登记在册')
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = t.identity)
  AND NOT EXISTS (
      SELECT 1 FROM move_out m WHERE m.subject_identity = t.identity AND m.move_kind = '市外' AND m.moved_on <= $as_of
  )
