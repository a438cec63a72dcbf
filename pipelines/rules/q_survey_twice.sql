-- ---
-- title = "一年两排缺失"
-- condition = "上一个完整的半年里，村（社区）有此前已登记在册的儿童，而没有任何一次摸底排查走访。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "visit_log.subject"
-- event = "day"
-- severity = "medium"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ town }}{{ village }} {{ half_year }}（{{ from_day }} 至 {{ to_day }}）无摸底排查记录，村内在册儿童 {{ children }} 名（本行以其中一名代表全村）。疑似未完成一年两排，待核查"
-- verify = ["是否已排查未录入", "村（社区）是否合并、改名"]
-- [columns]
-- town = { title = "镇(街道)" }
-- village = { title = "村(社区)" }
-- half_year = { title = "半年" }
-- children = { title = "在册儿童数" }
-- ---
-- The last half-year that is over. A village is no person: its first listed child stands for it.
WITH half AS (
    SELECT add_months(opened, -6) AS from_day, opened - 1 AS to_day
    FROM (SELECT month_first_day(substr(month_of($known_until), 1, 5)
                                 || CASE WHEN substr(month_of($known_until), 6, 2) < '07' THEN '01' ELSE '07' END) AS opened) x
),
child AS (
    SELECT coalesce(c.child_town, c.town) AS town, coalesce(c.child_village, c.village) AS village, c.row_key,
           c.child_identity AS identity, c.child_village IS NULL AS short
    FROM child_roster c
    CROSS JOIN half h
    WHERE c.status = '登记在册' AND c.child_identity IS NOT NULL AND c.registered_on < h.from_day
),
surveyed AS (
    SELECT DISTINCT coalesce(c.child_town, c.town) AS town, coalesce(c.child_village, c.village) AS village
    FROM visit_log v
    CROSS JOIN half h
    JOIN child_roster c ON c.child_identity = v.subject_identity
    WHERE v.visit_kind = '摸底排查' AND v.visit_date BETWEEN h.from_day AND h.to_day
),
villages AS (
    SELECT town, village, count(*) AS children, min(row_key) AS row_key, bool_and(short) AS short
    FROM child
    WHERE town IS NOT NULL AND village IS NOT NULL
    GROUP BY town, village
)
SELECT v.row_key AS subject_row_key,
       CAST(h.from_day AS VARCHAR) AS event,
       v.town,
       v.village,
       substr(CAST(h.from_day AS VARCHAR), 1, 4) || CASE WHEN substr(CAST(h.from_day AS VARCHAR), 6, 2) = '01' THEN ' 年上半年' ELSE ' 年下半年' END
           AS half_year,
       h.from_day,
       h.to_day,
       v.children
FROM villages v
CROSS JOIN half h
LEFT JOIN surveyed s ON s.town = v.town AND s.village = v.village
WHERE s.town IS NULL
  -- A village written too short to be known is perhaps one that was surveyed under its full name.
  AND NOT (v.short AND EXISTS (
      SELECT 1 FROM surveyed o
      WHERE o.town = v.town
        AND replace(replace(replace(o.village, '村委会', ''), '居委会', ''), '村', '')
            = replace(replace(replace(v.village, '村委会', ''), '居委会', ''), '村', '')
  ))
