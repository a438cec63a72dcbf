-- ---
-- title = "保障类别应转换"
-- condition = "（一）名册登记为事实无人抚养、困境、留守、流动、重残、重病儿童，父母双方现状对照的结果高于现类别（转为孤儿或事实无人抚养儿童），没有有效收养登记；（二）登记为事实无人抚养而对照已不成立，本人持有效重残等级残疾人证（转为参数所列类别）。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population", "birth_registration", "student_roll", "judgment", "prison_term", "custody", "disability_card", "serious_illness", "move_out", "adoption", "death_cancellation", "death_certificate", "cremation"]
-- event = "day_or_school_year"
-- severity = "high"
-- basis = ["de_facto_2019", "de_facto_2020", "orphan_support_2010", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "名册类别为{{ old_class }}；父亲：{{ father_told }}；母亲：{{ mother_told }}{% if card %}；儿童本人持有效残疾人证（{{ card }}）{% endif %}。按父母状态对照，类别疑似应由{{ old_class }}转为{{ new_class }}（{{ direction }}），待核查"
-- verify = ["父母关系是否属实", "父母状态是否仍有效、佐证是否齐全", "是否正在办理类别变更", "转换后的标准和起领年月"]
-- [params]
-- may_rise = { default = ["事实无人抚养儿童", "农村留守儿童", "困境儿童", "重残儿童", "重病儿童", "流动儿童"], title = "按父母状态可能应转入更高类别的名册类别", status = "sourced" }
-- fallback_class = { default = "重残儿童", title = "事实无人抚养不成立而本人重残时的类别", status = "sourced" }
-- [columns]
-- direction = { title = "方向" }
-- old_class = { title = "现类别", class = "watch_group" }
-- new_class = { title = "疑似应为", class = "watch_group" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- card = { title = "儿童残疾类别等级", class = "disability" }
-- ---
WITH up AS (
    SELECT l.row_key, l.category AS old_class, b.*,
           row_number() OVER (PARTITION BY l.identity ORDER BY l.row_key) AS nth
    FROM listed_child l
    LEFT JOIN child_categories k ON k.label = l.category
    JOIN both_parents b ON b.child = l.identity
    WHERE l.category IN $may_rise
      AND l.birth > add_months($as_of, -216)
      AND b.result <> coalesce(k.public_label, '')
      AND NOT EXISTS (
          SELECT 1 FROM listed_child o WHERE o.identity = l.identity AND (o.orphan OR (o.de_facto AND b.result <> '孤儿'))
      )
      AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = l.identity)
      AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = l.identity)
)
SELECT u.row_key AS subject_row_key,
       coalesce(CAST(greatest(u.father_from, u.mother_from) AS VARCHAR), school_year_of($as_of)) AS event,
       '对儿童有利，优先办理' AS direction,
       u.old_class,
       u.result AS new_class,
       u.father_title || coalesce('（' || CAST(u.father_from AS VARCHAR) || ' 起，' || u.father_source || '）', '（' || u.father_source || '）')
           AS father_told,
       u.mother_title || coalesce('（' || CAST(u.mother_from AS VARCHAR) || ' 起，' || u.mother_source || '）', '（' || u.mother_source || '）')
           AS mother_told,
       CAST(NULL AS VARCHAR) AS card,
       u.doubt AS annex_reason,
       u.unproven_father AS father_identity,
       u.unproven_mother AS mother_identity,
       CAST(NULL AS VARCHAR) AS evidence_child_roster,
       u.father_birth_row AS evidence_birth_registration__father,
       u.mother_birth_row AS evidence_birth_registration__mother,
       u.population_row AS evidence_population,
       u.father_judgment AS evidence_judgment__father,
       u.father_card AS evidence_disability_card__father,
       u.father_prison AS evidence_prison_term__father,
       u.father_custody AS evidence_custody__father,
       u.father_illness AS evidence_serious_illness__father,
       u.father_cancellation AS evidence_death_cancellation__father,
       u.father_certificate AS evidence_death_certificate__father,
       u.father_cremation AS evidence_cremation__father,
       u.mother_judgment AS evidence_judgment__mother,
       u.mother_card AS evidence_disability_card__mother,
       u.mother_prison AS evidence_prison_term__mother,
       u.mother_custody AS evidence_custody__mother,
       u.mother_illness AS evidence_serious_illness__mother,
       u.mother_cancellation AS evidence_death_cancellation__mother,
       u.mother_certificate AS evidence_death_certificate__mother,
       u.mother_cremation AS evidence_cremation__mother
FROM up u
WHERE u.nth = 1
UNION ALL
SELECT m.row_key, school_year_of($as_of), '待遇可能降低，核查后办理', m.category, $fallback_class, m.father_told, m.mother_told, k.card,
       CAST(NULL AS VARCHAR), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), m.row_key AS roster_row, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
       CAST(NULL AS VARCHAR), m.father_judgment, k.row_key, m.father_prison, m.father_custody, CAST(NULL AS VARCHAR),
       CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[]), m.mother_judgment, CAST(NULL AS VARCHAR),
       m.mother_prison, m.mother_custody, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[])
FROM matrix_check m
JOIN card_standing k ON k.identity = m.identity AND k.effect = 'in_force' AND k.severe = 'yes' AND k.grade <= 'B'
