-- ---
-- title = "每笔教育资助一行：受助人、匹配等级、所属学年（2026秋季、2027春季、2026-2027-1 都属于 2026-2027）、作数到哪一天之前：秋季学期的到春季学期评审期满，春季学期和全学年的到学年结束"
-- [params]
-- autumn_months = { default = 7, title = "秋季学期的资助自9月1日起作数的月数（春季学期约2月开学，加评审期）", status = "design_choice" }
-- ---
WITH aid AS (
    SELECT subject_identity AS identity, subject_grade AS grade, row_key,
           school_year_start(month_first_day(substr(term, 1, 4) || CASE WHEN term LIKE '%春%' THEN '-03' ELSE '-09' END)) AS year_start,
           term LIKE '%秋%' OR term LIKE '%-1' OR term LIKE '%第一学期%' OR term LIKE '%上学期%' AS autumn
    FROM education_aid
    WHERE subject_identity IS NOT NULL
)
SELECT identity, grade, row_key, school_year_of(year_start) AS school_year,
       add_months(year_start, CASE WHEN autumn THEN $autumn_months ELSE 12 END) AS counts_until
FROM aid
