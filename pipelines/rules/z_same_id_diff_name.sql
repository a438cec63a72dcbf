-- ---
-- title = "一证多名"
-- condition = "同一有效证号在业务数据与户籍人口中姓名不同，且曾用名、异体字、缺字都不能解释（连接不到同一人）。"
-- list = "data_error"
-- subject = "*"
-- reads = ["population"]
-- optional_reads = ["child_roster", "social_relief", "student_roll", "placement", "education_aid", "disability_card", "death_cancellation", "move_out", "custody", "prison_term", "insurance", "serious_illness"]
-- event = "extract"
-- severity = "info"
-- basis = ["personal_information_law#8", "resident_id_standard"]
-- recipients = ["owner"]
-- due_days = 20
-- reason = "《{{ extract_title }}》中的有效证号在公安人口库登记的是另一姓名，且曾用名、异体字、缺字均不能解释。疑似证号填错或一证多名，待核查更正"
-- verify = ["对照证件原件更正姓名或证号", "是否曾用名、更名而未登记"]
-- [columns]
-- extract_title = { title = "来源" }
-- ---
WITH numbered AS (
    SELECT 'child_roster' AS extract, '儿童名册' AS extract_title, 'child' AS role, row_key, resident_id, name, child_identity AS identity
    FROM child_roster WHERE child_id_state = 'valid'
    UNION ALL
    SELECT 'social_relief', '救助对象', 'subject', row_key, resident_id, name, subject_identity FROM social_relief WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'student_roll', '学籍', 'pupil', row_key, resident_id, name, pupil_identity FROM student_roll WHERE pupil_id_state = 'valid'
    UNION ALL
    SELECT 'placement', '残疾儿童安置', 'subject', row_key, resident_id, name, subject_identity FROM placement WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'education_aid', '教育资助', 'subject', row_key, resident_id, name, subject_identity FROM education_aid WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'disability_card', '残疾人证', 'subject', row_key, resident_id, name, subject_identity FROM disability_card WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'death_cancellation', '死亡注销', 'subject', row_key, resident_id, name, subject_identity FROM death_cancellation WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'move_out', '户籍迁出', 'subject', row_key, resident_id, name, subject_identity FROM move_out WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'custody', '羁押强戒', 'subject', row_key, resident_id, name, subject_identity FROM custody WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'prison_term', '服刑人员', 'subject', row_key, resident_id, name, subject_identity FROM prison_term WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'insurance', '社保参保', 'subject', row_key, resident_id, name, subject_identity FROM insurance WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'serious_illness', '重病医保', 'subject', row_key, resident_id, name, subject_identity FROM serious_illness WHERE subject_id_state = 'valid'
)
-- What a former name, a variant or a lost character explains is one person by now. The other person's row is
-- not evidence: the linkage calls such a row weak, and a weak link is what the finding says.
SELECT n.row_key AS subject_row_key,
       n.extract AS subject_extract,
       n.role AS subject_role,
       n.extract AS event,
       n.extract_title
FROM numbered n
JOIN population p ON p.resident_id = n.resident_id AND p.resident_id_state = 'valid'
WHERE p.resident_identity <> n.identity
  AND p.name <> n.name
