-- ---
-- title = "残疾儿童未康复"
-- condition = "未满规定年龄，持有效残疾人证，或新生儿筛查（参数所列项目）阳性并已确诊，发证或确诊已满规定天数，规定月数以内没有康复救助记录；没有死亡、迁往市外、户籍注销的记录。"
-- list = "uncovered"
-- subject = "*"
-- reads = ["disability_card"]
-- absent_from = "rehabilitation.subject"
-- optional_reads = ["newborn_screening", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "info"
-- basis = ["rehabilitation_regulation#26"]
-- recipients = ["disability-federation"]
-- due_days = 20
-- reason = "{{ age }} 岁，{{ need }}，截至 {{ known_until }} 近 {{ service_months }} 个月无康复救助记录。疑似残疾儿童未得到康复服务，待核查"
-- verify = ["是否在市外机构康复", "家长是否不愿意或暂不需要", "年龄和残疾类别是否在本地康复救助范围内"]
-- [params]
-- under_age = { default = 7, title = "只列多少岁以下（法规为0至6岁，本地可放宽）", status = "to_confirm" }
-- service_months = { default = 12, title = "多少个月内有康复记录视为已康复", status = "sourced" }
-- wait_days = { default = 60, title = "发证或确诊后多少天以内不列", status = "design_choice" }
-- screening_items = { default = ["听力", "听力筛查"], title = "确诊后算作有康复需求的筛查项目", status = "to_confirm" }
-- [columns]
-- age = { title = "年龄" }
-- need = { title = "康复需求", class = "disability" }
-- ---
WITH need AS (
    SELECT k.identity, 'disability_card' AS extract, 'subject' AS role, k.row_key, '残疾人证有效（' || k.card || '）' AS need,
           k.first_issued AS since, coalesce(i.birth, d.subject_birth) AS birth, 1 AS rank
    FROM card_standing k
    JOIN disability_card d ON d.row_key = k.row_key
    LEFT JOIN identity i ON i.identity = k.identity
    WHERE k.effect = 'in_force'
    UNION ALL
    SELECT s.child_identity, 'newborn_screening', 'child', s.row_key, '新生儿筛查阳性并已确诊', s.diagnosed_on, s.birth_date, 2
    FROM newborn_screening s
    WHERE s.result = '阳性' AND s.diagnosed_on IS NOT NULL AND s.screening_item IN $screening_items AND s.child_identity IS NOT NULL
),
chosen AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank, since, row_key) AS nth FROM need
)
SELECT c.row_key AS subject_row_key,
       c.extract AS subject_extract,
       c.role AS subject_role,
       '' AS event,
       age_on(c.birth, $as_of) AS age,
       c.need,
       $known_until AS known_until,
       $service_months AS service_months,
       -- A positive screening is no card: whether the child needs rehabilitation, a doctor has to say.
       CASE WHEN c.rank = 2 THEN '仅据新生儿筛查确诊，未办残疾人证，是否需要康复待核实' END AS annex_reason
FROM chosen c
WHERE c.nth = 1
  AND age_on(c.birth, $as_of) < $under_age
  AND coalesce(c.since <= $known_until - $wait_days, true)
  -- A course that was running in these months counts, whenever it began; one without an end has not ended.
  AND NOT EXISTS (
      SELECT 1 FROM rehabilitation r
      WHERE r.subject_identity = c.identity AND coalesce(r.end_date >= add_months($known_until, -$service_months), true)
  )
  AND NOT EXISTS (SELECT 1 FROM gone g WHERE g.identity = c.identity)
