-- ---
-- title = "无户口儿童未在校"
-- condition = "名册登记在册、户口分类为无户口、按出生日期属于义务教育适龄，户籍人口和学籍库都查不到本人，也没有其他去向。一年级新生在暂缓期内不列。"
-- list = "dropout"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["placement", "dropout_ledger", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "high"
-- basis = ["compulsory_education_law#4", "unsettled_codes_2014"]
-- recipients = ["education", "public-security"]
-- due_days = 10
-- reason = "{{ age }} 岁，民政儿童名册登记为无户口，{{ school_year }} 学年应读{{ grade_title }}，截至 {{ known_until }} 学籍库无记录（无证件号，已查姓名、出生日期、监护人和临时学籍号）。疑似无户口儿童未在校，待核查"
-- verify = ["是否以临时学籍号（J、L 开头）就读，姓名或出生日期登记有出入", "是否在市外就读（请附证明和有效期）", "落户是否已在办理"]
-- [columns]
-- age = { title = "年龄" }
-- grade_title = { title = "应读年级" }
-- guardian = { title = "监护人", class = "relative" }
-- carer_phone = { title = "照护人电话", class = "contact" }
-- ---
SELECT l.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       age_on(l.birth, $known_until) AS age,
       g.label AS grade_title,
       c.guardian_name AS guardian,
       l.guardian_phone AS carer_phone
FROM listed_child l
JOIN child_roster c ON c.row_key = l.row_key
JOIN grade_names g ON g.grade = expected_grade(l.birth, $known_until)
WHERE l.nth = 1
  AND l.register_class = '无户口'
  AND NOT coalesce(entrant_on_hold(l.birth, $known_until, (SELECT months FROM entrant_hold)), false)
  -- Who stands in the register has been settled since, and belongs to the register's own rule.
  AND NOT EXISTS (SELECT 1 FROM population p WHERE p.resident_identity = l.identity AND p.cancel_state = '正常')
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = l.identity)
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = l.identity)
