-- ---
-- title = "服务质量随机抽查"
-- condition = "不是线索：从儿童名册在册的儿童中每季度抽签抽取若干名，当晚已列入本清单的不抽，用来估计清单漏掉了多少。抽查人数为 0 时不抽（默认）。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population"]
-- event = "month"
-- spot_check = true
-- severity = "info"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "随机抽查，不是线索：自 {{ scope }} 人中抽取，各部门数据未见异常。请核实：不到位的答“属实”，到位的答“不属实”（抽查无异常）"
-- verify = ["走访、建档、委托照护、儿童主任联系等服务是否到位"]
-- [columns]
-- scope = { title = "抽查范围人数" }
-- ---
SELECT s.row_key AS subject_row_key, s.event, s.scope, s.row_key AS evidence_child_roster
FROM spot_check s
WHERE s.list = 'quality'
