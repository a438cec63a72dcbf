-- ---
-- title = "被委托照护人不适宜"
-- condition = "有效委托照护协议的被委托人已死亡、有强制隔离戒毒记录（措施按参数），或持有效的一、二级精神残疾人证（类别等级按参数）；年龄本身不算。公安记录只写“命中”。"
-- list = "urgent"
-- subject = "*"
-- reads = ["care_agreement"]
-- optional_reads = ["child_roster", "population", "custody", "disability_card", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "day_or_school_year"
-- severity = "urgent"
-- basis = ["minor_protection_law#22"]
-- recipients = ["civil-affairs", "public-security"]
-- due_days = 3
-- reason = "{{ age }} 岁，委托照护协议有效{% if signed_on %}（{{ signed_on }} 签订）{% endif %}，被委托人{{ hit }}。疑似被委托照护人不适宜，待核查"
-- verify = ["是否本人（同名、登记错人）", "现由谁照护", "是否需要另行委托；公安记录由公安机关决定告知范围", "年龄大不等于没有照护能力"]
-- [params]
-- unable_categories = { default = ["精神"], title = "视为没有照护能力的残疾类别", status = "sourced" }
-- unable_levels = { default = ["一级", "二级"], title = "视为没有照护能力的残疾等级", status = "sourced" }
-- drug_codes = { default = ["DRUG"], title = "视为不适宜的公安措施（状态代码）", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- carer_name = { title = "被委托人", class = "relative" }
-- signed_on = { title = "签订日期" }
-- hit = { title = "命中", class = "custody" }
-- ---
-- A hit is told as yes or no: what the police know of a carer is theirs to disclose.
WITH hit AS (
    SELECT identity AS carer, '已死亡（' || CAST(death_date AS VARCHAR) || '）' AS hit, death_date AS since, 1 AS rank,
           cancellation_rows, certificate_rows, cremation_rows, CAST(NULL AS VARCHAR) AS custody_row, CAST(NULL AS VARCHAR) AS card_row
    FROM death
    WHERE death_date IS NOT NULL
    UNION ALL
    SELECT c.subject_identity, '有公安记录命中，详情由公安机关告知', c.from_date, 2, NULL, NULL, NULL, c.row_key, NULL
    FROM custody c
    JOIN custody_effects e ON e.source = 'custody' AND e.label = c.measure AND e.code IN $drug_codes
    WHERE c.subject_identity IS NOT NULL AND c.subject_grade < 'D' AND c.from_date <= $as_of
    UNION ALL
    SELECT identity, '持有效重度残疾人证（' || card || '）', first_issued, 3, NULL, NULL, NULL, NULL, row_key
    FROM card_standing
    WHERE effect = 'in_force' AND disability_category IN $unable_categories AND disability_level IN $unable_levels
),
agreed AS (
    SELECT a.row_key AS agreement_row, a.child_identity AS child, a.carer_identity AS carer, a.carer_name, a.signed_on,
           a.carer_grade AS grade
    FROM care_agreement a
    WHERE a.status = '有效' AND coalesce(a.valid_until >= $as_of, true)
      AND a.child_identity IS NOT NULL AND a.carer_identity IS NOT NULL AND a.carer_grade < 'D'
),
told AS (
    SELECT a.*, h.hit, h.since, h.cancellation_rows, h.certificate_rows, h.cremation_rows, h.custody_row, h.card_row,
           row_number() OVER (PARTITION BY a.child, a.carer ORDER BY h.rank, h.since DESC, a.agreement_row, h.custody_row) AS nth
    FROM agreed a
    JOIN hit h ON h.carer = a.carer
)
SELECT k.row_key AS subject_row_key,
       k.extract AS subject_extract,
       k.role AS subject_role,
       coalesce(CAST(t.since AS VARCHAR), school_year_of($as_of)) AS event,
       age_on(k.birth, $as_of) AS age,
       t.carer_name,
       t.signed_on,
       t.hit,
       -- A carer whom the agreement's number proves is not made doubtful by a roll that names him without one.
       CASE WHEN t.grade > 'B' THEN t.carer END AS carer_identity,
       t.agreement_row AS evidence_care_agreement,
       t.cancellation_rows AS evidence_death_cancellation,
       t.certificate_rows AS evidence_death_certificate,
       t.cremation_rows AS evidence_cremation,
       t.custody_row AS evidence_custody,
       t.card_row AS evidence_disability_card
FROM told t
JOIN child_row k ON k.identity = t.child
WHERE t.nth = 1
  AND NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = t.child)
