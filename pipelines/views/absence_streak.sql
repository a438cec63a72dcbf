-- ---
-- title = "每个学生每段连续无故缺勤一行：起止日期、上学日天数、依据的行。周末不计；有请假依据、病假、事假不算；假期不算上学日，跨假期的缺勤按两段计"
-- ---
WITH days AS (
    SELECT a.subject_identity AS identity, a.absent_on, min(a.row_key) AS row_key, min(a.subject_grade) AS grade,
           CAST(a.absent_on AS INT) - 4 AS from_monday
    FROM absence a
    JOIN absence_kinds k ON k.label = a.absence_kind AND k.unexplained
    WHERE a.leave_proof IS NULL AND a.subject_identity IS NOT NULL AND a.subject_grade < 'D' AND a.absent_on <= $as_of
    GROUP BY a.subject_identity, a.absent_on
),
-- The n-th weekday since a Monday: Friday and the next Monday are neighbours.
weekdays AS (
    SELECT *, (from_monday / 7) * 5 + from_monday % 7 AS nth_weekday FROM days WHERE from_monday % 7 < 5
),
runs AS (
    SELECT *, nth_weekday - row_number() OVER (PARTITION BY identity ORDER BY nth_weekday) AS run FROM weekdays
)
SELECT identity, min(absent_on) AS first_day, max(absent_on) AS last_day, count(*) AS days, max(grade) AS grade,
       array_agg(row_key ORDER BY row_key) AS absence_rows
FROM runs
GROUP BY identity, run
