-- ---
-- title = "近三个学年每学期一行：第一天、最后一天"
-- [params]
-- spring_after_months = { default = 5, title = "春季学期自9月1日起第几个月开始（默认2月1日）", status = "design_choice" }
-- ---
WITH school_year AS (
    SELECT add_months(school_year_start($as_of), 12 * n) AS first_day FROM (VALUES (-2), (-1), (0)) AS back (n)
)
SELECT first_day, add_months(first_day, $spring_after_months) - 1 AS last_day FROM school_year
UNION ALL
SELECT add_months(first_day, $spring_after_months), add_months(first_day, 12) - 1 FROM school_year
