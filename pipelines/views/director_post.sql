-- ---
-- title = "儿童主任名册每行一行：谁、在哪个村、是否在岗、任职和最近培训日期。short 为真的村名太短，分不清是哪个村"
-- ---
SELECT row_key, subject_identity AS identity, coalesce(subject_town, town) AS town, coalesce(subject_village, village) AS village,
       subject_village IS NULL AS short, status = '在岗' AS on_duty, appointed_on, trained_on
FROM child_director
