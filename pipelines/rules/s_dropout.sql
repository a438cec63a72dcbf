-- ---
-- title = "控辍保学随机抽查"
-- condition = "不是线索：从本市户籍、未销户、义务教育年龄段的儿童中每季度抽签抽取若干名，当晚已列入本清单的不抽，用来估计清单漏掉了多少。抽查人数为 0 时不抽（默认）。"
-- list = "dropout"
-- subject = "population.resident"
-- reads = ["population"]
-- optional_reads = ["child_roster"]
-- event = "month"
-- spot_check = true
-- severity = "info"
-- basis = ["keep_in_school_2024"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "随机抽查，不是线索：自 {{ scope }} 人中抽取，各部门数据未见异常。请核实：确未在读的答“属实”，在读的答“不属实”（抽查无异常）"
-- verify = ["本人是否在读、在哪里读"]
-- [columns]
-- scope = { title = "抽查范围人数" }
-- ---
SELECT s.row_key AS subject_row_key, s.event, s.scope, s.row_key AS evidence_population
FROM spot_check s
WHERE s.list = 'dropout'
