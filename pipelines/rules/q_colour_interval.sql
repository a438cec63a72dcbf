-- ---
-- title = "分色走访超期"
-- condition = "风险等级为参数所列颜色的名册儿童（未满18周岁），最近一次走访（或此后的评估）以来已超过该颜色在对照表中的间隔天数；上月初以来没有走访的见“一月一访逾期”。有同名走访没有有效证号的进附表。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "visit_log.subject"
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["three_year_plan", "four_colours_2022"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 10
-- reason = "{{ category }}，风险等级{{ colour }}色，最近一次走访 {{ last_visit }}，截至 {{ known_until }} 已超过该等级的 {{ interval_days }} 天间隔{% if director %}，儿童主任 {{ director }}{% endif %}。疑似分色走访超期，待核查"
-- verify = ["是否已走访未录入", "风险等级是否已调整", "各等级走访频次以本地标准为准"]
-- [params]
-- colours = { default = ["红", "黄"], title = "按间隔核对的风险等级（其余等级按一月一访）", status = "to_confirm" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- colour = { title = "风险等级", class = "watch_group" }
-- last_visit = { title = "最近走访" }
-- director = { title = "儿童主任", class = "staff" }
-- ---
WITH child AS (
    SELECT l.*, i.days AS interval_days
    FROM listed_child l
    JOIN colour_intervals i ON i.colour = l.risk_level
    WHERE l.nth = 1 AND l.risk_level IN $colours AND coalesce(l.birth > add_months($as_of, -216), true)
),
-- The interval begins with the visit or, where that came later, with the assessment that gave the colour. Whoever
-- was not seen since the first of last month is on the list of the monthly visits.
due AS (
    SELECT c.*, s.last_visit, s.unsure_visit, greatest(s.last_visit, coalesce(c.assessed_on, s.last_visit)) + c.interval_days AS due_on
    FROM child c
    JOIN last_visit s ON s.identity = c.identity
    WHERE s.last_visit >= month_first_day(month_add(month_of($known_until), -1))
)
SELECT d.row_key AS subject_row_key,
       CAST(d.due_on AS VARCHAR) AS event,
       coalesce(d.public_label, '名册儿童') AS category,
       d.risk_level AS colour,
       d.last_visit,
       d.interval_days,
       $known_until AS known_until,
       d.director,
       CASE WHEN d.unsure_visit > d.last_visit THEN '有同名儿童的走访没有本人的有效证件号，疑似同人待确认' END AS annex_reason
FROM due d
WHERE d.due_on < $known_until
  AND NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = d.identity)
