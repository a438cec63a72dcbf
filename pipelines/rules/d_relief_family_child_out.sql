-- ---
-- title = "救助家庭学龄儿童无学籍"
-- condition = "在保的低保、特困家庭成员（类别按参数），按出生日期属于义务教育适龄，学籍库任何状态都查不到本人，也没有其他去向。救助名册没有有效证号的、人口库查不到的进附表。一年级新生在暂缓期内不列。"
-- list = "dropout"
-- subject = "social_relief.subject"
-- reads = ["social_relief"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["placement", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "high"
-- basis = ["keep_in_school_2024", "social_relief_measures#33"]
-- recipients = ["education", "civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，社会救助家庭成员，{{ school_year }} 学年应读{{ grade_title }}，截至 {{ known_until }} 学籍库无记录。疑似救助家庭学龄儿童未在校，待核查"
-- verify = ["是否随离异父母在外地就读（请附在读证明和有效期）", "救助名册家庭成员是否已更新", "是否已入特教学校、送教上门而未建学籍", "姓名或证件号是否登记有误"]
-- [params]
-- relief_kinds = { default = ["低保", "特困"], title = "算作救助家庭的类别（低保边缘可加入）", status = "sourced" }
-- [columns]
-- relief_kind = { title = "救助类别", class = "watch_group" }
-- age = { title = "年龄" }
-- grade_title = { title = "应读年级" }
-- ---
WITH child AS (
    SELECT m.row_key, m.identity, s.name, m.relief_kind, coalesce(i.birth, s.subject_birth) AS birth,
           row_number() OVER (PARTITION BY m.identity ORDER BY m.grade, m.relief_kind, m.row_key) AS nth
    FROM relief_member m
    JOIN social_relief s ON s.row_key = m.row_key
    LEFT JOIN identity i ON i.identity = m.identity
    WHERE m.relief_kind IN $relief_kinds
),
doubt AS (
    SELECT name, min(doubt) AS doubt FROM proof_in_doubt WHERE ledger_row IS NULL GROUP BY name
)
SELECT c.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       age_on(c.birth, $known_until) AS age,
       g.label AS grade_title,
       c.relief_kind,
       coalesce(d.doubt, q.doubt) AS annex_reason
FROM child c
LEFT JOIN relief_doubt d ON d.row_key = c.row_key
LEFT JOIN doubt q ON q.name = c.name
JOIN grade_names g ON g.grade = expected_grade(c.birth, $known_until)
WHERE c.nth = 1
  AND NOT coalesce(entrant_on_hold(c.birth, $known_until, (SELECT months FROM entrant_hold)), false)
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = c.identity)
