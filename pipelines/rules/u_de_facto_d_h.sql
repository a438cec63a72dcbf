-- ---
-- title = "一方死亡或宣告失踪、另一方符合情形未纳入"
-- list = "uncovered"
-- subject = "population.resident"
-- reads = ["population", "death_cancellation"]
-- absent_from = "child_roster.child"
-- optional_reads = ["birth_registration", "student_roll", "judgment", "adoption", "death_certificate", "cremation", "disability_card", "prison_term", "custody", "serious_illness"]
-- event = "day"
-- severity = "high"
-- basis = ["de_facto_2019", "de_facto_2020", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ gone_side }} {{ gone_from }} {{ gone_title }}（{{ gone_source }}），{{ other_side }}自 {{ other_from }} {{ other_title }}（{{ other_source }}），父母关系依据 {{ link_grade }}，儿童名册无相应登记。按父母状态对照，疑似{{ result }}未纳入保障，待核查"
-- verify = ["父母关系是否属实（继父母、养父母）", "另一方状态是否满6个月、是否仍有效", "另一方是否在外再婚、抚养权归属", "现由谁照护"]
-- [columns]
-- age = { title = "年龄" }
-- gone_side = { title = "死亡或失踪一方", class = "relative" }
-- gone_from = { title = "死亡或失踪日期", class = "relative" }
-- other_side = { title = "另一方", class = "relative" }
-- other_title = { title = "另一方情形", class = "custody" }
-- other_from = { title = "另一方情形起始", class = "custody" }
-- link_grade = { title = "父母关系依据" }
-- result = { title = "对照结果" }
-- ---
WITH gone AS (
    SELECT identity, code, from_date, source_title, source, row_key,
           row_number() OVER (PARTITION BY identity ORDER BY from_date, code, row_key) AS nth
    FROM parent_state
    WHERE class = 'D' AND counts AND from_date <= $known_until
),
unable AS (
    SELECT u.identity, u.code, u.from_date, u.source_title, u.source, u.row_key, u.note, n.label,
           row_number() OVER (
               PARTITION BY u.identity
               ORDER BY CASE WHEN u.note IS NULL THEN 0 ELSE 1 END, CASE WHEN u.grade <= 'B' THEN 0 ELSE 1 END,
                        u.from_date NULLS LAST, u.code, u.row_key
           ) AS nth
    FROM parent_state u
    JOIN parent_state_codes n ON n.code = u.code
    WHERE u.class = 'H' AND u.counts
),
pairs AS (
    SELECT g.child, g.parent AS gone_parent, o.parent AS other_parent, g.side AS gone_side,
           -- A parent whom one paper names with the number is proven; a row that names nobody's number adds nothing.
           CASE WHEN g.grade > 'B' THEN g.parent END AS unproven_gone, CASE WHEN o.grade > 'B' THEN o.parent END AS unproven_other,
           greatest(g.link_grade, o.link_grade) AS link_grade,
           g.birth_row AS gone_birth_row, o.birth_row AS other_birth_row,
           g.roll_row AS gone_roll_row, o.roll_row AS other_roll_row
    FROM parent_link g
    JOIN parent_link o ON o.child = g.child AND o.side <> g.side
),
child AS (
    SELECT p.row_key, p.resident_identity AS identity, p.resident_birth AS birth,
           row_number() OVER (PARTITION BY p.resident_identity ORDER BY p.row_key) AS nth
    FROM population p
    WHERE p.cancel_state = '正常' AND p.resident_birth > add_months($as_of, -216)
)
SELECT c.row_key AS subject_row_key,
       CAST(greatest(g.from_date, u.from_date) AS VARCHAR) AS event,
       age_on(c.birth, $as_of) AS age,
       CASE p.gone_side WHEN 'father' THEN '父亲' ELSE '母亲' END AS gone_side,
       CASE p.gone_side WHEN 'father' THEN '母亲' ELSE '父亲' END AS other_side,
       CASE g.code WHEN 'DEAD' THEN '死亡' ELSE '宣告失踪' END AS gone_title,
       g.from_date AS gone_from,
       g.source_title AS gone_source,
       u.label AS other_title,
       u.from_date AS other_from,
       u.source_title AS other_source,
       p.link_grade,
       x.result,
       CASE WHEN p.link_grade = 'L3' THEN '父母关系仅见于学籍家庭成员，待确认' ELSE u.note END AS annex_reason,
       p.unproven_gone AS gone_identity,
       p.unproven_other AS other_identity,
       c.row_key AS evidence_population,
       p.gone_birth_row AS evidence_birth_registration__gone,
       p.other_birth_row AS evidence_birth_registration__other,
       p.gone_roll_row AS evidence_student_roll__gone,
       p.other_roll_row AS evidence_student_roll__other,
       d.cancellation_rows AS evidence_death_cancellation,
       d.certificate_rows AS evidence_death_certificate,
       d.cremation_rows AS evidence_cremation,
       CASE g.source WHEN 'judgment' THEN g.row_key END AS evidence_judgment__gone,
       CASE u.source WHEN 'judgment' THEN u.row_key END AS evidence_judgment__other,
       CASE u.source WHEN 'disability_card' THEN u.row_key END AS evidence_disability_card,
       CASE u.source WHEN 'prison_term' THEN u.row_key END AS evidence_prison_term,
       CASE u.source WHEN 'custody' THEN u.row_key END AS evidence_custody,
       CASE u.source WHEN 'serious_illness' THEN u.row_key END AS evidence_serious_illness,
       CASE u.source WHEN 'child_roster' THEN u.row_key END AS evidence_child_roster
FROM child c
JOIN pairs p ON p.child = c.identity
JOIN gone g ON g.identity = p.gone_parent AND g.nth = 1
JOIN unable u ON u.identity = p.other_parent AND u.nth = 1
JOIN parent_state_matrix x
  ON x.father_class = CASE p.gone_side WHEN 'father' THEN 'D' ELSE 'H' END
 AND x.mother_class = CASE p.gone_side WHEN 'father' THEN 'H' ELSE 'D' END
 AND x.eligible
LEFT JOIN death d ON d.identity = p.gone_parent AND g.source = 'death'
WHERE c.nth = 1
  AND NOT EXISTS (SELECT 1 FROM gone b WHERE b.identity = p.other_parent)
  AND NOT EXISTS (
      SELECT 1 FROM child_roster r WHERE r.child_identity = c.identity AND r.status = '登记在册'
  )
  AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM death y WHERE y.identity = c.identity)
