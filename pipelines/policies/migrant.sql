-- ---
-- title = "流动儿童关爱服务"
-- order = 12
-- class = "watch_group"
-- basis = ["migrant_children_2024"]
-- reads = ["residence"]
-- optional_reads = ["student_roll", "birth_registration", "child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- gap_rules = ["u_migrant_unlisted"]
-- enjoyed = { title = "名册登记为流动儿童", seen_in = ["child_roster"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "未满16周岁", missing = "出生日期" }
-- from_elsewhere = { title = "户籍不在本市", seen_in = ["population"] }
-- stays = { title = "随监护人在本市居住满6个月，父母不是本市户籍", seen_in = ["residence"] }
-- ---
WITH staying AS (
    SELECT child_identity AS identity, min(row_key) AS row_key
    FROM residence
    WHERE child_identity IS NOT NULL AND status = '有效' AND months_between(resides_from, $known_until) >= $least_months
    GROUP BY child_identity
),
-- The school only tells that a pupil came with workers, not since when: somebody has to look.
told_by_school AS (
    SELECT DISTINCT p.identity FROM present_pupil p JOIN student_roll s ON s.row_key = p.row_key WHERE s.migrant_child = '是'
),
local_parent AS (
    SELECT DISTINCT l.child AS identity
    FROM parent_link l
    JOIN population p ON p.resident_identity = l.parent AND p.cancel_state = '正常'
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       c.migrant AS enjoyed,
       c.alive,
       c.age < $under_age AS under_age,
       CASE WHEN c.register_here THEN false ELSE true END AS from_elsewhere,
       CASE WHEN l.identity IS NOT NULL AND NOT c.migrant THEN false
            WHEN s.identity IS NOT NULL THEN true
            WHEN c.migrant OR t.identity IS NOT NULL THEN NULL
            ELSE false END AS stays,
       '居住起始日期' AS stays_missing,
       CASE WHEN c.listed THEN '名册已按' || c.category || '登记' ELSE '该镇流动儿童名册登记不足，规则每镇只以一名儿童代表提示' END AS unlisted,
       s.row_key AS evidence_residence
FROM policy_child c
LEFT JOIN staying s ON s.identity = c.identity
LEFT JOIN told_by_school t ON t.identity = c.identity
LEFT JOIN local_parent l ON l.identity = c.identity
