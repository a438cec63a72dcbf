-- ---
-- title = "每个学生每个无故缺勤的上学日一行：哪天、依据的行、匹配等级。周末不计；有请假依据、病假、事假不算；学籍之外的假期无从得知"
-- ---
SELECT a.subject_identity AS identity, a.absent_on, min(a.row_key) AS row_key, min(a.subject_grade) AS grade
FROM absence a
JOIN absence_kinds k ON k.label = a.absence_kind AND k.unexplained
WHERE a.leave_proof IS NULL AND a.subject_identity IS NOT NULL AND a.subject_grade < 'D' AND a.absent_on <= $as_of
  -- Days since a Monday: 5 and 6 are the weekend.
  AND (CAST(a.absent_on AS INT) - 4) % 7 < 5
GROUP BY a.subject_identity, a.absent_on
