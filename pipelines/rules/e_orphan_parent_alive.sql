-- ---
-- title = "孤儿父母健在"
-- condition = "名册登记为孤儿、未停发，户籍或出生登记以证号证明的父或母（非福利院集体户的，名册所登记的也算）户籍正常，没有死亡或法院宣告失踪、死亡的记录；儿童没有有效的收养登记。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "population"]
-- optional_reads = ["birth_registration", "student_roll", "judgment", "benefit_payment", "adoption", "disability_card", "prison_term", "custody", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "medium"
-- basis = ["orphan_support_2010", "qidong_guide_2021", "child_system_exit"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "名册类别为{{ category }}，{{ side_title }}（父母关系依据 {{ link_grade }}）在人口库中为正常户籍，截至 {{ known_until }} 无死亡登记，也无法院宣告失踪、宣告死亡；名册登记{{ side_title }}情况：{{ recorded_state }}。疑似不符合孤儿情形，待核查；按发现当月起算，建议末领年月 {{ suggested_last_month }}{% if months %}；最近 12 个月已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["父母关系是否属实（养父母、继父母、登记错误）", "是否查找不到生父母的情形", "健在一方是否履行监护，是否符合事实无人抚养情形"]
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- side_title = { title = "健在一方", class = "relative" }
-- link_grade = { title = "父母关系依据" }
-- recorded_state = { title = "名册登记状态", class = "custody" }
-- months = { title = "近12个月发放月数", class = "money" }
-- money = { title = "近12个月金额（元）", class = "money", format = "yuan" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- matrix = { title = "认定情形", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
WITH alive AS (
    SELECT l.row_key, l.identity, l.category, r.side, r.side_title, r.recorded_state, p.parent, p.link_grade,
           p.population_row, p.birth_row, s.row_key AS parent_row, s.name AS parent_name,
           -- The register proves the parent; a roll that names the parent without a number makes nothing doubtful.
           least(CASE WHEN c.father_identity = p.parent THEN c.father_grade END,
                 CASE WHEN c.mother_identity = p.parent THEN c.mother_grade END,
                 CASE WHEN c.guardian_identity = p.parent THEN c.guardian_grade END) > 'B' AS vague,
           row_number() OVER (PARTITION BY l.identity ORDER BY p.link_grade, p.side, s.row_key) AS nth
    FROM listed_child l
    JOIN parent_link p ON p.child = l.identity AND p.grade <= 'B'
    JOIN recorded_parent r ON r.row_key = l.row_key AND r.side = p.side
    JOIN child_roster c ON c.row_key = l.row_key
    JOIN population s ON s.resident_identity = p.parent AND s.cancel_state = '正常' AND s.resident_grade <= 'B'
    WHERE l.orphan
      AND l.nth_of_category = 1
      AND l.benefit_status <> '已停发'
      -- The paper of a foundling names finders, that of an institution its own people: only the register counts.
      AND (p.link_grade = 'L1' OR (p.link_grade = 'L2' AND coalesce(l.register_class, '') <> '福利院集体户'))
      AND NOT EXISTS (SELECT 1 FROM parent_standing x WHERE x.identity = p.parent AND x.class = 'D')
      AND NOT EXISTS (SELECT 1 FROM adopted a WHERE a.identity = l.identity)
),
paid AS (
    SELECT a.row_key, count(DISTINCT p.month) AS months, sum(p.amount) AS money, array_agg(p.row_key ORDER BY p.row_key) AS payments
    FROM alive a
    JOIN paid_month p ON p.identity = a.identity AND p.program = 'orphan' AND p.grade <= 'B'
                     AND p.month > month_add(month_of($known_until), -12)
    WHERE a.nth = 1
    GROUP BY a.row_key
)
SELECT a.row_key AS subject_row_key,
       '' AS event,
       a.category,
       a.side_title,
       a.link_grade,
       coalesce(a.recorded_state, '未登记') AS recorded_state,
       x.father_told,
       x.mother_told,
       x.matrix,
       month_add(month_of($known_until), t.months) AS effective_month,
       month_add(month_of($known_until), t.months - 1) AS suggested_last_month,
       $known_until AS known_until,
       p.months,
       p.money,
       CASE WHEN n.name IS NOT NULL THEN '另有同名的宣告文书没有有效证件号，疑似同人待确认' END AS annex_reason,
       CASE WHEN a.vague THEN NULL ELSE a.parent END AS parent_identity,
       a.row_key AS evidence_child_roster,
       a.population_row AS evidence_population__child,
       a.birth_row AS evidence_birth_registration,
       CASE WHEN a.vague THEN NULL ELSE a.parent_row END AS evidence_population,
       p.payments AS evidence_benefit_payment
FROM alive a
JOIN stop_month t ON t.cause = 'parent_found'
LEFT JOIN exit_matrix x ON x.row_key = a.row_key AND x.side = a.side
LEFT JOIN paid p ON p.row_key = a.row_key
LEFT JOIN declaration_in_doubt n ON n.name = a.parent_name
WHERE a.nth = 1
