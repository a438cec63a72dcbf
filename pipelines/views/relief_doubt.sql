-- ---
-- title = "每个在保的社会救助对象行：本行的证号能不能确定是谁；空值为能确定"
-- ---
-- Whom the register does not know at all is perhaps only a slip in the number of somebody else.
SELECT m.row_key,
       CASE WHEN m.grade > 'B' THEN '救助名册无有效证件号可比，疑似同人待确认'
            WHEN r.residents > 0 AND NOT coalesce(p.known, false) THEN '人口库没有证号相同的人，救助名册的证号可能有误，疑似同人待确认' END AS doubt
FROM relief_member m
CROSS JOIN (SELECT count(*) AS residents FROM population) r
LEFT JOIN (SELECT DISTINCT resident_identity AS identity, true AS known FROM population) p ON p.identity = m.identity
