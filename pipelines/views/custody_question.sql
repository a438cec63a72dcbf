-- ---
-- title = "反向比对：名册登记在册的事实无人抚养未成年人的父母每人一行，请公安比对是否被采取限制人身自由的措施；已有死亡记录的不问"
-- ---
-- Who is asked about is a parent whom the child's row names or the register proves; whose child it is, and why the
-- question is put, is not told.
SELECT p.parent AS identity,
       true AS listed,
       CAST(NULL AS VARCHAR) AS registered,
       'W' || lpad(CAST(p.parent AS VARCHAR), 9, '0') AS question_number,
       '是否被采取限制人身自由的措施' AS question
FROM recorded_parent p
WHERE p.de_facto
  AND p.parent IS NOT NULL
  AND coalesce(p.benefit_status, '正常发放') <> '已停发'
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = p.parent)
GROUP BY p.parent
