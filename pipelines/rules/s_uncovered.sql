-- ---
-- title = "应保未保随机抽查"
-- condition = "不是线索：从本市户籍、未销户、不满18周岁、不在儿童名册的未成年人中每季度抽签抽取若干名，当晚已列入本清单的不抽，用来估计清单漏掉了多少。抽查人数为 0 时不抽（默认）。"
-- list = "uncovered"
-- subject = "population.resident"
-- reads = ["population", "child_roster"]
-- event = "month"
-- spot_check = true
-- severity = "info"
-- basis = ["minor_protection_law#94"]
-- recipients = ["civil-affairs"]
-- due_days = 15
-- reason = "随机抽查，不是线索：自 {{ scope }} 人中抽取，各部门数据未见异常。请核实：应纳入未纳入的答“属实”，没有的答“不属实”（抽查无异常）"
-- verify = ["父母状况、家庭困难、残疾重病情况，是否应当纳入保障"]
-- [columns]
-- scope = { title = "抽查范围人数" }
-- ---
SELECT s.row_key AS subject_row_key, s.event, s.scope, s.row_key AS evidence_population
FROM spot_check s
WHERE s.list = 'uncovered'
