-- ---
-- title = "残疾人证号与类别等级不符"
-- condition = "残疾人证号第19、20位与类别、等级两列不符（换发过的证按参数不列）。以类别、等级两列为准，仅核对数据。"
-- list = "data_error"
-- subject = "disability_card.subject"
-- reads = ["disability_card"]
-- event = "none"
-- severity = "info"
-- basis = ["disability_card_2018"]
-- recipients = ["disability-federation"]
-- due_days = 20
-- reason = "残疾人证号第19、20位为 {{ digits }}（{{ number_says }}），登记为{{ column_says }}。疑似证号或类别等级填错，待核查；比对以登记的类别等级为准"
-- verify = ["是否重新评定后未换证", "对照证件原件更正"]
-- [params]
-- include_reissued = { default = false, title = "换发过的证（带B1、B2后缀）是否列出：重新评定后号码可以不变", status = "design_choice" }
-- [columns]
-- digits = { title = "证号第19、20位", class = "disability" }
-- number_says = { title = "证号表示", class = "disability" }
-- column_says = { title = "登记", class = "disability" }
-- ---
WITH card AS (
    SELECT row_key, disability_category, disability_level, substr(card_number, 19, 2) AS digits,
           character_length(card_number) > 20 AS reissued
    FROM disability_card
    WHERE character_length(card_number) >= 20
)
SELECT c.row_key AS subject_row_key,
       '' AS event,
       c.digits,
       coalesce(n.disability_category || n.disability_level, '不是类别等级代码') AS number_says,
       c.disability_category || c.disability_level AS column_says
FROM card c
JOIN disability_eligibility e ON e.disability_category = c.disability_category AND e.disability_level = c.disability_level
LEFT JOIN disability_eligibility n ON n.card_digits = c.digits
WHERE c.digits <> e.card_digits
  AND (NOT c.reissued OR $include_reissued)
