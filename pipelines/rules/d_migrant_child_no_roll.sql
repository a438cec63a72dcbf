-- ---
-- title = "流动儿童未在校"
-- condition = "非本市户籍、有效居住登记满规定月数、按出生日期属于义务教育适龄，学籍库任何状态都查不到本人，也没有其他去向。一年级新生在暂缓期内不列。"
-- list = "dropout"
-- subject = "*"
-- reads = ["residence"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["population", "placement", "dropout_ledger", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["population"]
-- event = "school_year"
-- severity = "medium"
-- basis = ["compulsory_education_law#12", "migrant_children_2024"]
-- recipients = ["education", "town"]
-- due_days = 20
-- reason = "{{ age }} 岁，非本市户籍，{{ resides_from }} 起在{{ lives_in }}登记居住，{{ school_year }} 学年应读{{ grade_title }}，截至 {{ known_until }} 本市学籍库无记录。疑似流动儿童未在校，待核查（户籍地学籍在本市不可见）"
-- verify = ["是否已离开本市（居住登记未注销）", "是否在户籍地或其他地方就读（请附在读证明和有效期）", "姓名或证件号是否登记有误"]
-- [params]
-- least_months = { default = 6, title = "居住登记满多少个月", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- grade_title = { title = "应读年级" }
-- resides_from = { title = "居住起始", class = "address" }
-- lives_in = { title = "居住镇(街道)", class = "address" }
-- ---
-- A child may be registered beside each of the parents, or alone: the earliest registration stands for all.
WITH living AS (
    SELECT child_identity AS identity, 'child' AS role, row_key, resides_from, coalesce(child_town, town) AS lives_in
    FROM residence
    WHERE status = '有效' AND child_identity IS NOT NULL
    UNION ALL
    SELECT subject_identity, 'subject', row_key, resides_from, coalesce(subject_town, town)
    FROM residence
    WHERE status = '有效' AND subject_identity IS NOT NULL
),
earliest AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY resides_from, role, row_key) AS nth FROM living
),
child AS (
    SELECT l.*, i.birth
    FROM earliest l
    JOIN identity i ON i.identity = l.identity
    WHERE l.nth = 1
)
SELECT c.row_key AS subject_row_key,
       'residence' AS subject_extract,
       c.role AS subject_role,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       age_on(c.birth, $known_until) AS age,
       g.label AS grade_title,
       c.resides_from,
       coalesce(c.lives_in, '本市') AS lives_in
FROM child c
JOIN grade_names g ON g.grade = expected_grade(c.birth, $known_until)
WHERE months_between(c.resides_from, $known_until) >= $least_months
  AND NOT coalesce(entrant_on_hold(c.birth, $known_until, (SELECT months FROM entrant_hold)), false)
  -- Who is registered here is the register's own rule's matter.
  AND NOT EXISTS (SELECT 1 FROM population p WHERE p.resident_identity = c.identity AND p.cancel_state = '正常')
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = c.identity)
