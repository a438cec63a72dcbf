-- ---
-- title = "一行：按对照表（absence_thresholds）今天有效的各项缺勤天数"
-- ---
SELECT max(days) FILTER (WHERE measure = 'streak_risk') AS risk_days,
       max(days) FILTER (WHERE measure = 'streak_suspect') AS suspect_days,
       max(days) FILTER (WHERE measure = 'streak_dropout') AS dropout_days,
       max(days) FILTER (WHERE measure = 'month') AS month_days,
       max(days) FILTER (WHERE measure = 'term') AS term_days
FROM absence_thresholds
