-- ---
-- title = "福彩圆梦条件变化"
-- condition = "仍有福彩圆梦助学金发放，而（一）收养登记仍有效且没有有效残疾人证，（二）学籍库最近为未完成离校且没有其他在读学籍，或（三）名册从未在满18周岁前认定为孤儿，也没有孤儿基本生活费发放。只凭反证，查不到学籍不算。"
-- list = "benefit_exit"
-- subject = "benefit_payment.subject"
-- reads = ["benefit_payment"]
-- optional_reads = ["child_roster", "adoption", "student_roll", "roll_change", "disability_card", "move_out"]
-- whole = ["child_roster", "student_roll", "benefit_payment"]
-- event = "day_or_school_year"
-- severity = "medium"
-- basis = ["study_grant_2025"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "福彩圆梦助学金所属 {{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月发放成功，共 {{ money | yuan }} 元；{{ new_fact }}。疑似资助条件已变化，待核查{% if suggested_last_month %}；建议末领年月 {{ suggested_last_month }}{% endif %}"
-- verify = ["是否已在其他学校连续就读（高校、中职不在学籍库内）", "是否残疾孤儿被收养（可继续享受）", "满18周岁以前是否曾认定为孤儿"]
-- [columns]
-- new_fact = { title = "变化", class = "relative" }
-- first_month = { title = "首个疑似月份", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
-- Only positive evidence: whoever is on no roll may study where the roll does not reach.
WITH grant_month AS (
    SELECT identity, month, amount, row_key, grade FROM paid_month WHERE program = 'study_grant'
),
person AS (SELECT DISTINCT g.identity, i.birth FROM grant_month g JOIN identity i ON i.identity = g.identity),
stop AS (SELECT months FROM stop_month WHERE cause = 'adopted'),
departure AS (
    SELECT subject_identity AS identity, change_date, row_key,
           row_number() OVER (PARTITION BY subject_identity ORDER BY change_date DESC, row_key) AS nth
    FROM roll_change
    WHERE change_kind = '退学' AND subject_grade <= 'B' AND change_date <= $known_until
),
recognised AS (
    SELECT c.child_identity AS identity, bool_or(k.orphan) AS orphan, min(CASE WHEN k.orphan THEN c.registered_on END) AS since,
           string_agg(DISTINCT k.public_label, '、' ORDER BY k.public_label) AS labels, min(c.row_key) AS roster_row
    FROM child_roster c
    JOIN child_categories k ON k.label = c.category
    WHERE c.child_identity IS NOT NULL AND c.child_grade < 'D'
    GROUP BY c.child_identity
),
lost AS (
    SELECT p.identity, 1 AS rank, a.registered_on AS since, month_add(month_of(a.registered_on), s.months) AS from_month,
           CAST(a.registered_on AS VARCHAR) || ' 收养登记，未见解除或撤销，也无有效残疾人证' AS new_fact,
           a.row_key AS adoption_row, CAST(NULL AS VARCHAR) AS roll_row, CAST(NULL AS VARCHAR) AS change_row, CAST(NULL AS VARCHAR) AS roster_row
    FROM person p
    JOIN adopted a ON a.identity = p.identity
    JOIN adoption r ON r.row_key = a.row_key AND r.subject_grade < 'D'
    CROSS JOIN stop s
    WHERE NOT EXISTS (SELECT 1 FROM card_standing k WHERE k.identity = p.identity AND k.effect = 'in_force')
    UNION ALL
    SELECT p.identity, 2, d.change_date, coalesce(month_add(month_of(d.change_date), t.months), month_of(school_year_start($known_until))),
           '学籍库最近记录为' || l.last_school || coalesce('（' || CAST(d.change_date AS VARCHAR) || '）', '') || '，未见其他在读学籍',
           NULL, l.row_key, d.row_key, NULL
    FROM person p
    JOIN last_roll l ON l.identity = p.identity AND l.left_early AND NOT l.studies
    LEFT JOIN departure d ON d.identity = p.identity AND d.nth = 1
    JOIN stop_month t ON t.cause = 'school_ended'
    UNION ALL
    SELECT p.identity, 3, NULL, '0000-00',
           CASE WHEN r.orphan THEN '名册登记为孤儿的日期（' || CAST(r.since AS VARCHAR) || '）在满18周岁之后'
                ELSE '儿童名册登记为' || r.labels || '，不是孤儿' END,
           NULL, NULL, NULL, r.roster_row
    FROM person p
    JOIN recognised r ON r.identity = p.identity
    WHERE coalesce(CASE WHEN r.orphan THEN r.since >= add_months(p.birth, 216) ELSE true END, false)
      AND NOT EXISTS (SELECT 1 FROM paid_month o WHERE o.identity = p.identity AND o.program = 'orphan' AND o.grade <= 'B')
),
first_loss AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank) AS nth FROM lost
),
over_paid AS (
    SELECT l.*, g.month, g.amount, g.row_key, g.grade, min(g.grade) OVER (PARTITION BY l.identity) AS best_grade
    FROM first_loss l
    JOIN grant_month g ON g.identity = l.identity AND g.month >= l.from_month
    WHERE l.nth = 1
)
SELECT first_value(row_key ORDER BY month, row_key) AS subject_row_key,
       coalesce(CAST(since AS VARCHAR), school_year_of($known_until)) AS event,
       new_fact,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       sum(amount) AS money,
       since AS event_date,
       -- Whoever never was entitled has no last month.
       CASE WHEN rank < 3 THEN from_month END AS effective_month,
       CASE WHEN rank < 3 THEN month_add(from_month, -1) END AS suggested_last_month,
       CASE WHEN adoption_row IS NOT NULL THEN (SELECT doubt FROM cards_absent) END AS annex_reason,
       array_agg(row_key ORDER BY row_key) AS evidence_benefit_payment,
       adoption_row AS evidence_adoption,
       roll_row AS evidence_student_roll,
       change_row AS evidence_roll_change,
       roster_row AS evidence_child_roster
FROM over_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY identity, rank, since, from_month, new_fact, adoption_row, roll_row, change_row, roster_row
