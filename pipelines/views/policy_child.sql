-- ---
-- title = "每个要逐项对照政策的儿童一行（名册登记在册，或本次有线索的未成年人）：以哪一行为准，各项政策共用的事实"
-- ---
WITH named AS (
    SELECT identity, 'child_roster' AS extract, 'child' AS role, row_key, 1 AS rank FROM listed_child WHERE nth = 1
    UNION ALL
    SELECT identity, extract, role, row_key, 2 FROM finding_subject
),
ranked AS (
    SELECT n.*, row_number() OVER (PARTITION BY n.identity ORDER BY n.rank, n.extract, n.role, n.row_key) AS nth FROM named n
),
roster AS (
    SELECT identity, max(birth) AS birth, min(category) AS category, min(benefit_status) AS benefit_status,
           bool_or(coalesce(orphan, false)) AS orphan,
           bool_or(coalesce(de_facto, false)) AS de_facto,
           bool_or(coalesce(in_difficulty, false)) AS in_difficulty,
           bool_or(coalesce(orphan, false) AND benefit_status IN ('正常发放', '超龄续发')) AS orphan_paid,
           bool_or(coalesce(de_facto, false) AND benefit_status IN ('正常发放', '超龄续发')) AS de_facto_paid,
           bool_or(category IN ('重残儿童', '重病儿童') AND benefit_status IN ('正常发放', '超龄续发')) AS severe_paid,
           bool_or(category = '农村留守儿童') AS left_behind,
           bool_or(category = '流动儿童') AS migrant,
           bool_or(benefit_status = '超龄续发') AS over_age
    FROM listed_child
    GROUP BY identity
),
resident AS (
    SELECT resident_identity AS identity, min(CASE cancel_state WHEN '正常' THEN row_key END) AS row_key,
           min(CASE cancel_state WHEN '正常' THEN register_kind END) AS register_kind,
           bool_or(cancel_state IN ('死亡', '迁出')) AS cancelled
    FROM population
    WHERE resident_identity IS NOT NULL
    GROUP BY resident_identity
),
moved AS (
    SELECT DISTINCT subject_identity AS identity FROM move_out WHERE move_kind = '市外' AND moved_on <= $as_of
)
SELECT r.identity, r.extract AS subject_extract, r.role AS subject_role, r.row_key AS subject_row_key,
       coalesce(i.birth, l.birth) AS birth, age_on(coalesce(i.birth, l.birth), $as_of) AS age,
       l.identity IS NOT NULL AS listed, l.category, l.benefit_status,
       coalesce(l.orphan, false) AS orphan, coalesce(l.de_facto, false) AS de_facto,
       coalesce(l.in_difficulty, false) AS in_difficulty,
       coalesce(l.orphan_paid, false) AS orphan_paid, coalesce(l.de_facto_paid, false) AS de_facto_paid,
       coalesce(l.severe_paid, false) AS severe_paid, coalesce(l.left_behind, false) AS left_behind,
       coalesce(l.migrant, false) AS migrant, coalesce(l.over_age, false) AS over_age,
       d.identity IS NULL AS alive,
       p.row_key AS population_row, p.register_kind,
       -- A child whom the register does not show may be registered elsewhere, or not be found: nobody knows.
       CASE WHEN p.row_key IS NOT NULL AND m.identity IS NULL THEN true
            WHEN m.identity IS NOT NULL OR p.cancelled THEN false END AS register_here,
       NOT coalesce(p.cancelled, false) AS register_kept,
       m.identity IS NULL AS not_moved
FROM ranked r
LEFT JOIN identity i ON i.identity = r.identity
LEFT JOIN roster l ON l.identity = r.identity
LEFT JOIN resident p ON p.identity = r.identity
LEFT JOIN moved m ON m.identity = r.identity
LEFT JOIN death d ON d.identity = r.identity
WHERE r.nth = 1
  AND (l.identity IS NOT NULL OR coalesce(i.birth, l.birth) > add_months($as_of, -216))
