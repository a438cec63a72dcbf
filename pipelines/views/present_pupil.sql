-- ---
-- title = "每个在籍在读的学生一行：入学年月最晚的一条学籍"
-- ---
SELECT r.*
FROM (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY entry_month DESC NULLS LAST, row_key) AS nth
    FROM roll_row
    WHERE student_state = '在籍在读'
) r
WHERE r.nth = 1
