-- ---
-- title = "每个父母双方都有符合情形状态的未成年人一行：双方的状态、依据、父母状态对照的结果"
-- ---
SELECT f.child, f.parent AS father, m.parent AS mother, greatest(f.link_grade, m.link_grade) AS link_grade,
       -- Parents whom a paper names with their number are proven; a row that names them without one proves nothing
       -- against it.
       CASE WHEN f.grade > 'B' THEN f.parent END AS unproven_father, CASE WHEN m.grade > 'B' THEN m.parent END AS unproven_mother,
       x.result, a.class AS father_class, b.class AS mother_class,
       a.code AS father_code, a.label AS father_title, a.from_date AS father_from, a.source_title AS father_source, a.told AS father_told,
       b.code AS mother_code, b.label AS mother_title, b.from_date AS mother_from, b.source_title AS mother_source, b.told AS mother_told,
       CASE WHEN greatest(f.link_grade, m.link_grade) = 'L3' THEN '父母关系仅见于学籍家庭成员，待确认'
            ELSE coalesce(a.note, b.note) END AS doubt,
       f.population_row AS population_row, f.birth_row AS father_birth_row, m.birth_row AS mother_birth_row,
       f.roll_row AS father_roll_row, m.roll_row AS mother_roll_row,
       a.judgment_row AS father_judgment, a.card_row AS father_card, a.prison_row AS father_prison,
       a.custody_row AS father_custody, a.illness_row AS father_illness, a.roster_row AS father_roster,
       a.cancellation_rows AS father_cancellation, a.certificate_rows AS father_certificate, a.cremation_rows AS father_cremation,
       b.judgment_row AS mother_judgment, b.card_row AS mother_card, b.prison_row AS mother_prison,
       b.custody_row AS mother_custody, b.illness_row AS mother_illness, b.roster_row AS mother_roster,
       b.cancellation_rows AS mother_cancellation, b.certificate_rows AS mother_certificate, b.cremation_rows AS mother_cremation
FROM parent_link f
JOIN parent_standing a ON a.identity = f.parent
JOIN parent_link m ON m.child = f.child AND m.side = 'mother'
JOIN parent_standing b ON b.identity = m.parent
JOIN parent_state_matrix x ON x.father_class = a.class AND x.mother_class = b.class AND x.eligible
WHERE f.side = 'father'
