-- ---
-- title = "每份状态为有效的委托照护协议一行：儿童、有效期。in_doubt 为真的，证件号不是同名居民或同名在册儿童的，不能确定是谁的协议"
-- ---
-- Without a number, with a slip of the pen that happens to be a valid one, or with somebody else's: such a row
-- belongs to nobody for certain.
WITH known AS (
    SELECT g.row_key FROM care_agreement g JOIN population p ON p.resident_identity = g.child_identity AND p.name = g.child_name
    UNION
    SELECT g.row_key FROM care_agreement g JOIN child_roster c ON c.child_identity = g.child_identity AND c.name = g.child_name
)
SELECT a.row_key, a.child_identity AS identity, a.child_grade AS grade, a.child_name AS name, a.valid_until, k.row_key IS NULL AS in_doubt
FROM care_agreement a
LEFT JOIN known k ON k.row_key = a.row_key
WHERE a.status = '有效'
