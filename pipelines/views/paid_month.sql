-- ---
-- title = "每笔发放成功的月份一行：受益人、项目、所属月份、金额（分）。grade 是这一行与受益人的匹配等级：用到弱匹配行的规则自己决定"
-- ---
SELECT p.subject_identity AS identity, p.subject_grade AS grade, b.program, p.program AS program_title,
       b.basic_living, p.belonging_month AS month, p.amount, p.row_key
FROM benefit_payment p
JOIN benefit_programs b ON b.label = p.program
WHERE p.payment_status = '成功'
  AND p.subject_identity IS NOT NULL
  AND p.subject_grade < 'D'
  AND p.belonging_month IS NOT NULL
