-- ---
-- title = "福彩圆梦·孤儿助学"
-- order = 10
-- class = "money"
-- basis = ["study_grant_2025"]
-- reads = ["child_roster", "benefit_payment"]
-- optional_reads = ["population", "move_out", "death_cancellation", "death_certificate", "cremation", "adoption", "student_roll", "social_relief", "disability_subsidy", "disability_card"]
-- gap_rules = ["u_fucai_missing"]
-- enjoyed = { title = "本学年有福彩圆梦助学金发放", seen_in = ["benefit_payment"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- of_age = { title = "已满18周岁", missing = "出生日期" }
-- recognised = { title = "满18周岁以前认定为孤儿", seen_in = ["child_roster"], missing = "认定为孤儿的日期" }
-- studying = { title = "满18周岁后连续在读（普通高中、中职、高校、全日制硕士）", missing = "高校、中职学籍（不在本市学籍库）" }
-- not_adopted = { title = "没有有效的收养登记（残疾孤儿被收养的除外）", denied_in = ["adoption"] }
-- ---
WITH recognised AS (
    SELECT c.child_identity AS identity, min(c.registered_on) AS registered_on, min(c.row_key) AS row_key
    FROM child_roster c
    JOIN child_categories k ON k.label = c.category AND k.orphan
    WHERE c.child_identity IS NOT NULL AND c.child_grade <= 'B'
    GROUP BY c.child_identity
),
granted AS (
    SELECT identity, array_agg(row_key ORDER BY row_key) AS payment_rows
    FROM paid_month
    WHERE program = 'study_grant' AND month >= month_of(school_year_start($known_until))
    GROUP BY identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       g.identity IS NOT NULL AS enjoyed,
       c.alive,
       c.age >= 18 AS of_age,
       CASE WHEN o.identity IS NULL THEN false ELSE o.registered_on < add_months(c.birth, 216) END AS recognised,
       CASE WHEN r.grade_title IN $grades THEN true END AS studying,
       a.identity IS NULL OR coalesce(k.effect = 'in_force', false) AS not_adopted,
       b.excluded_by,
       CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END AS doubt,
       CASE WHEN $known_until < add_months(school_year_start($known_until), $hold_months) THEN '申请审批期内，暂不列出' END AS unlisted,
       o.row_key AS evidence_child_roster,
       r.row_key AS evidence_student_roll,
       g.payment_rows AS evidence_benefit_payment
FROM policy_child c
LEFT JOIN recognised o ON o.identity = c.identity
LEFT JOIN present_pupil r ON r.identity = c.identity
LEFT JOIN adopted a ON a.identity = c.identity
LEFT JOIN card_standing k ON k.identity = c.identity
LEFT JOIN granted g ON g.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'study_grant'
