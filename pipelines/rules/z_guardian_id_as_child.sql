-- ---
-- title = "监护人证误填为儿童证"
-- condition = "儿童名册或学籍中儿童的证号与同行监护人、父母或家庭成员的证号相同；或按证号已满18周岁而登记的出生日期未满18周岁。"
-- list = "data_error"
-- subject = "*"
-- reads = []
-- optional_reads = ["child_roster", "student_roll"]
-- event = "extract"
-- severity = "info"
-- basis = ["personal_information_law#8", "resident_id_standard"]
-- recipients = ["owner"]
-- due_days = 20
-- reason = "《{{ extract_title }}》中{{ problem }}。疑似把监护人的证号填在儿童证号栏，待核查更正"
-- verify = ["对照儿童户口簿更正", "本人确已成年的，请说明（超龄续发、成年学生）"]
-- [params]
-- last_grade = { default = 12, title = "按号码已满18周岁才可疑的最高年级", status = "design_choice" }
-- [columns]
-- problem = { title = "问题" }
-- ---
WITH numbered AS (
    SELECT 'child_roster' AS extract, '儿童名册' AS extract_title, 'child' AS role, row_key, resident_id, child_id_state AS id_state,
           birth_date, coalesce(benefit_status, '') <> '超龄续发' AS young,
           CASE WHEN resident_id = guardian_id THEN '监护人' WHEN resident_id = father_id THEN '父亲'
                WHEN resident_id = mother_id THEN '母亲' END AS same_as
    FROM child_roster
    WHERE status = '登记在册' AND resident_id IS NOT NULL
    UNION ALL
    SELECT 'student_roll', '学籍', 'pupil', r.row_key, r.resident_id, r.pupil_id_state, r.birth_date, g.grade <= $last_grade,
           CASE WHEN r.resident_id IN (r.member_1_id, r.member_2_id) THEN '家庭成员' END
    FROM student_roll r
    JOIN roll_states s ON s.label = r.student_state AND s.enrolled
    LEFT JOIN grade_names g ON g.label = r.grade
    WHERE r.resident_id IS NOT NULL
),
aged AS (
    SELECT *, CASE WHEN id_state = 'valid'
                   THEN TRY_CAST(substr(resident_id, 7, 4) || '-' || substr(resident_id, 11, 2) || '-'
                                 || substr(resident_id, 13, 2) AS DATE) END AS id_birth
    FROM numbered
)
SELECT row_key AS subject_row_key,
       extract AS subject_extract,
       role AS subject_role,
       extract AS event,
       extract_title,
       CASE WHEN same_as IS NOT NULL THEN '儿童证号与同行' || same_as || '的证号相同'
            ELSE '按证号已满 18 周岁，与登记的出生日期不符' END AS problem
FROM aged
-- The child's number is called malformed where it is a relative's: that very thing is looked for here.
WHERE (same_as IS NOT NULL AND id_state IN ('valid', 'malformed'))
   OR (id_state = 'valid' AND young AND id_birth <= add_months($as_of, -216) AND birth_date > add_months($as_of, -216))
