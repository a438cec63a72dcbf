-- ---
-- title = "无委托照护协议"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "care_agreement.child"
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "medium"
-- basis = ["three_year_plan", "minor_protection_law#22", "minor_protection_law#23"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "农村留守儿童，父亲{{ father_told }}，母亲{{ mother_told }}，截至 {{ known_until }} 无有效的委托照护协议。疑似未签订委托照护协议，待核查"
-- verify = ["是否已签订未录入", "父母是否已有一方返乡", "被委托人是否适宜"]
-- [params]
-- categories = { default = ["农村留守儿童"], title = "需要委托照护协议的儿童类别", status = "sourced" }
-- [columns]
-- father_told = { title = "父亲情况", class = "relative" }
-- mother_told = { title = "母亲情况", class = "relative" }
-- ---
WITH parents AS (
    SELECT l.row_key, l.identity, l.name, l.father_state, l.mother_state,
           l.father_state = '外出务工' AS father_away, l.mother_state = '外出务工' AS mother_away,
           f.class = 'H' AS father_unable, m.class = 'H' AS mother_unable
    FROM listed_child l
    LEFT JOIN parent_state_codes f ON f.label = l.father_state
    LEFT JOIN parent_state_codes m ON m.label = l.mother_state
    WHERE l.nth_of_category = 1 AND l.category IN $categories AND l.birth > add_months($as_of, -192)
),
-- One parent at home needs no agreement; a parent who cannot care is not at home in that sense.
alone AS (
    SELECT * FROM parents
    WHERE (father_away AND (mother_away OR mother_unable)) OR (mother_away AND father_unable)
)
SELECT a.row_key AS subject_row_key,
       '' AS event,
       -- The village need not learn which state it is that keeps the other parent away.
       CASE WHEN a.father_away THEN a.father_state ELSE '另有不能照护的情形' END AS father_told,
       CASE WHEN a.mother_away THEN a.mother_state ELSE '另有不能照护的情形' END AS mother_told,
       $known_until AS known_until,
       CASE WHEN n.child_name IS NOT NULL THEN '有同名儿童的协议没有本人的有效证件号，疑似同人待确认' END AS annex_reason
FROM alone a
LEFT JOIN (
    SELECT DISTINCT child_name
    FROM care_agreement
    WHERE status = '有效' AND (child_id_state <> 'valid' OR child_birth <= add_months($as_of, -216))
) n ON n.child_name = a.name
-- An agreement that ran out is another list's matter; one that was ended is none.
WHERE NOT EXISTS (SELECT 1 FROM care_agreement g WHERE g.child_identity = a.identity AND g.status = '有效')
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.identity)
