-- ---
-- title = "每笔教育资助一行：受助人、匹配等级、所属学年（2026秋季、2027春季、2026-2027-1 都属于 2026-2027）"
-- ---
SELECT subject_identity AS identity, subject_grade AS grade, row_key,
       school_year_of(month_first_day(substr(term, 1, 4) || CASE WHEN term LIKE '%春%' THEN '-03' ELSE '-09' END)) AS school_year
FROM education_aid
WHERE subject_identity IS NOT NULL
