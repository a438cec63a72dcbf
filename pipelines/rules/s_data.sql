-- ---
-- title = "信息核对随机抽查"
-- condition = "不是线索：从儿童名册在册的儿童中每季度抽签抽取若干名，当晚已列入本清单的不抽，用来估计清单漏掉了多少。抽查人数为 0 时不抽（默认）。"
-- list = "data"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population"]
-- event = "month"
-- spot_check = true
-- severity = "info"
-- basis = ["personal_information_law#8"]
-- recipients = ["owner"]
-- due_days = 15
-- reason = "随机抽查，不是线索：自 {{ scope }} 人中抽取，各部门数据未见异常。请核实：有误的答“属实”，一致的答“不属实”（抽查无异常）"
-- verify = ["名册本行登记的姓名、证件号、住址与户口簿是否一致"]
-- [columns]
-- scope = { title = "抽查范围人数" }
-- ---
SELECT s.row_key AS subject_row_key, s.event, s.scope, s.row_key AS evidence_child_roster
FROM spot_check s
WHERE s.list = 'data'
