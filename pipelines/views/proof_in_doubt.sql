-- ---
-- title = "控辍台账中证明在有效期内、但对应不到同名居民的每行：姓名、镇，对应不到任何居民时还有出生日期"
-- ---
-- A row without a usable number, or with somebody else's, accounts for nobody; but a child of that name in
-- that town may be the one it is about, and is not listed before a person has looked. The birth date inside
-- a rounded number helps where the name is mutilated; that of somebody else's number would mislead.
SELECT l.row_key, l.name, l.town, CASE WHEN p.resident_identity IS NULL THEN l.subject_birth END AS birth
FROM dropout_ledger l
LEFT JOIN (SELECT DISTINCT resident_identity FROM population) p ON p.resident_identity = l.subject_identity
WHERE l.proof_valid_until >= $as_of
  AND l.town IS NOT NULL
  AND NOT EXISTS (
      SELECT 1 FROM population same WHERE same.resident_identity = l.subject_identity AND same.name = l.name
  )
