-- ---
-- title = "委托照护协议到期"
-- condition = "需要委托照护协议的留守儿童，最近一份有效协议已过有效期；或父母已返回而协议仍有效。没有期限的协议不算到期。有同名而证号对不上人的协议的进附表。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "care_agreement.child"
-- optional_reads = ["population", "birth_registration", "student_roll", "death_cancellation", "death_certificate", "cremation"]
-- event = "day_or_school_year"
-- severity = "medium"
-- basis = ["three_year_plan", "minor_protection_law#22", "minor_protection_law#23"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "农村留守儿童，{% if returned %}名册登记父母均已在家，委托照护协议仍为有效，疑似应终止协议{% else %}委托照护协议有效期至 {{ valid_until }}，截至 {{ known_until }} 未见新的协议，疑似到期未续签{% endif %}，待核查"
-- verify = ["是否已续签未录入", "父母是否已返乡", "被委托人是否仍然适宜"]
-- [columns]
-- valid_until = { title = "有效期至" }
-- ---
-- The latest agreement decides; one without a term never runs out.
WITH latest AS (
    SELECT g.row_key, g.identity, g.valid_until,
           row_number() OVER (PARTITION BY g.identity ORDER BY g.valid_until DESC NULLS FIRST, g.row_key) AS nth
    FROM agreement g
    WHERE g.identity IS NOT NULL AND g.grade < 'D'
)
SELECT c.row_key AS subject_row_key,
       CASE WHEN c.back THEN school_year_of($known_until) ELSE CAST(g.valid_until AS VARCHAR) END AS event,
       c.back AS returned,
       g.valid_until,
       $known_until AS known_until,
       CASE WHEN n.valid_until >= $known_until AND NOT c.back THEN '另有同名儿童的协议证件号对不上人，或填了父母、监护人的证号，疑似同人待确认' END AS annex_reason,
       c.row_key AS evidence_child_roster,
       g.row_key AS evidence_care_agreement
FROM left_behind_child c
JOIN latest g ON g.identity = c.identity AND g.nth = 1
LEFT JOIN agreement_in_doubt n ON n.row_key = c.row_key
WHERE ((c.alone AND g.valid_until < $known_until) OR (c.back AND coalesce(g.valid_until >= $known_until, true)))
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
