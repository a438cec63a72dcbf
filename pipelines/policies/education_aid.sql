-- ---
-- title = "教育资助"
-- order = 9
-- class = "watch_group"
-- basis = ["social_relief_measures#33", "three_year_plan"]
-- reads = ["student_roll"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation", "education_aid", "social_relief", "disability_card"]
-- gap_rules = ["u_edu_aid_missing"]
-- enjoyed = { title = "本学期有教育资助记录", seen_in = ["education_aid"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- in_school = { title = "在籍在读", seen_in = ["student_roll"] }
-- aid_group = { title = "困境类儿童、社会救助家庭成员或持有效残疾人证", seen_in = ["child_roster", "social_relief", "disability_card"] }
-- ---
WITH aided AS (
    SELECT e.identity, array_agg(e.row_key ORDER BY e.row_key) AS aid_rows
    FROM aid_term e
    WHERE e.school_year = school_year_of($known_until) AND $known_until < e.counts_until
    GROUP BY e.identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       a.identity IS NOT NULL AS enjoyed,
       c.alive,
       r.identity IS NOT NULL AS in_school,
       g.identity IS NOT NULL AS aid_group,
       CASE WHEN r.match_grade > 'B' THEN '学籍与本人的匹配较弱，疑似同人待确认' END AS doubt,
       CASE WHEN $known_until < add_months(school_year_start($known_until), $hold_months) THEN '资助评审期内，暂不列出' END AS unlisted,
       r.row_key AS evidence_student_roll,
       a.aid_rows AS evidence_education_aid
FROM policy_child c
LEFT JOIN present_pupil r ON r.identity = c.identity
LEFT JOIN aid_group g ON g.identity = c.identity
LEFT JOIN aided a ON a.identity = c.identity
