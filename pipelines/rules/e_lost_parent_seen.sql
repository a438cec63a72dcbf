-- ---
-- title = "失联父母有活动记录"
-- condition = "名册登记父或母失联并有认定日期，认定之后、规定月数以内，该父或母以本人有效证号办理过子女出生登记、居住登记、新参加社会保险或户籍变更更正。有活动不等于履行抚养，请核实。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population", "birth_registration", "student_roll", "residence", "insurance", "id_change", "judgment", "prison_term", "custody", "disability_card", "serious_illness", "death_cancellation", "death_certificate", "cremation", "benefit_payment"]
-- event = "month"
-- severity = "medium"
-- basis = ["de_facto_2020", "child_system_exit"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "名册登记{{ side_title }}自 {{ recorded_from }} 失联；认定之后有活动记录：{{ activity }}。有活动不等于履行抚养，疑似失联情形有变化，待核查，建议核实是否履责{% if suggested_last_month %}；查实已履行抚养的，建议末领年月 {{ suggested_last_month }}{% endif %}{% if months %}，有活动的当月起已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["是否本人（身份被冒用、自动续保）", "是否联系得上、是否履行抚养义务", "另一方现状，是否仍符合其他情形"]
-- [params]
-- within_months = { default = 12, title = "多少个月以内的活动才算", status = "sourced" }
-- [columns]
-- side_title = { title = "父或母", class = "relative" }
-- recorded_from = { title = "失联认定日期", class = "custody" }
-- activity = { title = "活动类型和月份", class = "relative" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- matrix = { title = "认定情形", class = "custody" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'parent_found'),
lost AS (
    SELECT r.*,
           -- A parent whom the register proves; the roll names the parent without a number.
           r.unproven_parent IS NULL
               AND coalesce(CASE r.side WHEN 'father' THEN c.father_identity = r.parent AND c.father_grade > 'B'
                                        ELSE c.mother_identity = r.parent AND c.mother_grade > 'B' END, false) AS vague
    FROM recorded_parent r
    JOIN child_roster c ON c.row_key = r.row_key
    WHERE code = 'LOST' AND r.benefit_status <> '已停发' AND recorded_from IS NOT NULL AND parent IS NOT NULL
      AND (link_grade IS NULL OR link_grade < 'L3')
),
-- Only rows that carry the parent's own valid number: a namesake's life is not theirs.
seen AS (
    SELECT father_identity AS parent, coalesce(registered_on, birth_date) AS seen_on, '为子女办理出生登记' AS word,
           'birth_registration' AS source, row_key
    FROM birth_registration WHERE father_grade = 'A'
    UNION ALL
    SELECT mother_identity, coalesce(registered_on, birth_date), '为子女办理出生登记', 'birth_registration', row_key
    FROM birth_registration WHERE mother_grade = 'A'
    UNION ALL
    SELECT subject_identity, resides_from, '办理居住登记', 'residence', row_key FROM residence WHERE subject_grade = 'A'
    UNION ALL
    SELECT subject_identity, insured_from, '新参加社会保险', 'insurance', row_key FROM insurance WHERE subject_grade = 'A'
    UNION ALL
    SELECT p.resident_identity, c.change_date, '办理户籍变更更正', 'population', p.row_key
    FROM id_change c
    JOIN population p ON p.person_number = c.person_number AND p.resident_grade = 'A'
),
recent AS (
    SELECT l.row_key, s.seen_on, month_of(s.seen_on) || ' ' || s.word AS what, s.source, s.row_key AS seen_row
    FROM lost l
    JOIN seen s ON s.parent = l.parent
    WHERE s.seen_on > l.recorded_from
      AND s.seen_on <= $known_until
      AND s.seen_on > add_months($known_until, -$within_months)
),
told AS (
    SELECT row_key, max(seen_on) AS newest, string_agg(DISTINCT what, '、' ORDER BY what) AS activity,
           array_agg(seen_row ORDER BY seen_row) FILTER (WHERE source = 'birth_registration') AS birth_rows,
           array_agg(seen_row ORDER BY seen_row) FILTER (WHERE source = 'residence') AS residence_rows,
           array_agg(seen_row ORDER BY seen_row) FILTER (WHERE source = 'insurance') AS insurance_rows,
           array_agg(seen_row ORDER BY seen_row) FILTER (WHERE source = 'population') AS population_rows
    FROM recent
    GROUP BY row_key
),
found AS (
    SELECT l.*, t.newest, t.activity, t.birth_rows, t.residence_rows, t.insurance_rows, t.population_rows,
           month_add(month_of(t.newest), s.months) AS stop_month
    FROM lost l
    JOIN told t ON t.row_key = l.row_key
    CROSS JOIN stop s
)
SELECT l.row_key AS subject_row_key,
       month_compact(month_of(l.newest)) AS event,
       l.side_title,
       l.recorded_from,
       l.activity,
       x.father_told,
       x.mother_told,
       x.matrix,
       l.newest AS event_date,
       l.stop_month AS effective_month,
       month_add(l.stop_month, -1) AS suggested_last_month,
       o.months,
       o.money,
       CASE WHEN l.vague THEN NULL ELSE l.parent END AS parent_identity,
       CASE WHEN l.unproven_parent IS NULL THEN l.population_row END AS evidence_population__link,
       CASE WHEN l.unproven_parent IS NULL THEN l.birth_row END AS evidence_birth_registration__link,
       l.row_key AS evidence_child_roster,
       l.birth_rows AS evidence_birth_registration,
       l.residence_rows AS evidence_residence,
       l.insurance_rows AS evidence_insurance,
       CASE WHEN l.vague THEN NULL ELSE l.population_rows END AS evidence_population,
       o.payments AS evidence_benefit_payment
FROM found l
LEFT JOIN paid_since o ON o.identity = l.identity AND o.scope = 'basic_living'
                       AND o.after_month < l.stop_month AND o.month >= l.stop_month
LEFT JOIN exit_matrix x ON x.row_key = l.row_key AND x.side = l.side
