-- ---
-- title = "重点儿童无学籍"
-- condition = "儿童名册登记在册，按出生日期属于义务教育适龄（9月1日分界，9个年级），学籍库任何状态（含毕业）都查不到本人，也没有安置结论、死亡、迁出、名册减员或在有效期内的市外就读证明。一年级新生在暂缓期内不列；学籍库有近似的人，或控辍台账有对不上证号的市外就读证明的，进附表。"
-- list = "dropout"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["placement", "dropout_ledger", "roll_change", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["placement"]
-- event = "school_year"
-- severity = "high"
-- basis = ["keep_in_school_2024", "compulsory_education_law#13"]
-- recipients = ["education", "town"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ group }}，{{ school_year }} 学年应读{{ grade_title }}，截至 {{ known_until }} 学籍库无记录（已查{{ keys_tried }}）{% if last_trace %}；最近学籍线索：{{ last_trace }}{% endif %}。疑似未入学，待核查"
-- verify = ["是否在市外就读（请附在读证明和有效期）", "是否已入特教学校、送教上门而未建学籍", "姓名或证件号是否登记有误", "一年级新生学籍是否仍在办理"]
-- [columns]
-- group = { title = "重点类别", class = "watch_group" }
-- age = { title = "年龄" }
-- grade_title = { title = "应读年级" }
-- keys_tried = { title = "已查线索" }
-- last_trace = { title = "最近学籍线索", class = "school" }
-- carer_phone = { title = "照护人电话", class = "contact" }
-- ---
WITH child AS (
    SELECT c.row_key, c.child_identity AS identity, coalesce(i.birth, c.child_birth) AS birth, c.category,
           c.resident_id, c.guardian_phone, c.name, c.town,
           row_number() OVER (PARTITION BY c.child_identity ORDER BY c.row_key) AS nth
    FROM child_roster c
    LEFT JOIN identity i ON i.identity = c.child_identity
    WHERE c.status = '登记在册' AND c.child_identity IS NOT NULL
),
trace AS (
    SELECT subject_identity AS identity, change_kind, change_date,
           row_number() OVER (PARTITION BY subject_identity ORDER BY change_date DESC, row_key DESC) AS nth
    FROM roll_change
)
SELECT c.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       age_on(c.birth, $known_until) AS age,
       coalesce(k.public_label, '名册儿童') AS "group",
       g.label AS grade_title,
       CASE WHEN c.resident_id IS NULL THEN '姓名与出生日期、监护人' ELSE '证件号、学籍号、姓名与出生日期' END AS keys_tried,
       CAST(t.change_date AS VARCHAR) || ' ' || t.change_kind AS last_trace,
       c.guardian_phone AS carer_phone,
       q.doubt AS annex_reason,
       q.ledger_rows AS evidence_dropout_ledger,
       c.row_key AS evidence_child_roster
FROM child c
JOIN grade_names g ON g.grade = expected_grade(c.birth, $known_until)
LEFT JOIN child_categories k ON k.label = c.category
LEFT JOIN trace t ON t.identity = c.identity AND t.nth = 1
LEFT JOIN doubted_child q ON q.extract = 'child_roster' AND q.row_key = c.row_key
WHERE c.nth = 1
  AND compulsory_cohort(c.birth, $known_until)
  AND NOT coalesce(entrant_on_hold(c.birth, $known_until, (SELECT months FROM entrant_hold)), false)
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = c.identity)
