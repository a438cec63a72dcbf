-- ---
-- title = "每个学生一行：最近一条学籍、按学制应毕业的日期，是否另有在读学籍"
-- ---
WITH ranked AS (
    SELECT identity, row_key, school || grade_title || student_state AS last_school, student_state, left_early, grade,
           month_first_day(month_add(entry_month, 33)) AS due_on,
           bool_or(enrolled) OVER (PARTITION BY identity) AS studies,
           row_number() OVER (PARTITION BY identity ORDER BY entry_month DESC NULLS LAST, row_key) AS nth
    FROM roll_row
)
SELECT identity, row_key, last_school, student_state, left_early, grade, due_on, studies FROM ranked WHERE nth = 1
