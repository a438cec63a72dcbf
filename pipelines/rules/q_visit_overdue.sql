-- ---
-- title = "一月一访逾期"
-- condition = "名册登记在册、未满18周岁，上一个自然月初至今没有走访（电话是否算按参数），登记已满规定天数，没有死亡记录。有同名儿童的走访没有有效证号、或对不上在册儿童的进附表。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "visit_log.subject"
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "month"
-- severity = "medium"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 10
-- reason = "{{ category }}，登记在册，{{ from_day }} 至 {{ known_until }} 无走访记录{% if last_visit %}（最近一次 {{ last_visit }}）{% else %}（此前也无记录）{% endif %}{% if director %}，儿童主任 {{ director }}{% endif %}。疑似一月一访逾期，待核查"
-- verify = ["是否已走访未录入", "是否在外住校、随父母外出，改为电话走访", "儿童主任是否变动"]
-- [params]
-- new_days = { default = 30, title = "新登记多少天以内不列", status = "sourced" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- last_visit = { title = "最近走访" }
-- director = { title = "儿童主任", class = "staff" }
-- ---
WITH month AS (SELECT month_first_day(month_add(month_of($known_until), -1)) AS from_day)
SELECT l.row_key AS subject_row_key,
       month_compact(month_of(m.from_day)) AS event,
       coalesce(l.public_label, '名册儿童') AS category,
       m.from_day,
       $known_until AS known_until,
       v.last_visit,
       l.director,
       CASE WHEN v.unsure_visit >= m.from_day THEN '有同名儿童的走访没有本人的有效证件号，疑似同人待确认' END AS annex_reason
FROM listed_child l
CROSS JOIN month m
LEFT JOIN last_visit v ON v.identity = l.identity
WHERE l.nth = 1
  AND coalesce(v.last_visit < m.from_day, true)
  AND coalesce(l.registered_on < $known_until - $new_days, true)
  AND coalesce(l.birth > add_months($as_of, -216), true)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = l.identity)
