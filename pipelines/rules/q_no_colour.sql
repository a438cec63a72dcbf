-- ---
-- title = "未评估分色"
-- condition = "名册登记在册、未满18周岁，没有风险等级，或评估日期已超过规定月数，登记已满规定天数，没有死亡记录。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "medium"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ category }}，登记在册，{% if colour %}最近评估为{{ colour }}色，评估日期 {{ assessed_on }}，已超过 {{ valid_months }} 个月{% else %}截至 {{ known_until }} 无风险等级{% endif %}。疑似未按四色全覆盖评估，待核查"
-- verify = ["是否已评估未录入", "是否新登记、待评估"]
-- [params]
-- valid_months = { default = 6, title = "评估多少个月内有效", status = "sourced" }
-- new_days = { default = 30, title = "新登记多少天以内不列", status = "sourced" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- colour = { title = "风险等级", class = "watch_group" }
-- assessed_on = { title = "评估日期" }
-- ---
SELECT l.row_key AS subject_row_key,
       '' AS event,
       coalesce(l.public_label, '名册儿童') AS category,
       l.risk_level AS colour,
       l.assessed_on,
       $valid_months AS valid_months,
       $known_until AS known_until
FROM listed_child l
WHERE l.nth = 1
  AND (l.risk_level IS NULL OR l.assessed_on < add_months($known_until, -$valid_months))
  AND coalesce(l.registered_on < $known_until - $new_days, true)
  AND coalesce(l.birth > add_months($as_of, -216), true)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = l.identity)
