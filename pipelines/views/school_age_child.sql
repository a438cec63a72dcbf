-- ---
-- title = "适龄儿童台账：每个义务教育适龄儿童一行（本市户籍、在本市居住或在籍就读、儿童名册在册、持有效残疾人证的），就学状况、学籍、户籍、民政身份、控辍台账登记"
-- [params]
-- upper_extra_years = { default = 3, title = "残疾儿童受教育年龄上限放宽年数", status = "design_choice" }
-- entrant_hold_months = { default = 2, title = "一年级新生自9月1日起学籍办理期的月数", status = "design_choice" }
-- least_stay_months = { default = 6, title = "外地户籍儿童在本市居住满几个月列入台账", status = "design_choice" }
-- ---
WITH roll AS (
    SELECT r.identity, r.row_key, r.birth, r.enrolled, r.left_early, r.student_state, r.school, r.grade_title, r.grade,
           row_number() OVER (
               PARTITION BY r.identity ORDER BY CASE WHEN r.enrolled THEN 0 ELSE 1 END, r.entry_month DESC NULLS LAST, r.row_key
           ) AS nth
    FROM roll_row r
),
resident AS (
    SELECT resident_identity AS identity, min(resident_birth) AS birth, min(resident_town) AS town, min(resident_village) AS village
    FROM population
    WHERE cancel_state = '正常' AND resident_identity IS NOT NULL
    GROUP BY resident_identity
),
living AS (
    SELECT child_identity AS identity, min(child_birth) AS birth, min(register_address) AS register_address, min(address) AS address
    FROM residence
    WHERE status = '有效' AND child_identity IS NOT NULL AND months_between(resides_from, $as_of) >= $least_stay_months
    GROUP BY child_identity
),
registered AS (
    SELECT subject_identity AS identity, subject_birth AS birth, ledger_kind, registered_on, persuasion_count, last_persuasion, whereabouts,
           row_number() OVER (PARTITION BY subject_identity ORDER BY registered_on DESC, row_key) AS nth
    FROM dropout_ledger
    WHERE status = '在册' AND returned_on IS NULL AND subject_identity IS NOT NULL
),
named AS (
    SELECT identity, birth, 'roll' AS source FROM roll WHERE nth = 1 AND enrolled
    UNION ALL
    SELECT identity, birth, 'resident' FROM resident
    UNION ALL
    SELECT identity, birth, 'living' FROM living
    UNION ALL
    SELECT identity, birth, 'roster' FROM listed_child
    UNION ALL
    SELECT c.identity, i.birth, 'card' FROM card_standing c JOIN identity i ON i.identity = c.identity WHERE c.effect = 'in_force' AND c.grade <= 'B'
    UNION ALL
    SELECT identity, birth, 'ledger' FROM registered
),
child AS (
    SELECT n.identity, coalesce(max(i.birth), min(n.birth)) AS birth, bool_or(n.source = 'card') AS card, bool_or(n.source = 'ledger') AS ledger
    FROM named n
    LEFT JOIN identity i ON i.identity = n.identity
    -- Most residents are grown-ups: they are left out before anything is joined to them.
    WHERE n.birth >= school_age_from($as_of, $upper_extra_years + 1) OR n.birth IS NULL
    GROUP BY n.identity
),
of_age AS (
    SELECT c.identity, c.birth, c.ledger,
           coalesce(compulsory_cohort(c.birth, $as_of), false) AS cohort,
           coalesce(c.card AND c.birth >= school_age_from($as_of, $upper_extra_years)
                    AND c.birth < school_age_from($as_of, 0), false) AS extended
    FROM child c
),
roster AS (
    SELECT identity, min(public_label) AS label, min(guardian_name) AS carer, min(guardian_phone) AS phone,
           bool_or(register_class = '无户口') AS unregistered
    FROM listed_child
    GROUP BY identity
),
asked AS (
    SELECT subject_identity AS identity, not_enrolled_reason,
           row_number() OVER (PARTITION BY subject_identity ORDER BY survey_year DESC, row_key) AS nth
    FROM basic_survey
    WHERE subject_identity IS NOT NULL
),
-- Who left the county's rolls altogether is still known where a change or the ledger names the school.
left_for AS (
    SELECT subject_identity AS identity, from_school,
           row_number() OVER (PARTITION BY subject_identity ORDER BY change_date DESC, row_key DESC) AS nth
    FROM roll_change
    WHERE subject_identity IS NOT NULL AND from_school IS NOT NULL
),
schooled AS (
    SELECT subject_identity AS identity, school,
           row_number() OVER (PARTITION BY subject_identity ORDER BY registered_on DESC, row_key) AS nth
    FROM dropout_ledger
    WHERE subject_identity IS NOT NULL AND school IS NOT NULL
),
placed AS (
    SELECT subject_identity AS identity, min(placement_kind) AS placement_kind
    FROM placement
    WHERE subject_grade <= 'B'
      AND (valid_until >= $as_of
           OR (valid_until IS NULL AND substr(school_year, 1, 4) = substr(school_year_of($as_of), 1, 4)))
    GROUP BY subject_identity
),
told AS (
    SELECT c.identity, c.birth, c.cohort, c.extended, c.ledger, d.identity IS NOT NULL AS dead,
           r.row_key AS roll_row, r.enrolled, r.left_early, r.student_state, r.school, r.grade_title, r.grade,
           coalesce(r.school, f.from_school, w.school) AS last_school,
           h.identity IS NOT NULL AS register_here, h.town AS register_town, h.village AS register_village,
           l.identity IS NOT NULL AS lives_here, l.register_address, l.address, p.placement_kind, a.reason AS accounted, a.only_deferred,
           o.label, o.carer, o.phone, o.unregistered, k.not_enrolled_reason, g.ledger_kind, g.registered_on, g.persuasion_count, g.last_persuasion, g.whereabouts
    FROM of_age c
    LEFT JOIN roll r ON r.identity = c.identity AND r.nth = 1
    LEFT JOIN left_for f ON f.identity = c.identity AND f.nth = 1
    LEFT JOIN schooled w ON w.identity = c.identity AND w.nth = 1
    LEFT JOIN resident h ON h.identity = c.identity
    LEFT JOIN living l ON l.identity = c.identity
    LEFT JOIN placed p ON p.identity = c.identity
    LEFT JOIN accounted_for a ON a.identity = c.identity
    LEFT JOIN roster o ON o.identity = c.identity
    LEFT JOIN asked k ON k.identity = c.identity AND k.nth = 1
    LEFT JOIN registered g ON g.identity = c.identity AND g.nth = 1
    LEFT JOIN death d ON d.identity = c.identity
    WHERE c.cohort OR c.extended OR c.ledger
)
SELECT t.identity,
       (t.cohort OR (t.extended AND coalesce(t.student_state <> '毕业', true))) AND NOT t.dead
           AND (t.enrolled IS TRUE OR t.accounted IS NULL OR t.placement_kind IS NOT NULL OR t.accounted LIKE '控辍台账%') AS listed,
       CASE t.ledger_kind WHEN '适龄儿童' THEN NULL ELSE t.ledger_kind END AS registered,
       CASE WHEN t.student_state = '在籍在读' AND s.study_mode = '送教上门' THEN '送教上门'
            WHEN t.student_state = '在籍在读' THEN '本市在读'
            WHEN t.student_state = '休学' THEN '休学'
            WHEN t.placement_kind = '延缓入学' THEN '延缓入学'
            WHEN t.placement_kind IS NOT NULL THEN '已安置'
            WHEN t.accounted LIKE '控辍台账%' THEN '市外就读等（有证明）'
            WHEN t.accounted IS NOT NULL THEN '已迁出等'
            WHEN t.student_state = '毕业' AND t.grade >= 9 THEN '初中毕业'
            WHEN t.left_early THEN '已离校，待核查'
            WHEN t.student_state IS NOT NULL THEN '无在读学籍，待核查'
            WHEN expected_grade(t.birth, $as_of) = 1 AND $as_of < add_months(school_year_start($as_of), $entrant_hold_months)
                THEN '新生学籍办理期'
            ELSE '未见学籍，待核查' END AS standing,
       CASE WHEN t.student_state IS NULL THEN NULL
            WHEN t.grade <= 6 THEN '小学' WHEN t.grade <= 9 THEN '初中' ELSE '高中' END AS stage,
       t.school,
       t.last_school,
       t.grade_title,
       s.class_number,
       t.student_state,
       e.label AS expected_grade,
       s.roll_number,
       s.ethnicity,
       CASE WHEN NOT t.register_here THEN coalesce(t.register_address, s.register_region) END AS register_region,
       CASE WHEN t.register_here THEN t.register_town END AS register_town,
       CASE WHEN t.register_here THEN t.register_village END AS register_village,
       CASE WHEN t.register_here THEN '本市户籍' WHEN t.lives_here THEN '外地户籍，本市居住' WHEN t.roll_row IS NOT NULL THEN '学籍在本市，户籍不明' ELSE '户籍不明' END
           AS register_kind,
       coalesce(s.address, t.address) AS home,
       s.study_mode,
       CASE WHEN s.left_behind IN ('单亲留守', '双亲留守') THEN s.left_behind WHEN s.migrant_child = '是' THEN '随迁子女' END AS family_kind,
       s.inclusive_class,
       coalesce(t.label, CASE WHEN s.is_orphan = '是' THEN '学籍登记为孤儿' END) AS watch_group,
       coalesce('残疾儿童安置：' || t.placement_kind, t.accounted) AS whereabouts_told,
       t.ledger_kind AS ledger_kind,
       t.registered_on,
       t.persuasion_count,
       t.last_persuasion,
       t.whereabouts AS ledger_whereabouts,
       t.carer AS carer_name,
       t.phone AS carer_phone,
       t.not_enrolled_reason,
       CASE WHEN t.unregistered THEN '是' END AS unregistered
FROM told t
LEFT JOIN student_roll s ON s.row_key = t.roll_row
LEFT JOIN grade_names e ON e.grade = expected_grade(t.birth, $as_of)
