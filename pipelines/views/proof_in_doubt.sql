-- ---
-- title = "每条可能说明儿童去向、但不能确定是谁的行：控辍台账中证明在有效期内而对应不到同名居民的，残疾儿童安置中没有本人有效证件号的；姓名、镇、出生日期（已知时）、待确认的原因"
-- ---
-- A row without a usable number, or with somebody else's, accounts for nobody; but a child of that name in
-- that town may be the one it is about, and is not listed before a person has looked. The birth date inside
-- a rounded number helps where the name is mutilated; that of somebody else's number would mislead.
SELECT l.row_key AS ledger_row, l.name, l.town, CASE WHEN p.resident_identity IS NULL THEN l.subject_birth END AS birth,
       '控辍台账有同镇、同名或同出生日期的市外就读证明，证件号对不上，疑似同人待确认' AS doubt
FROM dropout_ledger l
LEFT JOIN (SELECT DISTINCT resident_identity FROM population) p ON p.resident_identity = l.subject_identity
WHERE l.proof_valid_until >= $as_of
  AND l.town IS NOT NULL
  AND NOT EXISTS (
      SELECT 1 FROM population same WHERE same.resident_identity = l.subject_identity AND same.name = l.name
  )
UNION ALL
-- A placement names no town: the name alone is all that a row without numbers has.
SELECT CAST(NULL AS VARCHAR), name, CAST(NULL AS VARCHAR), CAST(NULL AS DATE), '残疾儿童安置有同名的记录，没有本人的有效证件号，疑似同人待确认'
FROM placement
WHERE (valid_until >= $as_of
       OR (valid_until IS NULL AND substr(school_year, 1, 4) = substr(school_year_of($as_of), 1, 4)))
  AND (subject_grade > 'B' OR (coalesce(subject_id_state NOT IN ('valid', 'extended'), false) AND card_number IS NULL))
