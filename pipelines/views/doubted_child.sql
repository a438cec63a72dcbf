-- ---
-- title = "每个可能就是待确认证明所指的人的户籍行、名册行一行（同名，或同姓同出生日期；证明写了镇的须同镇）：来源、待确认的原因、控辍台账的行"
-- ---
WITH child AS (
    SELECT 'population' AS extract, row_key, name, town, resident_birth AS birth FROM population WHERE cancel_state = '正常'
    UNION ALL
    SELECT 'child_roster', c.row_key, c.name, c.town, coalesce(i.birth, c.child_birth)
    FROM child_roster c
    LEFT JOIN identity i ON i.identity = c.child_identity
    WHERE c.status = '登记在册'
),
alike AS (
    SELECT c.extract, c.row_key, c.town, q.town AS proof_town, q.doubt, q.ledger_row
    FROM child c
    JOIN proof_in_doubt q ON q.name = c.name
    UNION
    SELECT c.extract, c.row_key, c.town, q.town, q.doubt, q.ledger_row
    FROM child c
    JOIN proof_in_doubt q ON q.birth = c.birth AND substr(q.name, 1, 1) = substr(c.name, 1, 1)
)
SELECT extract, row_key, min(doubt) AS doubt,
       array_agg(ledger_row ORDER BY ledger_row) FILTER (WHERE ledger_row IS NOT NULL) AS ledger_rows
FROM alike
WHERE coalesce(proof_town = town, true)
GROUP BY extract, row_key
