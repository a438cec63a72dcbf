-- ---
-- title = "线索逾期未核"
-- condition = "控辍保学、应退未退、疑似保障对象、亟需关爱清单上的线索，过了应反馈日期仍没有答复。"
-- list = "quality"
-- subject = "*"
-- reads = []
-- event = "row_key"
-- severity = "medium"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs", "education"]
-- due_days = 5
-- reason = "{{ list_title }}线索 {{ clue }} 应于 {{ due }} 前反馈，截至 {{ today }} 已逾期 {{ days }} 天未见核查结果。疑似逾期未核，待核查"
-- verify = ["是否已核查、只是未填回", "是否需要改派或督办"]
-- [params]
-- lists = { default = ["dropout", "benefit_exit", "uncovered", "urgent"], title = "哪些清单的线索列入逾期督办", status = "to_confirm" }
-- days_over = { default = 0, title = "超过应反馈日期多少天后列入", status = "to_confirm" }
-- [columns]
-- clue = { title = "逾期线索编号" }
-- list_title = { title = "所在清单" }
-- due = { title = "应反馈日期" }
-- days = { title = "逾期天数" }
-- addressee = { title = "牵头部门" }
-- ---
-- The clue's own row is its subject: the reader sees who waits. A clue leaves the list as soon as it is answered.
SELECT c.row_key AS subject_row_key,
       c.extract AS subject_extract,
       c.role AS subject_role,
       c.clue AS event,
       c.clue,
       CASE c.list WHEN 'dropout' THEN '控辍保学' WHEN 'benefit_exit' THEN '应退未退'
                   WHEN 'uncovered' THEN '疑似保障对象' WHEN 'urgent' THEN '亟需关爱' ELSE c.list END AS list_title,
       c.due,
       $as_of AS today,
       CAST($as_of AS INT) - CAST(c.due AS INT) AS days,
       CASE c.list WHEN 'dropout' THEN '教体局' ELSE '民政局' END AS addressee
FROM open_clue c
WHERE c.list IN $lists
  AND CAST($as_of AS INT) - CAST(c.due AS INT) > $days_over
