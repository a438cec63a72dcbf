-- ---
-- title = "每条学籍一行：学生、年级（数字）、状态的含义、核定的出生日期、学校、入学年月"
-- ---
SELECT r.row_key, r.pupil_identity AS identity, r.pupil_grade AS match_grade, r.roll_number, r.school,
       r.grade AS grade_title, r.student_state, r.entry_month, r.left_behind, r.register_kind,
       s.enrolled, s.left_early, g.grade, coalesce(i.birth, r.pupil_birth) AS birth
FROM student_roll r
JOIN roll_states s ON s.label = r.student_state
LEFT JOIN grade_names g ON g.label = r.grade
LEFT JOIN identity i ON i.identity = r.pupil_identity
WHERE r.pupil_identity IS NOT NULL
