-- ---
-- title = "每笔发放成功的月份一行：受益人、项目、所属月份、金额（分）。受益人没有有效证件号、与领取人同名的，是领取人。grade 是这一行与受益人的匹配等级：用到弱匹配行的规则自己决定"
-- ---
WITH told AS (
    SELECT *, coalesce(subject_id_state NOT IN ('valid', 'extended') AND child_number IS NULL
                       AND payee_name = name AND payee_id_state = 'valid', false) AS own_payee
    FROM benefit_payment
    WHERE payment_status = '成功' AND belonging_month IS NOT NULL
),
paid AS (
    SELECT *, CASE WHEN own_payee THEN payee_identity ELSE subject_identity END AS identity,
           CASE WHEN own_payee THEN payee_grade ELSE subject_grade END AS grade
    FROM told
)
SELECT p.identity, p.grade, b.program, p.program AS program_title, b.basic_living, p.belonging_month AS month, p.amount, p.row_key
FROM paid p
JOIN benefit_programs b ON b.label = p.program
WHERE p.identity IS NOT NULL AND p.grade < 'D'
