-- ---
-- title = "控辍台账中证明在有效期内、但对应不到同名居民的每个姓名和镇一行：姓名、镇、台账行"
-- ---
-- A row without a usable number, or with somebody else's, accounts for nobody; but a child of that name in
-- that town may be the one it is about, and is not listed before a person has looked.
SELECT l.name, l.town, array_agg(l.row_key ORDER BY l.row_key) AS ledger_rows
FROM dropout_ledger l
WHERE l.proof_valid_until >= $as_of
  AND l.town IS NOT NULL
  AND NOT EXISTS (
      SELECT 1 FROM population p WHERE p.resident_identity = l.subject_identity AND p.name = l.name
  )
GROUP BY l.name, l.town
