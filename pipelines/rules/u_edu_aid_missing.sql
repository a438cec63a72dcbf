-- ---
-- title = "困境学生未享教育资助"
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
-- reason = "{{ school }}{{ grade_title }}在读，{{ group }}，{{ school_year }} 学年截至 {{ known_until }} 无教育资助记录。疑似应享未享资助，待核查"
-- verify = ["是否未申请或家庭放弃", "是否在其他学校或渠道享受", "资助名册是否尚未汇总"]
-- [params]
-- hold_months = { default = 2, title = "自9月1日起暂缓列出的月数（资助评审期）", status = "design_choice" }
-- relief_kinds = { default = ["低保", "特困"], title = "可享受教育资助的救助类别", status = "to_confirm" }
-- include_card = { default = true, title = "持有效残疾人证的学生是否列出", status = "to_confirm" }
-- [columns]
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- group = { title = "身份类别", class = "watch_group" }
-- ---
WITH entitled AS (
    SELECT identity, min(public_label) AS label, 1 AS rank FROM listed_child WHERE in_difficulty AND grade <= 'B' GROUP BY identity
    UNION ALL
    SELECT identity, '社会救助家庭', 2 FROM relief_member WHERE relief_kind IN $relief_kinds AND grade <= 'B'
    UNION ALL
    SELECT identity, '持残疾人证', 3 FROM card_standing WHERE effect = 'in_force' AND grade <= 'B' AND $include_card
),
labelled AS (
    SELECT identity, label, row_number() OVER (PARTITION BY identity ORDER BY rank, label) AS nth FROM entitled
),
pupil AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.identity ORDER BY r.entry_month DESC NULLS LAST, r.row_key) AS nth
    FROM roll_row r
    WHERE r.student_state = '在籍在读'
)
SELECT p.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       p.school,
       p.grade_title,
       l.label AS "group",
       $known_until AS known_until
FROM pupil p
JOIN labelled l ON l.identity = p.identity AND l.nth = 1
WHERE p.nth = 1
  AND p.match_grade <= 'B'
  AND $known_until >= add_months(school_year_start($known_until), $hold_months)
  -- A term is written 2026秋季, 2027春季 or 2026-2027-1: any term of this school year counts.
  AND NOT EXISTS (
      SELECT 1 FROM education_aid e
      WHERE e.subject_identity = p.identity
        AND substr(e.term, 1, 4) = CASE WHEN e.term LIKE '%春%' THEN substr(school_year_of($known_until), 6, 4)
                                        ELSE substr(school_year_of($known_until), 1, 4) END
  )
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = p.identity)
