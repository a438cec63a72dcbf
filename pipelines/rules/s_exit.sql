-- ---
-- title = "应退未退随机抽查"
-- condition = "不是线索：从儿童名册在册、正常发放的儿童中每季度抽签抽取若干名，当晚已列入本清单的不抽，用来估计清单漏掉了多少。抽查人数为 0 时不抽（默认）。"
-- list = "exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population"]
-- event = "month"
-- spot_check = true
-- severity = "info"
-- basis = ["de_facto_2019"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "随机抽查，不是线索：自 {{ scope }} 人中抽取，各部门数据未见异常。请核实：已不符合的答“属实”，仍符合的答“不属实”（抽查无异常）"
-- verify = ["现在是否仍符合发放条件"]
-- [columns]
-- scope = { title = "抽查范围人数" }
-- ---
SELECT s.row_key AS subject_row_key, s.event, s.scope, s.row_key AS evidence_child_roster
FROM spot_check s
WHERE s.list = 'exit'
