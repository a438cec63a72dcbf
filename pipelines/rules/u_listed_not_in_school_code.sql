-- ---
-- title = "民政留守学籍未标"
-- condition = "名册登记为农村留守儿童、父母双方外出务工、未满规定年龄，而学籍登记为非留守；没有死亡记录。一方外出的口径不同，不列。"
-- list = "data_error"
-- subject = "student_roll.pupil"
-- reads = ["student_roll", "child_roster"]
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "info"
-- basis = ["three_year_plan", "personal_information_law#8"]
-- recipients = ["education"]
-- due_days = 20
-- reason = "民政儿童名册登记为农村留守儿童（父母双方外出），{{ school }}{{ grade_title }}学籍登记为{{ left_behind }}。两边口径不同（学籍为外出3个月以上），疑似学籍留守标记未更新，待核查更正，请学校纳入关爱"
-- verify = ["父母是否已有一方返乡", "学籍系统留守标记是否漏填", "口径不同的请说明，不作错误处理"]
-- [params]
-- under_age = { default = 16, title = "农村留守儿童年龄上限", status = "sourced" }
-- [columns]
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- left_behind = { title = "学籍留守登记", class = "watch_group" }
-- ---
-- Only both parents away is left behind by either definition; one parent away is a difference of words.
SELECT p.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       p.school,
       p.grade_title,
       p.left_behind,
       l.row_key AS evidence_child_roster
FROM present_pupil p
JOIN listed_child l ON l.identity = p.identity AND l.category = '农村留守儿童' AND l.nth_of_category = 1
WHERE p.left_behind = '非留守'
  AND l.father_state = '外出务工' AND l.mother_state = '外出务工'
  AND age_on(coalesce(l.birth, p.birth), $as_of) < $under_age
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = p.identity)
