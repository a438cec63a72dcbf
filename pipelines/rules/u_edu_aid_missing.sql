-- ---
-- title = "困境学生未享教育资助"
-- condition = "在籍在读，是名册困境类儿童、在保低保或特困家庭成员，或持有效残疾人证（后两项按参数），本学期（评审期满后）没有教育资助记录，没有死亡记录。秋季学期的资助作数到春季学期评审期满，写全学年的作数到学年结束。"
-- list = "uncovered"
-- subject = "student_roll.pupil"
-- reads = ["student_roll"]
-- absent_from = "education_aid.subject"
-- optional_reads = ["child_roster", "social_relief", "disability_card", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "info"
-- basis = ["social_relief_measures#33", "three_year_plan"]
-- recipients = ["education"]
-- due_days = 20
-- reason = "{{ school }}{{ grade_title }}在读，{{ group }}，{{ school_year }} 学年{% if autumn_only %}春季学期{% endif %}截至 {{ known_until }} 无教育资助记录。疑似应享未享资助，待核查"
-- verify = ["是否未申请或家庭放弃", "是否在其他学校或渠道享受", "资助名册是否尚未汇总"]
-- [params]
-- hold_months = { default = 2, title = "自9月1日起暂缓列出的月数（资助评审期）", status = "design_choice" }
-- [columns]
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- group = { title = "身份类别", class = "watch_group" }
-- ---
SELECT p.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       p.school,
       p.grade_title,
       l.label AS "group",
       y.identity IS NOT NULL AS autumn_only,
       $known_until AS known_until
FROM present_pupil p
JOIN aid_group l ON l.identity = p.identity
LEFT JOIN (SELECT DISTINCT identity FROM aid_term WHERE school_year = school_year_of($known_until)) y ON y.identity = p.identity
WHERE p.match_grade <= 'B'
  AND $known_until >= add_months(school_year_start($known_until), $hold_months)
  AND NOT EXISTS (
      SELECT 1 FROM aid_term e
      WHERE e.identity = p.identity AND e.school_year = school_year_of($known_until) AND $known_until < e.counts_until
  )
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = p.identity)
