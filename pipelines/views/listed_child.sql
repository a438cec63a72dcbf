-- ---
-- title = "每个登记在册儿童的名册行：各项登记、核定的出生日期、类别性质。nth 为该儿童的第几行，nth_of_category 为该儿童在同一类别的第几行"
-- ---
SELECT c.row_key, c.child_identity AS identity, c.child_grade AS grade, coalesce(i.birth, c.child_birth) AS birth,
       c.name, c.town, c.village, c.category, k.public_label, k.orphan, k.de_facto, k.in_difficulty,
       coalesce(c.benefit_status, '正常发放') AS benefit_status, c.over_age_reason, c.register_class, c.registered_on,
       c.risk_level, c.assessed_on, c.director, c.responsible_unit, c.register_address, c.address, c.guardian_name, c.guardian_phone,
       c.father_identity, c.father_state, c.father_state_from, c.father_state_until,
       c.mother_identity, c.mother_state, c.mother_state_from, c.mother_state_until,
       row_number() OVER (PARTITION BY c.child_identity ORDER BY c.row_key) AS nth,
       row_number() OVER (PARTITION BY c.child_identity, c.category ORDER BY c.row_key) AS nth_of_category
FROM child_roster c
LEFT JOIN child_categories k ON k.label = c.category
LEFT JOIN identity i ON i.identity = c.child_identity
WHERE c.status = '登记在册' AND c.child_identity IS NOT NULL
