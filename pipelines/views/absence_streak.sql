-- ---
-- title = "每个学生每段连续无故缺勤一行：起止日期、上学日天数、依据的行。周末不计；有请假依据、病假、事假不算；假期不算上学日，跨假期的缺勤按两段计"
-- ---
-- The n-th weekday since a Monday: Friday and the next Monday are neighbours.
WITH weekdays AS (
    SELECT *, ((CAST(absent_on AS INT) - 4) / 7) * 5 + (CAST(absent_on AS INT) - 4) % 7 AS nth_weekday FROM absence_day
),
runs AS (
    SELECT *, nth_weekday - row_number() OVER (PARTITION BY identity ORDER BY nth_weekday) AS run FROM weekdays
)
SELECT identity, min(absent_on) AS first_day, max(absent_on) AS last_day, count(*) AS days, max(grade) AS grade,
       array_agg(row_key ORDER BY row_key) AS absence_rows
FROM runs
GROUP BY identity, run
