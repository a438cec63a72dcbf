-- ---
-- title = "疑似孤儿未纳入"
-- list = "uncovered"
-- subject = "population.resident"
-- reads = ["population", "death_cancellation"]
-- absent_from = "child_roster.child"
-- optional_reads = ["birth_registration", "student_roll", "judgment", "adoption", "death_certificate", "cremation", "disability_card", "prison_term", "custody", "serious_illness"]
-- event = "day"
-- severity = "high"
-- basis = ["orphan_support_2010", "minor_protection_law#94", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，父亲 {{ father_from }} {{ father_title }}（{{ father_source }}），母亲 {{ mother_from }} {{ mother_title }}（{{ mother_source }}），父母关系依据 {{ link_grade }}，儿童名册无孤儿登记、无收养登记。疑似孤儿未纳入保障，待核查"
-- verify = ["父母关系是否属实（继父母、养父母）", "是否已被收养", "是否本月正在审批", "现由谁照护"]
-- [columns]
-- age = { title = "年龄" }
-- father_title = { title = "父亲情况", class = "relative" }
-- father_from = { title = "父亲情况日期", class = "relative" }
-- mother_title = { title = "母亲情况", class = "relative" }
-- mother_from = { title = "母亲情况日期", class = "relative" }
-- link_grade = { title = "父母关系依据" }
-- ---
WITH gone AS (
    SELECT identity, code, from_date, source_title, source, row_key,
           row_number() OVER (PARTITION BY identity ORDER BY from_date, code, row_key) AS nth
    FROM parent_state
    WHERE class = 'D' AND counts AND from_date <= $known_until
),
lost AS (
    -- A parent whom one paper names with the number is proven; a row that names nobody's number adds nothing.
    SELECT l.child, l.side, CASE WHEN l.grade > 'B' THEN l.parent END AS unproven, l.link_grade, l.birth_row, l.roll_row,
           g.code, g.from_date, g.source_title, CASE g.source WHEN 'judgment' THEN g.row_key END AS judgment_row,
           d.cancellation_rows, d.certificate_rows, d.cremation_rows
    FROM parent_link l
    JOIN gone g ON g.identity = l.parent AND g.nth = 1
    LEFT JOIN death d ON d.identity = l.parent AND g.source = 'death'
),
child AS (
    SELECT p.row_key, p.resident_identity AS identity, p.resident_birth AS birth,
           row_number() OVER (PARTITION BY p.resident_identity ORDER BY p.row_key) AS nth
    FROM population p
    WHERE p.cancel_state = '正常' AND p.resident_birth > add_months($as_of, -216)
)
SELECT c.row_key AS subject_row_key,
       CAST(greatest(f.from_date, m.from_date) AS VARCHAR) AS event,
       age_on(c.birth, $as_of) AS age,
       CASE f.code WHEN 'DEAD' THEN '死亡' ELSE '宣告失踪' END AS father_title,
       f.from_date AS father_from,
       f.source_title AS father_source,
       CASE m.code WHEN 'DEAD' THEN '死亡' ELSE '宣告失踪' END AS mother_title,
       m.from_date AS mother_from,
       m.source_title AS mother_source,
       greatest(f.link_grade, m.link_grade) AS link_grade,
       CASE WHEN greatest(f.link_grade, m.link_grade) = 'L3' THEN '父母关系仅见于学籍家庭成员，待确认' END AS annex_reason,
       f.unproven AS father_identity,
       m.unproven AS mother_identity,
       c.row_key AS evidence_population,
       f.birth_row AS evidence_birth_registration__father,
       m.birth_row AS evidence_birth_registration__mother,
       f.roll_row AS evidence_student_roll__father,
       m.roll_row AS evidence_student_roll__mother,
       f.cancellation_rows AS evidence_death_cancellation__father,
       f.certificate_rows AS evidence_death_certificate__father,
       f.cremation_rows AS evidence_cremation__father,
       f.judgment_row AS evidence_judgment__father,
       m.cancellation_rows AS evidence_death_cancellation__mother,
       m.certificate_rows AS evidence_death_certificate__mother,
       m.cremation_rows AS evidence_cremation__mother,
       m.judgment_row AS evidence_judgment__mother
FROM child c
JOIN lost f ON f.child = c.identity AND f.side = 'father'
JOIN lost m ON m.child = c.identity AND m.side = 'mother'
WHERE c.nth = 1
  AND NOT EXISTS (
      SELECT 1 FROM child_roster r
      JOIN child_categories k ON k.label = r.category AND k.orphan
      WHERE r.child_identity = c.identity AND r.status = '登记在册'
  )
  AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
