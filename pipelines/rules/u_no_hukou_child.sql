-- ---
-- title = "无户口儿童待保障"
-- condition = "名册户口分类为无户口，或在本市出生（新生儿筛查、母亲为本市户籍，进附表），出生满规定月数而户籍人口、出生登记都查不到本人；未满18周岁，没有死亡记录。"
-- list = "uncovered"
-- subject = "*"
-- reads = ["child_roster"]
-- absent_from = "population.resident"
-- optional_reads = ["newborn_screening", "birth_registration", "death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "medium"
-- basis = ["minor_protection_law#92", "unsettled_codes_2014"]
-- recipients = ["civil-affairs", "public-security"]
-- due_days = 20
-- reason = "{{ age }} 岁，{{ told }}{% if mother_town %}（母亲户籍在{{ mother_town }}）{% endif %}，出生已满 {{ least_months }} 个月，截至 {{ known_until }} 户籍人口中无记录。疑似无户口儿童，待核查，请公安和民政协助落户并落实保障"
-- verify = ["是否已在外地申报出生、落户", "户籍系统中是否用另一姓名登记", "父母、监护人和出生证明是否齐全"]
-- [params]
-- least_months = { default = 12, title = "出生满多少个月仍无户口", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- told = { title = "依据" }
-- mother_town = { title = "母亲户籍镇(街道)", class = "address" }
-- ---
WITH told AS (
    SELECT l.identity, 'child_roster' AS extract, 'child' AS role, l.row_key, l.birth, '民政儿童名册登记为无户口' AS told,
           CAST(NULL AS BIGINT) AS mother, 1 AS rank
    FROM listed_child l
    WHERE l.nth = 1 AND l.register_class = '无户口'
    UNION ALL
    SELECT s.child_identity, 'newborn_screening', 'child', s.row_key, s.birth_date, '本市出生', s.mother_identity, 2
    FROM newborn_screening s
    WHERE s.child_identity IS NOT NULL AND s.mother_identity IS NOT NULL AND s.mother_grade <= 'B'
),
child AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank, row_key) AS nth FROM told
),
resident AS (
    SELECT resident_identity AS identity, min(town) AS town FROM population WHERE cancel_state = '正常' GROUP BY resident_identity
),
-- A newborn without a name of its own is known by mother and day: whoever is registered so is registered.
born AS (
    SELECT mother_identity AS mother, resident_birth AS birth FROM population
    UNION ALL
    SELECT mother_identity, birth_date FROM birth_registration
)
SELECT c.row_key AS subject_row_key,
       c.extract AS subject_extract,
       c.role AS subject_role,
       '' AS event,
       age_on(c.birth, $as_of) AS age,
       c.told,
       m.town AS mother_town,
       $least_months AS least_months,
       $known_until AS known_until,
       CASE WHEN c.rank = 2 THEN '出生后可能已在外地申报户口，请母亲户籍地先核对' END AS annex_reason
FROM child c
LEFT JOIN resident m ON m.identity = c.mother
WHERE c.nth = 1
  AND (c.rank = 1 OR m.identity IS NOT NULL)
  AND c.birth <= add_months($known_until, -$least_months)
  AND age_on(c.birth, $as_of) < 18
  AND NOT EXISTS (SELECT 1 FROM population p WHERE p.resident_identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM birth_registration b WHERE b.child_identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM born o WHERE o.mother = c.mother AND o.birth = c.birth)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
