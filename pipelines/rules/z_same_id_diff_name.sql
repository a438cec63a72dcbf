-- ---
-- title = "一证多名"
-- condition = "同一有效证号在业务数据（本人，不含父母、监护人栏）与户籍人口中姓名不同，且曾用名、异体字、缺字都不能解释（连接不到同一人）。同一来源中同一号码、姓名只列一行。"
-- list = "data_error"
-- subject = "*"
-- reads = ["population"]
-- optional_reads = ["child_roster", "adoption", "benefit_payment", "care_agreement", "child_director", "cremation", "disability_subsidy", "social_relief", "visit_log", "judgment", "basic_survey", "disability_card", "rehabilitation", "dropout_ledger", "education_aid", "home_teaching", "placement", "roll_change", "student_roll", "death_certificate", "insurance", "prison_term", "serious_illness", "custody", "death_cancellation", "minor_alert", "move_out", "residence"]
-- event = "extract"
-- severity = "info"
-- basis = ["personal_information_law#8", "resident_id_standard"]
-- recipients = ["owner"]
-- due_days = 20
-- reason = "《{{ extract_title }}》中的有效证号在公安人口库登记的是另一姓名，且曾用名、异体字、缺字均不能解释。疑似证号填错或一证多名，待核查更正"
-- verify = ["对照证件原件更正姓名或证号", "是否曾用名、更名而未登记"]
-- [columns]
-- extract_title = { title = "来源" }
-- ---
-- The other person's row is not evidence: the linkage calls such a row weak, and a weak link is what the finding says.
SELECT row_key AS subject_row_key,
       extract AS subject_extract,
       role AS subject_role,
       extract AS event,
       extract_title
FROM foreign_number
