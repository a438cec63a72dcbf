-- ---
-- title = "每笔发放正常的残疾人两项补贴月份一行：受益人、项目、所属月份、金额（分）、匹配等级"
-- ---
SELECT s.subject_identity AS identity, s.subject_grade AS grade, b.program, s.subsidy_kind AS program_title,
       s.belonging_month AS month, s.amount, s.row_key
FROM disability_subsidy s
JOIN subsidy_programs b ON b.label = s.subsidy_kind
WHERE s.status = '正常'
  AND s.subject_identity IS NOT NULL
  AND s.subject_grade < 'D'
  AND s.belonging_month IS NOT NULL
