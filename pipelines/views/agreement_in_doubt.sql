-- ---
-- title = "每个可能另有一份委托照护协议的留守儿童一行：同名而不能确定是谁的，或儿童证号一栏填了其父母、监护人证号的；最晚的有效期"
-- ---
WITH candidates AS (
    SELECT c.row_key, g.valid_until FROM left_behind_child c JOIN agreement g ON g.in_doubt AND g.name = c.name
    UNION ALL
    SELECT c.row_key, g.valid_until
    FROM left_behind_child c
    JOIN carer k ON k.child = c.identity
    JOIN agreement g ON g.identity = k.carer
)
SELECT row_key, max(coalesce(valid_until, DATE '9999-12-31')) AS valid_until FROM candidates GROUP BY row_key
