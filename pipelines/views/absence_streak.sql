-- ---
-- title = "每个学生每段连续无故缺勤一行：起止日期、上学日天数、依据的行。有请假依据、病假、事假不算；周末和日历所列假期不算上学日，前后的缺勤相连；日历没有填写的假期把缺勤分成两段"
-- ---
-- Friday and the next Monday are neighbours, and so are the days before and after a holiday that the calendar knows.
WITH runs AS (
    SELECT *, nth - row_number() OVER (PARTITION BY identity ORDER BY nth) AS run FROM absence_day
)
SELECT identity, min(absent_on) AS first_day, max(absent_on) AS last_day, count(*) AS days, max(grade) AS grade,
       array_agg(row_key ORDER BY row_key) AS absence_rows
FROM runs
GROUP BY identity, run
