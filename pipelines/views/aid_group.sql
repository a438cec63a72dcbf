-- ---
-- title = "每个属于教育资助对象的人一行：以哪一类身份（困境类儿童、社会救助家庭、持有效残疾人证）"
-- [params]
-- relief_kinds = { default = ["低保", "特困"], title = "可享受教育资助的救助类别", status = "to_confirm" }
-- include_card = { default = true, title = "持有效残疾人证的学生是否算作资助对象", status = "to_confirm" }
-- ---
WITH entitled AS (
    SELECT identity, min(public_label) AS label, 1 AS rank FROM listed_child WHERE in_difficulty AND grade <= 'B' GROUP BY identity
    UNION ALL
    SELECT identity, '社会救助家庭', 2 FROM relief_member WHERE relief_kind IN $relief_kinds AND grade <= 'B'
    UNION ALL
    SELECT identity, '持残疾人证', 3 FROM card_standing WHERE effect = 'in_force' AND grade <= 'B' AND $include_card
),
labelled AS (
    SELECT identity, label, row_number() OVER (PARTITION BY identity ORDER BY rank, label) AS nth FROM entitled
)
SELECT identity, label FROM labelled WHERE nth = 1
