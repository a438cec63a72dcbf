-- ---
-- title = "户籍适龄无学籍"
-- condition = "户籍正常、按出生日期属于义务教育适龄，学籍库任何状态都查不到本人，也没有安置结论、死亡、迁出、名册减员或在有效期内的市外就读证明。一年级新生在暂缓期内不列；空挂户也列出，没有本地生活迹象的排在后面；学籍库有近似的人，或控辍台账有对不上证号的市外就读证明的，进附表。"
-- list = "dropout"
-- subject = "population.resident"
-- reads = ["population", "placement", "move_out", "death_cancellation"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["dropout_ledger", "death_certificate", "cremation", "child_roster", "disability_card", "disability_subsidy", "social_relief", "benefit_payment", "rehabilitation"]
-- whole = ["placement", "move_out"]
-- event = "school_year"
-- severity = "medium"
-- basis = ["keep_in_school_2024", "compulsory_education_law#5", "compulsory_education_law#12"]
-- recipients = ["education", "town"]
-- due_days = 20
-- reason = "本市户籍，{{ age }} 岁，{{ school_year }} 学年应读{{ grade_title }}，截至 {{ known_until }} 学籍库无记录（已查{{ keys_tried }}）；{% if sign_count > 0 %}有 {{ sign_count }} 类本地生活迹象{% else %}未见本地生活迹象，可能户口空挂{% endif %}。疑似未入学，待核查"
-- verify = ["是否随家人在市外或境外居住就读（请附证明和有效期）", "户口是否空挂或重复", "是否已入特教学校、送教上门", "姓名或证件号是否登记有误"]
-- [columns]
-- age = { title = "年龄" }
-- grade_title = { title = "应读年级" }
-- householder = { title = "户主", class = "relative" }
-- living_signs = { title = "本地生活迹象", class = "money" }
-- rank = { title = "核查次序" }
-- keys_tried = { title = "已查线索" }
-- ---
WITH child AS (
    SELECT p.row_key, p.resident_identity AS identity, p.resident_birth AS birth, p.household_number, p.resident_id, p.name, p.town
    FROM population p
    WHERE p.cancel_state = '正常'
      AND p.resident_birth >= school_age_from($known_until, 0)
      AND p.resident_birth < school_age_until($known_until)
      AND p.resident_identity IS NOT NULL
      AND NOT coalesce(entrant_on_hold(p.resident_birth, $known_until, (SELECT months FROM entrant_hold)), false)
      AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = p.resident_identity)
      AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = p.resident_identity)
),
sign AS (
    SELECT child_identity AS identity, '儿童名册' AS word FROM child_roster WHERE status = '登记在册'
    UNION SELECT subject_identity, '残疾人证' FROM disability_card WHERE card_status = '正常'
    UNION SELECT subject_identity, '残疾人补贴' FROM disability_subsidy WHERE status = '正常'
    UNION SELECT subject_identity, '社会救助' FROM social_relief WHERE status = '正常'
    UNION SELECT subject_identity, '儿童补贴发放' FROM benefit_payment WHERE payment_status = '成功'
    UNION SELECT subject_identity, '康复救助' FROM rehabilitation
),
signs AS (
    SELECT s.identity, string_agg(s.word, '、' ORDER BY s.word) AS words, count(*) AS word_count
    FROM sign s
    JOIN child c ON c.identity = s.identity
    GROUP BY s.identity
),
head AS (
    SELECT household_number, min(name) AS name
    FROM population
    WHERE household_relation = '户主'
    GROUP BY household_number
)
SELECT c.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       age_on(c.birth, $known_until) AS age,
       g.label AS grade_title,
       CASE WHEN c.resident_id IS NULL THEN '姓名与出生日期、父母' ELSE '证件号、学籍号、姓名与出生日期' END AS keys_tried,
       h.name AS householder,
       s.words AS living_signs,
       coalesce(s.word_count, 0) AS sign_count,
       CASE WHEN s.words IS NULL THEN 2 ELSE 1 END AS rank,
       q.doubt AS annex_reason,
       q.ledger_rows AS evidence_dropout_ledger,
       c.row_key AS evidence_population
FROM child c
JOIN grade_names g ON g.grade = expected_grade(c.birth, $known_until)
LEFT JOIN signs s ON s.identity = c.identity
LEFT JOIN head h ON h.household_number = c.household_number
LEFT JOIN doubted_child q ON q.extract = 'population' AND q.row_key = c.row_key
