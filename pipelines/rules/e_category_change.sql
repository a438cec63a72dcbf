-- ---
-- title = "保障类别应转换"
-- condition = "（一）名册登记为事实无人抚养、困境、留守、流动、重残、重病儿童，父母双方现状对照的结果高于现类别（转为孤儿或事实无人抚养儿童），没有有效收养登记；（二）登记为孤儿，父母双方现状对照的结果是事实无人抚养；（三）登记为事实无人抚养而对照已不成立，本人持有效重残等级残疾人证，或是在保低保、特困家庭成员（转为参数所列类别）。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population", "birth_registration", "student_roll", "judgment", "prison_term", "custody", "disability_card", "serious_illness", "move_out", "adoption", "social_relief", "death_cancellation", "death_certificate", "cremation"]
-- event = "day_or_school_year"
-- severity = "high"
-- basis = ["de_facto_2019", "de_facto_2020", "orphan_support_2010", "qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "名册类别为{{ old_class }}；父亲：{{ father_told }}；母亲：{{ mother_told }}{% if card %}；儿童本人持有效残疾人证（{{ card }}）{% endif %}。按父母状态对照，类别疑似应由{{ old_class }}转为{{ new_class }}（{{ direction }}），待核查；原类别建议末领年月 {{ suggested_last_month }}"
-- verify = ["父母关系是否属实", "父母状态是否仍有效、佐证是否齐全", "是否正在办理类别变更", "转换后的标准和起领年月"]
-- [params]
-- may_rise = { default = ["事实无人抚养儿童", "农村留守儿童", "困境儿童", "重残儿童", "重病儿童", "流动儿童"], title = "按父母状态可能应转入更高类别的名册类别", status = "sourced" }
-- fallback_class = { default = "重残儿童", title = "事实无人抚养不成立而本人重残时的类别", status = "sourced" }
-- ordinary_class = { default = "困境儿童", title = "事实无人抚养不成立而家庭在保时的类别", status = "to_confirm" }
-- [columns]
-- direction = { title = "方向" }
-- old_class = { title = "现类别", class = "watch_group" }
-- new_class = { title = "疑似应为", class = "watch_group" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- card = { title = "儿童残疾类别等级", class = "disability" }
-- matrix = { title = "认定情形", class = "custody" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
WITH up AS (
    SELECT l.row_key, l.category AS old_class, l.orphan, b.*,
           row_number() OVER (PARTITION BY l.identity ORDER BY l.row_key) AS nth
    FROM listed_child l
    LEFT JOIN child_categories k ON k.label = l.category
    JOIN both_parents b ON b.child = l.identity
    WHERE (l.category IN $may_rise OR (l.orphan AND b.result = '事实无人抚养儿童'))
      AND l.birth > add_months($as_of, -216)
      AND b.result <> coalesce(k.public_label, '')
      AND NOT EXISTS (
          SELECT 1 FROM listed_child o WHERE o.identity = l.identity AND o.row_key <> l.row_key
            AND (o.orphan OR (o.de_facto AND b.result <> '孤儿'))
      )
      AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = l.identity)
      AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = l.identity)
)
SELECT u.row_key AS subject_row_key,
       coalesce(CAST(greatest(u.father_from, u.mother_from) AS VARCHAR), school_year_of($as_of)) AS event,
       CASE WHEN u.orphan THEN '待遇可能降低，核查后办理' ELSE '对儿童有利，优先办理' END AS direction,
       u.old_class,
       u.result AS new_class,
       u.father_told,
       u.mother_told,
       CAST(NULL AS VARCHAR) AS card,
       '父 ' || u.father_class || ' × 母 ' || u.mother_class || '：' || u.result AS matrix,
       greatest(u.father_from, u.mother_from) AS event_date,
       month_add(month_of(coalesce(greatest(u.father_from, u.mother_from), $known_until)), t.months) AS effective_month,
       month_add(month_of(coalesce(greatest(u.father_from, u.mother_from), $known_until)), t.months - 1) AS suggested_last_month,
       u.doubt AS annex_reason,
       u.unproven_father AS father_identity,
       u.unproven_mother AS mother_identity,
       CAST(NULL AS VARCHAR) AS evidence_child_roster,
       CAST(NULL AS VARCHAR) AS evidence_social_relief,
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
JOIN stop_month t ON t.cause = 'category_changed'
WHERE u.nth = 1
UNION ALL
SELECT m.row_key, school_year_of($as_of), '待遇可能降低，核查后办理', m.category,
       CASE WHEN k.identity IS NOT NULL THEN $fallback_class ELSE $ordinary_class END, m.father_told, m.mother_told, k.card,
       '父 ' || coalesce(m.father_class, '不详') || ' × 母 ' || coalesce(m.mother_class, '不详') || '：不符合', CAST(NULL AS DATE),
       month_add(month_of($known_until), t.months), month_add(month_of($known_until), t.months - 1),
       CAST(NULL AS VARCHAR), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT), m.row_key AS roster_row,
       CASE WHEN k.identity IS NULL THEN f.row_key END, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
       CAST(NULL AS VARCHAR), m.father_judgment, k.row_key, m.father_prison, m.father_custody, CAST(NULL AS VARCHAR),
       CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[]), m.mother_judgment, CAST(NULL AS VARCHAR),
       m.mother_prison, m.mother_custody, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[]), CAST(NULL AS VARCHAR[])
FROM matrix_check m
JOIN stop_month t ON t.cause = 'category_changed'
LEFT JOIN card_standing k ON k.identity = m.identity AND k.effect = 'in_force' AND k.severe = 'yes' AND k.grade <= 'B'
LEFT JOIN (
    SELECT identity, min(row_key) AS row_key FROM relief_member
    WHERE relief_kind IN ('低保', '特困') AND grade <= 'B'
    GROUP BY identity
) f ON f.identity = m.identity
WHERE k.identity IS NOT NULL OR f.identity IS NOT NULL
