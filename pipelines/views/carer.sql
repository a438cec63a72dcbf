-- ---
-- title = "每个未成年人每位照护人一行：名册监护人、有效委托照护协议的被委托人、父母（L1–L3）；谁、什么身份、依据的行、匹配等级"
-- ---
SELECT l.identity AS child, c.guardian_identity AS carer, '监护人' AS role, 1 AS rank, 'child_roster' AS source, l.row_key,
       c.guardian_grade AS grade
FROM listed_child l
JOIN child_roster c ON c.row_key = l.row_key
WHERE l.nth = 1 AND c.guardian_identity IS NOT NULL AND c.guardian_grade < 'D' AND l.birth > add_months($as_of, -216)
UNION ALL
SELECT a.child_identity, a.carer_identity, '被委托照护人', 2, 'care_agreement', a.row_key, a.carer_grade
FROM care_agreement a
WHERE a.status = '有效' AND coalesce(a.valid_until >= $as_of, true)
  AND a.child_identity IS NOT NULL AND a.carer_identity IS NOT NULL AND a.carer_grade < 'D'
UNION ALL
SELECT p.child, p.parent, CASE p.side WHEN 'father' THEN '父亲' ELSE '母亲' END, 3, 'parent_link',
       coalesce(p.population_row, p.birth_row, p.roster_row, p.roll_row), p.grade
FROM parent_link p
