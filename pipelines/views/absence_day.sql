-- ---
-- title = "每个学生每个无故缺勤的上学日一行：哪天、第几个上学日、依据的行、匹配等级。周末和日历（calendar.csv）所列假期不计；有请假依据、病假、事假不算"
-- ---
SELECT a.subject_identity AS identity, a.absent_on, s.nth, min(a.row_key) AS row_key, min(a.subject_grade) AS grade
FROM absence a
JOIN school_day s ON s.day = a.absent_on
JOIN absence_kinds k ON k.label = a.absence_kind AND k.unexplained
WHERE a.leave_proof IS NULL AND a.subject_identity IS NOT NULL AND a.subject_grade < 'D' AND a.absent_on <= $as_of
GROUP BY a.subject_identity, a.absent_on, s.nth
