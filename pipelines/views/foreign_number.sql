-- ---
-- title = "各来源中本人的有效证号在户籍人口登记的是另一姓名、又认不出是同一人的，每个来源、号码、姓名一行：来源、来源名称、角色、第一行"
-- ---
-- What a former name, a variant or a lost character explains is one person by now.
WITH numbered AS (
    SELECT 'child_roster' AS extract, '儿童名册' AS extract_title, 'child' AS role, row_key, resident_id, name, child_identity AS identity
    FROM child_roster WHERE child_id_state = 'valid'
    UNION ALL
    SELECT 'adoption', '收养登记', 'subject', row_key, resident_id, name, subject_identity FROM adoption WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'benefit_payment', '发放明细', 'subject', row_key, resident_id, name, subject_identity FROM benefit_payment WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'care_agreement', '委托照护协议', 'child', row_key, child_id, child_name, child_identity FROM care_agreement WHERE child_id_state = 'valid'
    UNION ALL
    SELECT 'child_director', '儿童主任', 'subject', row_key, resident_id, name, subject_identity FROM child_director WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'cremation', '火化登记', 'subject', row_key, resident_id, name, subject_identity FROM cremation WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'disability_subsidy', '残疾人两项补贴', 'subject', row_key, resident_id, name, subject_identity FROM disability_subsidy WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'social_relief', '救助对象', 'subject', row_key, resident_id, name, subject_identity FROM social_relief WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'visit_log', '走访记录', 'subject', row_key, resident_id, name, subject_identity FROM visit_log WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'judgment', '裁判文书', 'subject', row_key, resident_id, name, subject_identity FROM judgment WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'basic_survey', '残疾人基本状况调查', 'subject', row_key, resident_id, name, subject_identity FROM basic_survey WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'disability_card', '残疾人证', 'subject', row_key, resident_id, name, subject_identity FROM disability_card WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'rehabilitation', '康复救助', 'subject', row_key, resident_id, name, subject_identity FROM rehabilitation WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'dropout_ledger', '控辍台账', 'subject', row_key, resident_id, name, subject_identity FROM dropout_ledger WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'education_aid', '教育资助', 'subject', row_key, resident_id, name, subject_identity FROM education_aid WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'home_teaching', '送教记录', 'subject', row_key, resident_id, name, subject_identity FROM home_teaching WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'placement', '残疾儿童安置', 'subject', row_key, resident_id, name, subject_identity FROM placement WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'roll_change', '学籍异动', 'subject', row_key, resident_id, name, subject_identity FROM roll_change WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'student_roll', '学籍', 'pupil', row_key, resident_id, name, pupil_identity FROM student_roll WHERE pupil_id_state = 'valid'
    UNION ALL
    SELECT 'death_certificate', '死亡医学证明', 'subject', row_key, resident_id, name, subject_identity FROM death_certificate WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'insurance', '社保参保', 'subject', row_key, resident_id, name, subject_identity FROM insurance WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'prison_term', '服刑人员', 'subject', row_key, resident_id, name, subject_identity FROM prison_term WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'serious_illness', '重病医保', 'subject', row_key, resident_id, name, subject_identity FROM serious_illness WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'custody', '羁押强戒', 'subject', row_key, resident_id, name, subject_identity FROM custody WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'death_cancellation', '死亡注销', 'subject', row_key, resident_id, name, subject_identity FROM death_cancellation WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'minor_alert', '涉未警情', 'subject', row_key, resident_id, name, subject_identity FROM minor_alert WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'move_out', '户籍迁出', 'subject', row_key, resident_id, name, subject_identity FROM move_out WHERE subject_id_state = 'valid'
    UNION ALL
    SELECT 'residence', '居住登记', 'subject', row_key, resident_id, name, subject_identity FROM residence WHERE subject_id_state = 'valid'
),
foreign_row AS (
    SELECT n.extract, n.extract_title, n.role, n.row_key, n.resident_id, n.name
    FROM numbered n
    JOIN population p ON p.resident_id = n.resident_id AND p.resident_id_state = 'valid'
    WHERE p.resident_identity <> n.identity
      AND p.name <> n.name
)
SELECT extract, extract_title, role, resident_id, name, min(row_key) AS row_key
FROM foreign_row
GROUP BY extract, extract_title, role, resident_id, name
