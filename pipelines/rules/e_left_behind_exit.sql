-- ---
-- title = "留守名册清退"
-- condition = "名册登记为农村留守儿童，而已满退出年龄，或户籍迁往市外，或名册登记父或母在家、随父或母在本市居住登记满规定月数，或（按参数）父母登记在册之后在本市单位新参保满规定月数；没有死亡记录。不涉及资金。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population", "birth_registration", "student_roll", "residence", "insurance", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "info"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "名册类别为{{ category }}；{{ new_fact }}。疑似不再符合农村留守儿童情形，待核查（名册清退，不涉及资金）"
-- verify = ["父母是否只是季节性返乡", "儿童现由谁照护、在何处就读", "是否应转为流动儿童或其他类别"]
-- [params]
-- categories = { default = ["农村留守儿童"], title = "按留守登记的儿童类别", status = "sourced" }
-- leave_age_months = { default = 192, title = "满多少个月龄退出名册（16周岁）", status = "sourced" }
-- back_months = { default = 3, title = "父母返乡、儿童随父母居住满多少个月才列", status = "design_choice" }
-- home_states = { default = ["正常"], title = "名册中表示父母在家的情况", status = "design_choice" }
-- insurance_counts = { default = false, title = "父母登记在册之后在本市单位新参保，是否视为返乡", status = "to_confirm" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- new_fact = { title = "变化", class = "relative" }
-- ---
WITH child AS (
    SELECT row_key, identity, category, birth, registered_on, father_state, father_state_from, mother_state, mother_state_from
    FROM listed_child
    WHERE nth_of_category = 1 AND category IN $categories
),
edge AS (SELECT add_months($known_until, -$back_months) AS since),
-- The parents' paper that proves whose child it is: a namesake's residence or job says nothing.
parent AS (
    SELECT child, parent, CASE side WHEN 'father' THEN '父亲' ELSE '母亲' END AS side_title, population_row, birth_row
    FROM parent_link
    WHERE grade <= 'B'
),
reasons AS (
    SELECT c.row_key, add_months(c.birth, $leave_age_months) AS since, 1 AS rank,
           CAST(add_months(c.birth, $leave_age_months) AS VARCHAR) || ' 已满退出年龄' AS new_fact, CAST(NULL AS BIGINT) AS parent,
           CAST(NULL AS VARCHAR) AS residence_row, CAST(NULL AS VARCHAR) AS insurance_row, CAST(NULL AS VARCHAR) AS move_row
    FROM child c
    WHERE add_months(c.birth, $leave_age_months) <= $known_until
    UNION ALL
    SELECT c.row_key, m.moved_on, 2, '户籍于 ' || CAST(m.moved_on AS VARCHAR) || ' 迁往市外', NULL, NULL, NULL, m.row_key
    FROM child c
    JOIN move_out m ON m.subject_identity = c.identity AND m.subject_grade < 'D'
    WHERE m.move_kind = '市外' AND m.moved_on <= $known_until
    UNION ALL
    SELECT c.row_key, c.father_state_from, 3, '名册登记父亲自 ' || CAST(c.father_state_from AS VARCHAR) || ' 起' || c.father_state, NULL, NULL, NULL, NULL
    FROM child c
    CROSS JOIN edge e
    WHERE c.father_state IN $home_states AND c.father_state_from <= e.since
    UNION ALL
    SELECT c.row_key, c.mother_state_from, 3, '名册登记母亲自 ' || CAST(c.mother_state_from AS VARCHAR) || ' 起' || c.mother_state, NULL, NULL, NULL, NULL
    FROM child c
    CROSS JOIN edge e
    WHERE c.mother_state IN $home_states AND c.mother_state_from <= e.since
    UNION ALL
    SELECT c.row_key, r.resides_from, 4, '自 ' || CAST(r.resides_from AS VARCHAR) || ' 起随' || p.side_title || '居住登记', p.parent, r.row_key, NULL, NULL
    FROM child c
    CROSS JOIN edge e
    JOIN residence r ON r.child_identity = c.identity AND r.child_grade <= 'B' AND r.subject_grade <= 'B'
    JOIN parent p ON p.child = c.identity AND p.parent = r.subject_identity
    WHERE r.status = '有效' AND r.resides_from <= e.since
    UNION ALL
    SELECT c.row_key, i.insured_from, 5, p.side_title || '自 ' || month_of(i.insured_from) || ' 起在本市单位参保', p.parent, NULL, i.row_key, NULL
    FROM child c
    CROSS JOIN edge e
    JOIN parent p ON p.child = c.identity
    JOIN insurance i ON i.subject_identity = p.parent AND i.subject_grade = 'A'
    WHERE $insurance_counts AND i.insured_from > c.registered_on AND i.insured_from <= e.since AND i.insured_status NOT LIKE '%停%'
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY row_key ORDER BY rank, since DESC, new_fact, residence_row, insurance_row, move_row) AS nth FROM reasons
)
SELECT r.row_key AS subject_row_key,
       CAST(r.since AS VARCHAR) AS event,
       c.category,
       r.new_fact,
       r.parent AS parent_identity,
       r.row_key AS evidence_child_roster,
       r.residence_row AS evidence_residence,
       r.insurance_row AS evidence_insurance,
       r.move_row AS evidence_move_out
FROM ranked r
JOIN child c ON c.row_key = r.row_key
WHERE r.nth = 1
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
