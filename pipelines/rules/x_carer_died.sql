-- ---
-- title = "主要监护照护人死亡"
-- condition = "规定天数以内死亡（或近日才登记、死亡不早于规定天数）的人，是名册儿童的监护人或有效委托协议的被委托人；或是未成年人的父、母，而另一方也已死亡或被宣告失踪；另一方没有任何登记的进附表。"
-- list = "urgent"
-- subject = "*"
-- reads = ["population", "death_cancellation"]
-- optional_reads = ["child_roster", "care_agreement", "birth_registration", "student_roll", "death_certificate", "cremation", "judgment", "disability_card", "prison_term", "custody", "serious_illness"]
-- event = "day"
-- severity = "urgent"
-- basis = ["minor_protection_law#92", "minor_protection_law#94"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 1
-- reason = "{{ age }} 岁，{{ who }} {{ death_date }} 死亡（{{ sources }}）{% if listed %}，儿童在册{% endif %}；{{ others }}。疑似主要照护人死亡、儿童亟需关爱，待核查，请先电话核对再入户"
-- verify = ["死亡登记是否属于本人（先电话核对）", "现由谁照护，有无成年兄姐、祖父母", "是否需要临时监护"]
-- [params]
-- recent_days = { default = 7, title = "死亡或登记在多少天以内", status = "sourced" }
-- late_days = { default = 60, title = "近日才登记的，死亡最多早多少天", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- who = { title = "死亡的照护人", class = "relative" }
-- death_date = { title = "死亡日期", class = "relative" }
-- others = { title = "其他照护人", class = "relative" }
-- ---
-- A night's rule does not know what the last night saw: a late report shows by its own day of acceptance.
WITH reported AS (
    SELECT subject_identity AS identity, max(accepted_on) AS reported_on FROM death_cancellation GROUP BY subject_identity
    UNION ALL
    SELECT subject_identity, max(cremation_date) FROM cremation GROUP BY subject_identity
),
late AS (
    SELECT identity, max(reported_on) AS reported_on FROM reported WHERE identity IS NOT NULL GROUP BY identity
),
died AS (
    SELECT d.*
    FROM death d
    LEFT JOIN late l ON l.identity = d.identity
    WHERE d.death_date <= $as_of
      AND (d.death_date > $known_until - $recent_days
           OR (d.death_date > $known_until - $late_days AND l.reported_on > $known_until - $recent_days))
),
lost AS (
    SELECT c.child, c.carer, c.role, c.rank, c.source, c.grade, c.row_key AS carer_row,
           d.death_date, d.sources, d.cancellation_rows, d.certificate_rows, d.cremation_rows,
           row_number() OVER (PARTITION BY c.child, c.carer ORDER BY CASE WHEN c.grade <= 'B' THEN 0 ELSE 1 END, c.rank, c.row_key) AS nth
    FROM carer c
    JOIN died d ON d.identity = c.carer
),
-- Parents who are not dead or declared missing; of a parent whom nobody names nothing is known.
other_parent AS (
    SELECT p.child, count(*) AS parents,
           sum(CASE WHEN s.class = 'D' THEN 0 ELSE 1 END) AS living
    FROM parent_link p
    LEFT JOIN parent_standing s ON s.identity = p.parent
    GROUP BY p.child
)
SELECT k.row_key AS subject_row_key,
       k.extract AS subject_extract,
       k.role AS subject_role,
       CAST(l.death_date AS VARCHAR) AS event,
       age_on(k.birth, $as_of) AS age,
       l.role AS who,
       l.death_date,
       l.sources,
       CASE WHEN k.listed THEN true END AS listed,
       CASE WHEN o.parents IS NULL THEN '父母情况不详' WHEN o.living = 0 AND o.parents = 2 THEN '父母均已死亡或宣告失踪'
            WHEN o.living = 0 THEN '登记的父母已死亡或宣告失踪，另一方不详' ELSE '父母中有 ' || CAST(o.living AS VARCHAR) || ' 人在世' END AS others,
       CASE WHEN NOT (k.listed AND l.rank <= 2) AND o.parents = 1 THEN '另一方父母没有登记，是否有其他监护人待核实' END AS annex_reason,
       -- A carer whom the agreement or the register proves is not made doubtful by a roll that names no number.
       CASE WHEN l.source = 'child_roster' OR l.grade > 'B' THEN l.carer END AS carer_identity,
       CASE l.source WHEN 'care_agreement' THEN l.carer_row END AS evidence_care_agreement,
       l.cancellation_rows AS evidence_death_cancellation,
       l.certificate_rows AS evidence_death_certificate,
       l.cremation_rows AS evidence_cremation
FROM lost l
JOIN child_row k ON k.identity = l.child
LEFT JOIN other_parent o ON o.child = l.child
WHERE l.nth = 1
  AND ((k.listed AND l.rank <= 2) OR (l.rank = 3 AND o.living = 0))
  AND NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = l.child)
