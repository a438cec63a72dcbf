-- ---
-- title = "抽取不完整"
-- condition = "一份数据本次未收到、被拒收（表头不符、过期、重复交付等），或虽已接收但不完整（缺镇、行数超出约定幅度等）。"
-- list = "data_error"
-- subject = "delivery"
-- reads = []
-- event = "extract"
-- severity = "medium"
-- basis = ["personal_information_law#8"]
-- recipients = ["owner"]
-- due_days = 5
-- reason = "《{{ extract_title }}》{{ standing }}{% if known_day %}，数据截至 {{ known_day }}{% endif %}{% if rows_in %}，接收 {{ rows_in }} 行{% endif %}：{{ problems }}。依赖它的比对本次未运行或不作“查无”判断。疑似抽取或交付不完整，待核查"
-- verify = ["交付目录、文件名和完成标志是否正确", "是否把上一期文件重复交付", "集中录入、批量变更的月份请说明行数变化的原因"]
-- [params]
-- tell_missing = { default = true, title = "约定要交付而本次未收到的数据是否列出", status = "to_confirm" }
-- [columns]
-- standing = { title = "接收情况" }
-- problems = { title = "问题" }
-- ---
-- One case for one extract, however many nights it stays as it is; it ends when the extract comes whole.
SELECT extract AS subject_extract,
       extract AS event,
       title AS extract_title,
       CASE state WHEN 'missing' THEN '未收到' WHEN 'refused' THEN '被拒收' ELSE '不完整' END AS standing,
       problems,
       as_of AS known_day,
       CASE WHEN state = 'incomplete' THEN "rows" END AS rows_in
FROM extract_state
WHERE state IN ('refused', 'incomplete')
   OR (state = 'missing' AND $tell_missing)
