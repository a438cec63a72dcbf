-- ---
-- title = "无委托照护协议"
-- condition = "名册登记为农村留守儿童（类别按参数）、未满16周岁，父母双方外出务工，或一方外出、另一方有重残等情形，没有任何状态为有效的委托照护协议（过期的不在此列）。有同名儿童的协议没有有效证号的进附表。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "care_agreement.child"
-- optional_reads = ["population", "birth_registration", "student_roll", "death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "medium"
-- basis = ["three_year_plan", "minor_protection_law#22", "minor_protection_law#23"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "农村留守儿童，父亲{{ father_told }}，母亲{{ mother_told }}，截至 {{ known_until }} 无有效的委托照护协议。疑似未签订委托照护协议，待核查"
-- verify = ["是否已签订未录入", "父母是否已有一方返乡", "被委托人是否适宜"]
-- [columns]
-- father_told = { title = "父亲情况", class = "relative" }
-- mother_told = { title = "母亲情况", class = "relative" }
-- ---
SELECT a.row_key AS subject_row_key,
       '' AS event,
       -- The village need not learn which state it is that keeps the other parent away.
       CASE WHEN a.father_away THEN a.father_state ELSE '另有不能照护的情形' END AS father_told,
       CASE WHEN a.mother_away THEN a.mother_state ELSE '另有不能照护的情形' END AS mother_told,
       $known_until AS known_until,
       CASE WHEN n.row_key IS NOT NULL THEN '有同名儿童的协议证件号对不上人，或填了父母、监护人的证号，疑似同人待确认' END AS annex_reason
FROM left_behind_child a
LEFT JOIN agreement_in_doubt n ON n.row_key = a.row_key
-- An agreement that ran out is another list's matter; one that was ended is none.
WHERE a.alone
  AND NOT EXISTS (SELECT 1 FROM agreement g WHERE g.identity = a.identity)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.identity)
