-- ---
-- title = "每个有走访的人一行：最近一次走访（last_visit）；最近一次同名而没有本人有效证件号的走访（unsure_visit）"
-- [params]
-- phone_counts = { default = false, title = "电话走访是否算作走访", status = "to_confirm" }
-- ---
-- A visit without a usable number belongs to nobody for certain; a child of that name is not listed before
-- somebody has looked.
WITH told AS (
    SELECT identity, visit_date AS last_visit, CAST(NULL AS DATE) AS unsure_visit
    FROM visit
    WHERE identity IS NOT NULL AND (visit_kind <> '电话' OR $phone_counts)
    UNION ALL
    SELECT identity, CAST(NULL AS DATE), visit_date FROM unsure_visit WHERE visit_kind <> '电话' OR $phone_counts
)
SELECT identity, max(last_visit) AS last_visit, max(unsure_visit) AS unsure_visit FROM told GROUP BY identity
