-- ---
-- title = "事实无人抚养认定情形不成立"
-- condition = "名册登记为事实无人抚养、未停发，按父母现状对照（死亡、失踪×重残、重病、服刑等），有据可查的反证（名册登记为正常或外出务工、社区矫正、期限不满6个月、法院已恢复或撤销、名册登记的截止日期已过）使双方无论如何都不能成立。没有数据的一方不作判断。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population", "birth_registration", "student_roll", "judgment", "prison_term", "custody", "disability_card", "serious_illness", "death_cancellation", "death_certificate", "cremation", "benefit_payment"]
-- event = "none"
-- severity = "medium"
-- basis = ["de_facto_2019", "de_facto_2020"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "名册类别为{{ category }}；父亲：{{ father_told }}；母亲：{{ mother_told }}。按父母状态对照，疑似认定情形不成立，待核查；按发现当月起算，建议末领年月 {{ suggested_last_month }}{% if months %}；最近 12 个月已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["名册登记的父母情况是否过时或填错", "是否有其他符合情形而未登记", "是否可转为其他保障类别"]
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- months = { title = "近12个月发放月数", class = "money" }
-- money = { title = "近12个月金额（元）", class = "money", format = "yuan" }
-- matrix = { title = "认定情形", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
WITH paid AS (
    SELECT m.row_key, count(DISTINCT p.month) AS months, sum(p.amount) AS money, array_agg(p.row_key ORDER BY p.row_key) AS payments
    FROM matrix_check m
    JOIN paid_month p ON p.identity = m.identity AND p.program = 'de_facto' AND p.grade <= 'B'
                     AND p.month > month_add(month_of($known_until), -12)
    GROUP BY m.row_key
)
SELECT m.row_key AS subject_row_key,
       '' AS event,
       m.category,
       m.father_told,
       m.mother_told,
       '父 ' || coalesce(m.father_class, '不详') || ' × 母 ' || coalesce(m.mother_class, '不详') || '：不符合' AS matrix,
       month_add(month_of($known_until), t.months) AS effective_month,
       month_add(month_of($known_until), t.months - 1) AS suggested_last_month,
       p.months,
       p.money,
       m.row_key AS evidence_child_roster,
       m.father_prison AS evidence_prison_term__father,
       m.father_custody AS evidence_custody__father,
       m.father_judgment AS evidence_judgment__father,
       m.mother_prison AS evidence_prison_term__mother,
       m.mother_custody AS evidence_custody__mother,
       m.mother_judgment AS evidence_judgment__mother,
       p.payments AS evidence_benefit_payment
FROM matrix_check m
JOIN stop_month t ON t.cause = 'conditions_failed'
LEFT JOIN paid p ON p.row_key = m.row_key
