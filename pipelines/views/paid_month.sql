-- ---
-- title = "每笔发放成功的月份一行：受益人、项目、所属月份、金额（分）。弱匹配的行只在没有强匹配的行时采用"
-- ---
WITH paid AS (
    SELECT p.subject_identity AS identity, p.subject_grade AS grade, b.program, p.program AS program_title,
           b.basic_living, p.belonging_month AS month, p.amount, p.row_key,
           min(p.subject_grade) OVER (PARTITION BY p.subject_identity) AS best_grade
    FROM benefit_payment p
    JOIN benefit_programs b ON b.label = p.program
    WHERE p.payment_status = '成功'
      AND p.subject_identity IS NOT NULL
      AND p.subject_grade < 'D'
      AND p.belonging_month IS NOT NULL
)
SELECT identity, grade, program, program_title, basic_living, month, amount, row_key
FROM paid
WHERE grade <= 'B' OR best_grade > 'B'
