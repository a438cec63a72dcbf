-- ---
-- title = "事实无人抚养儿童基本生活补贴"
-- order = 2
-- class = "custody"
-- basis = ["de_facto_2019", "de_facto_2020", "qidong_guide_2021"]
-- reads = ["population"]
-- optional_reads = ["child_roster", "move_out", "death_cancellation", "death_certificate", "cremation", "adoption", "birth_registration", "student_roll", "judgment", "disability_card", "prison_term", "custody", "serious_illness", "benefit_payment", "social_relief", "disability_subsidy"]
-- gap_rules = ["u_de_facto_d_h", "u_de_facto_h_h"]
-- enjoyed = { title = "名册登记为事实无人抚养儿童并正常发放", seen_in = ["child_roster"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "未满18周岁（或按规定超龄续发）", missing = "出生日期" }
-- register_here = { title = "户籍在本市且未注销", seen_in = ["population"], missing = "本市户籍人口中的户籍" }
-- parents = { title = "父母双方均死亡、宣告失踪、重残、重病、服刑、强制隔离戒毒、失联等（至少一方不是死亡或宣告失踪）" }
-- not_adopted = { title = "没有有效的收养登记", denied_in = ["adoption"] }
-- ---
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       c.de_facto_paid AS enjoyed,
       c.alive,
       c.age < 18 OR c.over_age AS under_age,
       c.register_here,
       p.de_facto AS parents,
       p.missing AS parents_missing,
       a.identity IS NULL AS not_adopted,
       b.excluded_by,
       concat_ws('；', k.doubt, CASE WHEN b.to_check IS NOT NULL THEN '与' || b.to_check || '能否叠享待客户确认' END) AS doubt,
       CASE WHEN c.de_facto THEN '名册已登记为事实无人抚养儿童，享受状态为' || c.benefit_status
            WHEN c.listed THEN '名册已按' || c.category || '登记，见“保障类别应转换”'
            WHEN k.father_class <> k.mother_class AND CASE k.father_class WHEN 'D' THEN k.father_from ELSE k.mother_from END > $known_until
            THEN '所依据的日期晚于数据截止日期' END AS unlisted,
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
       k.mother_judgment AS evidence_judgment__mother,
       k.father_card AS evidence_disability_card__father,
       k.mother_card AS evidence_disability_card__mother,
       k.father_prison AS evidence_prison_term__father,
       k.mother_prison AS evidence_prison_term__mother,
       k.father_custody AS evidence_custody__father,
       k.mother_custody AS evidence_custody__mother,
       k.father_illness AS evidence_serious_illness__father,
       k.mother_illness AS evidence_serious_illness__mother,
       k.father_roster AS evidence_child_roster__father,
       k.mother_roster AS evidence_child_roster__mother
FROM policy_child c
LEFT JOIN policy_parent p ON p.identity = c.identity
LEFT JOIN parent_claim k ON k.child = c.identity AND p.de_facto
LEFT JOIN adopted a ON a.identity = c.identity
LEFT JOIN barred_program b ON b.identity = c.identity AND b.program = 'de_facto'
