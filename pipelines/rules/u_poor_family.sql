-- ---
-- title = "低保特困家庭儿童未入困境册"
-- condition = "在保的低保、特困家庭成员（类别按参数），未满18周岁，名册上没有任何登记，户籍未注销、未迁出，没有死亡记录。救助名册没有有效证号的、人口库查不到的、姓名与户主相同而证号不同的进附表，请先更正证号。"
-- list = "uncovered"
-- subject = "social_relief.subject"
-- reads = ["social_relief"]
-- absent_from = "child_roster.child"
-- optional_reads = ["population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "info"
-- basis = ["three_year_plan", "qidong_guide_2021", "children_in_difficulty_2016"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "{{ age }} 岁，{{ relief_kind }}家庭成员（户编号 {{ household_number }}{% if start_month %}，{{ start_month }} 起{% endif %}），截至 {{ known_until }} 儿童名册无登记。疑似贫困家庭儿童未纳入困境儿童管理，待核查"
-- verify = ["本市是否将低保、特困家庭儿童全部纳入困境儿童", "是否仍随该户生活", "是否已在其他类别登记"]
-- [params]
-- relief_kinds = { default = ["低保", "特困"], title = "算作贫困家庭的救助类别（低保边缘可加入）", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- relief_kind = { title = "救助类别", class = "watch_group" }
-- household_number = { title = "户编号" }
-- start_month = { title = "起保年月", class = "money" }
-- ---
WITH child AS (
    SELECT m.row_key, m.identity, m.relief_kind, m.household_number, m.start_month, coalesce(i.birth, s.subject_birth) AS birth,
           s.name = s.householder_name AND s.resident_id <> s.householder_id AS not_the_head,
           row_number() OVER (PARTITION BY m.identity ORDER BY m.grade, m.relief_kind, m.row_key) AS nth
    FROM relief_member m
    JOIN social_relief s ON s.row_key = m.row_key
    LEFT JOIN identity i ON i.identity = m.identity
    WHERE m.relief_kind IN $relief_kinds
)
SELECT c.row_key AS subject_row_key,
       '' AS event,
       age_on(c.birth, $as_of) AS age,
       c.relief_kind,
       c.household_number,
       c.start_month,
       $known_until AS known_until,
       -- A head of household under the number of a child is a slip of the pen before it is a child.
       CASE WHEN c.not_the_head THEN '姓名与户主相同而证件号不同，请先更正证件号'
            ELSE d.doubt END AS annex_reason
FROM child c
LEFT JOIN relief_doubt d ON d.row_key = c.row_key
WHERE c.nth = 1
  AND c.birth > add_months($as_of, -216)
  AND NOT EXISTS (SELECT 1 FROM child_roster r WHERE r.child_identity = c.identity AND r.status = '登记在册')
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
  AND NOT EXISTS (
      SELECT 1 FROM population p WHERE p.resident_identity = c.identity AND p.cancel_state IN ('死亡', '迁出')
  )
