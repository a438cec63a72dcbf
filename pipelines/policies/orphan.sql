-- ---
-- title = "孤儿基本生活保障"
-- order = 1
-- class = "relative"
-- basis = ["orphan_support_2010", "minor_protection_law#94", "qidong_guide_2021"]
-- reads = ["population", "death_cancellation"]
-- optional_reads = ["child_roster", "move_out", "death_certificate", "cremation", "adoption", "birth_registration", "student_roll", "judgment", "disability_card", "prison_term", "custody", "serious_illness", "benefit_payment", "social_relief", "disability_subsidy"]
-- gap_rules = ["u_orphan"]
-- enjoyed = { title = "名册登记为孤儿并正常发放", seen_in = ["child_roster"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "未满18周岁（或按规定超龄续发）", missing = "出生日期" }
-- register_here = { title = "户籍在本市且未注销", seen_in = ["population"], missing = "本市户籍人口中的户籍" }
-- parents = { title = "父母双方死亡或被法院宣告失踪、宣告死亡" }
-- not_adopted = { title = "没有有效的收养登记", denied_in = ["adoption"] }
-- ---
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       c.orphan_paid AS enjoyed,
       c.alive,
       c.age < 18 OR c.over_age AS under_age,
       c.register_here,
       p.orphan AS parents,
       p.missing AS parents_missing,
       a.identity IS NULL AS not_adopted,
       b.excluded_by,
       concat_ws('；', k.doubt, CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END) AS doubt,
       CASE WHEN c.orphan THEN '名册已登记为孤儿，享受状态为' || c.benefit_status
            WHEN greatest(k.father_from, k.mother_from) > $known_until THEN '所依据的日期晚于数据截止日期' END AS unlisted,
       a.row_key AS evidence_adoption,
       k.unproven_father AS father_identity,
       k.unproven_mother AS mother_identity,
       k.row_key AS evidence_population,
       k.father_birth_row AS evidence_birth_registration__father,
       k.mother_birth_row AS evidence_birth_registration__mother,
       k.father_roll_row AS evidence_student_roll__father,
       k.mother_roll_row AS evidence_student_roll__mother,
       k.father_cancellation AS evidence_death_cancellation__father,
       k.father_certificate AS evidence_death_certificate__father,
       k.father_cremation AS evidence_cremation__father,
       k.mother_cancellation AS evidence_death_cancellation__mother,
       k.mother_certificate AS evidence_death_certificate__mother,
       k.mother_cremation AS evidence_cremation__mother,
       k.father_judgment AS evidence_judgment__father,
       k.mother_judgment AS evidence_judgment__mother
FROM policy_child c
LEFT JOIN policy_parent p ON p.identity = c.identity
LEFT JOIN parent_claim k ON k.child = c.identity AND p.orphan
LEFT JOIN adopted a ON a.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'orphan'
