-- ---
-- title = "流动儿童关爱服务"
-- order = 12
-- class = "watch_group"
-- basis = ["migrant_children_2024"]
-- reads = ["residence"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- enjoyed = { title = "名册登记为流动儿童", seen_in = ["child_roster"] }
-- [params]
-- under_age = { default = 16, title = "流动儿童年龄上限", status = "sourced" }
-- least_months = { default = 6, title = "在本市居住最少月数", status = "sourced" }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "未满16周岁", missing = "出生日期" }
-- from_elsewhere = { title = "户籍不在本市", seen_in = ["population"] }
-- stays = { title = "随监护人在本市居住满6个月", seen_in = ["residence"] }
-- ---
WITH staying AS (
    SELECT child_identity AS identity, min(row_key) AS row_key
    FROM residence
    WHERE child_identity IS NOT NULL AND child_grade <= 'B' AND status = '有效'
      AND resides_from <= add_months($known_until, -$least_months)
    GROUP BY child_identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       c.migrant AS enjoyed,
       c.alive,
       c.age < $under_age AS under_age,
       CASE WHEN c.register_here THEN false ELSE true END AS from_elsewhere,
       CASE WHEN s.identity IS NOT NULL THEN true WHEN NOT c.migrant THEN false END AS stays,
       s.row_key AS evidence_residence
FROM policy_child c
LEFT JOIN staying s ON s.identity = c.identity
