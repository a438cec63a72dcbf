-- ---
-- title = "单亲死亡预警"
-- condition = "户籍正常、未满18周岁，父母一方在规定天数以内死亡，另一方没有登记（进附表），或有迁往市外、公安登记失踪、名册登记失联、因特殊原因可能无法照护、持残疾人证等迹象而不构成保障情形；名册上没有任何登记，没有收养登记。供走访，不是保障认定。"
-- list = "uncovered"
-- subject = "population.resident"
-- reads = ["population", "death_cancellation"]
-- absent_from = "child_roster.child"
-- optional_reads = ["birth_registration", "student_roll", "judgment", "adoption", "death_certificate", "cremation", "move_out", "disability_card", "prison_term", "custody", "serious_illness"]
-- whole = ["birth_registration"]
-- event = "day"
-- severity = "medium"
-- basis = ["minor_protection_law#91"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ age }} 岁，{{ gone_side }} {{ death_date }} 死亡（{{ sources }}），{{ other_side }}{{ sign }}，父母关系依据 {{ link_grade }}，儿童名册无登记。多为普通单亲家庭，仅供走访：疑似照护能力不足，待核查"
-- verify = ["走访了解现由谁照护", "另一方是否在外再婚、是否联系得上", "是否符合其他保障类别"]
-- [params]
-- recent_days = { default = 90, title = "死亡在多少天以内", status = "design_choice" }
-- [columns]
-- age = { title = "年龄" }
-- gone_side = { title = "死亡一方", class = "relative" }
-- death_date = { title = "死亡日期", class = "relative" }
-- sign = { title = "另一方的弱迹象", class = "relative" }
-- link_grade = { title = "父母关系依据" }
-- ---
-- Signs only make a visit: none of them is a state that counts, and a parent in such a state belongs to the
-- rules about orphans. The town must not learn of custody, so it is named a special reason and not shown.
WITH sign AS (
    SELECT subject_identity AS identity, '户籍已迁往市外' AS word, 1 AS rank
    FROM move_out
    WHERE move_kind = '市外' AND subject_grade <= 'B' AND moved_on <= $known_until
    UNION ALL
    SELECT resident_identity, '公安登记失踪（未经法院宣告）', 2 FROM population WHERE cancel_state = '失踪'
    UNION ALL
    SELECT father_identity, '在名册中登记为失联', 3 FROM child_roster WHERE father_state = '失联' AND father_grade <= 'B'
    UNION ALL
    SELECT mother_identity, '在名册中登记为失联', 3 FROM child_roster WHERE mother_state = '失联' AND mother_grade <= 'B'
    UNION ALL
    SELECT p.subject_identity, '因特殊原因可能无法照护', 4
    FROM prison_term p
    WHERE p.subject_grade <= 'B' AND p.term_from <= $as_of
      AND coalesce(p.released_on > $as_of, true) AND coalesce(p.term_until >= $as_of, true)
    UNION ALL
    SELECT c.subject_identity, '因特殊原因可能无法照护', 4
    FROM custody c
    WHERE c.subject_grade <= 'B' AND c.from_date <= $as_of
      AND coalesce(c.released_on > $as_of, true) AND coalesce(c.term_end >= $as_of, true)
    UNION ALL
    SELECT identity, '持有效残疾人证（' || card || '）', 5 FROM card_standing WHERE effect = 'in_force' AND severe = 'no' AND grade <= 'B'
),
weak AS (
    SELECT identity, word, row_number() OVER (PARTITION BY identity ORDER BY rank, word) AS nth FROM sign WHERE identity IS NOT NULL
),
lost AS (
    SELECT l.child, l.side, l.link_grade, CASE WHEN l.grade > 'B' THEN l.parent END AS unproven, l.birth_row, l.roll_row,
           d.death_date, d.sources, d.cancellation_rows, d.certificate_rows, d.cremation_rows
    FROM parent_link l
    JOIN death d ON d.identity = l.parent
    WHERE d.death_date > $known_until - $recent_days AND d.death_date <= $known_until
),
child AS (
    SELECT row_key, resident_identity AS identity, resident_birth AS birth,
           row_number() OVER (PARTITION BY resident_identity ORDER BY row_key) AS nth
    FROM population
    WHERE cancel_state = '正常' AND resident_birth > add_months($as_of, -216)
)
SELECT c.row_key AS subject_row_key,
       CAST(l.death_date AS VARCHAR) AS event,
       age_on(c.birth, $as_of) AS age,
       CASE l.side WHEN 'father' THEN '父亲' ELSE '母亲' END AS gone_side,
       l.death_date,
       l.sources,
       CASE l.side WHEN 'father' THEN '母亲' ELSE '父亲' END AS other_side,
       coalesce(w.word, '没有登记') AS sign,
       l.link_grade,
       CASE WHEN o.parent IS NULL THEN '另一方在户籍、出生登记、学籍中均无登记，请先了解家庭情况'
            WHEN greatest(l.link_grade, o.link_grade) = 'L3' THEN '父母关系仅见于学籍家庭成员，待确认' END AS annex_reason,
       l.unproven AS gone_identity,
       c.row_key AS evidence_population,
       l.birth_row AS evidence_birth_registration,
       l.roll_row AS evidence_student_roll,
       l.cancellation_rows AS evidence_death_cancellation,
       l.certificate_rows AS evidence_death_certificate,
       l.cremation_rows AS evidence_cremation
FROM child c
JOIN lost l ON l.child = c.identity
LEFT JOIN parent_link o ON o.child = c.identity AND o.side <> l.side
LEFT JOIN weak w ON w.identity = o.parent AND w.nth = 1
WHERE c.nth = 1
  AND (o.parent IS NULL OR w.word IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM parent_standing s WHERE s.identity = o.parent)
  AND NOT EXISTS (SELECT 1 FROM child_roster r WHERE r.child_identity = c.identity AND r.status = '登记在册')
  AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM death y WHERE y.identity = c.identity)
