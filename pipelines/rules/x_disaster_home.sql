-- ---
-- title = "灾害事故涉及家庭"
-- condition = "规定天数以内的突发事件：伤亡人员是名册儿童本人，或其监护人、被委托照护人、父母；或事件会波及住家（对照表）且所在村（社区）有在册儿童（一村一条，请逐户排查）。"
-- list = "urgent"
-- subject = "*"
-- reads = ["event", "child_roster"]
-- optional_reads = ["care_agreement", "population", "birth_registration", "student_roll", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "urgent"
-- basis = ["minor_protection_law#92", "social_relief_measures#47"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 1
-- reason = "{{ event_date }} {{ place }}{{ event_kind }}，{{ who }}。疑似灾害事故影响儿童照护，待核查，请先电话核对"
-- verify = ["伤亡人员是否本人", "儿童现由谁照护、住房是否安全", "是否需要临时监护、临时救助"]
-- [params]
-- recent_days = { default = 7, title = "多少天以内的事件", status = "design_choice" }
-- [columns]
-- event_kind = { title = "事件类别" }
-- event_date = { title = "发生日期" }
-- place = { title = "地点" }
-- who = { title = "涉及", class = "relative" }
-- ---
WITH recent AS (
    SELECT e.*, coalesce(e.casualty_town, e.town, '') || coalesce(e.casualty_village, e.village, '') AS place
    FROM event e
    WHERE e.event_date > $known_until - $recent_days AND e.event_date <= $known_until
),
-- The hurt: a listed child, or who looks after one by the papers.
hurt AS (
    SELECT k.identity AS child, CAST(NULL AS BIGINT) AS carer, '儿童本人为伤亡人员' AS who, 0 AS rank, CAST(NULL AS VARCHAR) AS agreement_row, r.*
    FROM recent r
    JOIN child_row k ON k.identity = r.casualty_identity AND k.listed
    UNION ALL
    SELECT c.child, CASE WHEN c.source = 'child_roster' OR c.grade > 'B' THEN c.carer END, c.role || '为伤亡人员，儿童在册', c.rank,
           CASE c.source WHEN 'care_agreement' THEN c.row_key END, r.*
    FROM recent r
    JOIN carer c ON c.carer = r.casualty_identity
),
person AS (
    SELECT *, row_number() OVER (PARTITION BY child, event_number ORDER BY rank, row_key) AS nth
    FROM hurt
    WHERE casualty_grade < 'D'
),
-- Of an event that strikes homes only the village is known: one line for it, for which its first listed child stands.
struck AS (
    SELECT r.event_number, r.event_kind, r.event_date, r.place, coalesce(r.casualty_town, r.town) AS town, coalesce(r.casualty_village, r.village) AS village,
           -- A row about somebody hurt says nothing of the children here.
           CASE WHEN r.casualty_identity IS NULL THEN r.row_key END AS event_row,
           row_number() OVER (PARTITION BY r.event_number ORDER BY CASE WHEN r.casualty_identity IS NULL THEN 0 ELSE 1 END, r.row_key) AS nth
    FROM recent r
    JOIN event_effects f ON f.strikes_homes AND strpos(r.event_kind, f.word) > 0
    WHERE r.town IS NOT NULL AND r.village IS NOT NULL
),
village_child AS (
    SELECT coalesce(c.child_town, c.town) AS town, coalesce(c.child_village, c.village) AS village, count(DISTINCT l.identity) AS children, min(l.row_key) AS row_key
    FROM listed_child l
    JOIN child_roster c ON c.row_key = l.row_key
    WHERE l.nth = 1 AND l.birth > add_months($as_of, -216)
    GROUP BY coalesce(c.child_town, c.town), coalesce(c.child_village, c.village)
)
SELECT k.row_key AS subject_row_key,
       k.extract AS subject_extract,
       k.role AS subject_role,
       CAST(p.event_date AS VARCHAR) AS event,
       p.event_kind,
       p.event_date,
       p.place,
       p.who,
       p.carer AS carer_identity,
       p.agreement_row AS evidence_care_agreement,
       p.row_key AS evidence_event
FROM person p
JOIN child_row k ON k.identity = p.child AND k.listed
WHERE p.nth = 1
UNION ALL
SELECT v.row_key, 'child_roster', 'child', CAST(s.event_date AS VARCHAR), s.event_kind, s.event_date, s.place,
       '村内在册儿童 ' || CAST(v.children AS VARCHAR) || ' 名，请逐户排查', CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), s.event_row
FROM struck s
JOIN village_child v ON v.town = s.town AND v.village = s.village
WHERE s.nth = 1
