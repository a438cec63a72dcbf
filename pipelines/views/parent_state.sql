-- ---
-- title = "每个成年人每项在档状态一行：状态代码、D/H 类、起止、来源。counts 为假的是在押但不足期限，note 非空的需补佐证"
-- [params]
-- months_in_custody = { default = 6, title = "服刑、强制隔离戒毒、限制人身自由最少月数", status = "sourced" }
-- months_lost = { default = 6, title = "失联最少月数", status = "sourced" }
-- illness_months = { default = 12, title = "重病结算在多少个月以内视为仍在治疗", status = "to_confirm" }
-- ---
-- A term is written with its last day: six months from 10 August end on 9 February.
WITH court AS (
    SELECT j.subject_identity AS identity, e.code, e.class, j.effective_on, j.subject_grade AS grade, j.row_key, e.effect
    FROM judgment j
    JOIN judgment_effects e ON e.matter = j.matter
    WHERE j.subject_identity IS NOT NULL AND j.effective_on <= $as_of
),
states AS (
    SELECT identity, 'DEAD' AS code, 'D' AS class, death_date AS from_date, CAST(NULL AS DATE) AS until_date, grade,
           true AS counts, CAST(NULL AS VARCHAR) AS note, sources AS source_title,
           'death' AS source, CAST(NULL AS VARCHAR) AS row_key
    FROM death
    WHERE death_date IS NOT NULL
    UNION ALL
    SELECT b.identity, b.code, b.class, b.effective_on, CAST(NULL AS DATE), b.grade, true, CAST(NULL AS VARCHAR),
           '法院裁判文书', 'judgment', b.row_key
    FROM court b
    WHERE b.effect = 'begin'
      AND NOT EXISTS (
          SELECT 1 FROM court o
          WHERE o.effect = 'end' AND o.identity = b.identity AND o.code = b.code AND o.effective_on >= b.effective_on
      )
    UNION ALL
    SELECT d.subject_identity, 'DISA', 'H', d.first_issued, d.valid_until, d.subject_grade, true,
           CASE e.severe WHEN 'check' THEN '多重残疾需核实是否含智力、精神残疾' END,
           '残联残疾人证', 'disability_card', d.row_key
    FROM disability_card d
    JOIN disability_eligibility e
      ON e.disability_category = d.disability_category AND e.disability_level = d.disability_level
    WHERE e.severe IN ('yes', 'check')
      AND d.card_status = '正常'
      AND (d.valid_until IS NULL OR d.valid_until >= $as_of)
    UNION ALL
    SELECT p.subject_identity, c.code, 'H', p.term_from, p.term_until, p.subject_grade,
           c.code <> 'NONE' AND months_between(p.term_from, coalesce(p.term_until + 1, $as_of)) >= $months_in_custody,
           CAST(NULL AS VARCHAR), '司法服刑人员', 'prison_term', p.row_key
    FROM prison_term p
    JOIN custody_effects c ON c.source = 'prison_term' AND c.label = p.enforcement AND c.held
    WHERE p.term_from <= $as_of
      AND (p.released_on IS NULL OR p.released_on > $as_of)
      AND (p.term_until IS NULL OR p.term_until >= $as_of)
    UNION ALL
    SELECT p.subject_identity, c.code, 'H', p.from_date, p.term_end, p.subject_grade,
           c.code <> 'NONE' AND months_between(p.from_date, coalesce(p.term_end + 1, $as_of)) >= $months_in_custody,
           CAST(NULL AS VARCHAR), '公安监所', 'custody', p.row_key
    FROM custody p
    JOIN custody_effects c ON c.source = 'custody' AND c.label = p.measure AND c.held
    WHERE p.from_date <= $as_of
      AND (p.released_on IS NULL OR p.released_on > $as_of)
      AND (p.term_end IS NULL OR p.term_end >= $as_of)
    UNION ALL
    SELECT subject_identity, 'ILL', 'H', first_settled, CAST(NULL AS DATE), subject_grade, true,
           '重病需诊断证明', '医保重病', 'serious_illness', row_key
    FROM serious_illness
    WHERE last_settled >= add_months($as_of, -$illness_months)
    UNION ALL
    SELECT r.identity, s.code, s.class, r.from_date, r.until_date, r.grade, true,
           '仅儿童名册登记，缺佐证', '民政儿童名册', 'child_roster', r.row_key
    FROM (
        SELECT father_identity AS identity, father_grade AS grade, father_state AS label,
               father_state_from AS from_date, father_state_until AS until_date, row_key
        FROM child_roster
        UNION ALL
        SELECT mother_identity, mother_grade, mother_state, mother_state_from, mother_state_until, row_key
        FROM child_roster
    ) r
    JOIN parent_state_codes s ON s.label = r.label
    WHERE s.code IN ('LOST', 'ILL', 'DEPO')
      AND r.from_date <= CASE s.code WHEN 'LOST' THEN add_months($as_of, -$months_lost) ELSE $as_of END
      AND (r.until_date IS NULL OR r.until_date >= $as_of)
)
SELECT * FROM states WHERE identity IS NOT NULL AND grade < 'D'
