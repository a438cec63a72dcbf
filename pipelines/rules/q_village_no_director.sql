-- ---
-- title = "村无儿童主任"
-- condition = "村（社区）的儿童主任都已离岗；或村里有登记在册的儿童，而该镇交来的儿童主任名单中没有这个村。"
-- list = "quality"
-- subject = "*"
-- reads = ["child_roster"]
-- absent_from = "child_director.subject"
-- event = "none"
-- severity = "medium"
-- basis = ["three_year_plan", "minor_protection_law#43"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ town }}{{ village }}{% if former %}原儿童主任已离岗，{% else %}在儿童主任名册中没有记录，{% endif %}截至 {{ known_until }} 无在岗儿童主任{% if children %}，村内在册儿童 {{ children }} 名{% endif %}。疑似未配备儿童主任，待核查"
-- verify = ["是否已任命未录入", "村（社区）是否合并、改名"]
-- [columns]
-- town = { title = "镇(街道)" }
-- village = { title = "村(社区)" }
-- children = { title = "在册儿童数" }
-- ---
-- A village is no person: a director who left, or the first listed child, stands for it.
-- A village that is written so short that it may be one of two is known by its bare name only, here or on the roll.
WITH vague AS (
    SELECT town, replace(replace(replace(village, '村委会', ''), '居委会', ''), '村', '') AS stem,
           bool_or(short) AS short
    FROM director_post
    WHERE on_duty
    GROUP BY town, replace(replace(replace(village, '村委会', ''), '居委会', ''), '村', '')
),
village_post AS (
    SELECT town, village, bool_or(on_duty) AS served, min(row_key) AS row_key FROM director_post GROUP BY town, village
)
SELECT p.row_key AS subject_row_key,
       'child_director' AS subject_extract,
       'subject' AS subject_role,
       '' AS event,
       p.town,
       p.village,
       true AS former,
       k.children,
       $known_until AS known_until
FROM village_post p
LEFT JOIN village_child k ON k.town = p.town AND k.village = p.village
WHERE NOT p.served
UNION ALL
SELECT k.row_key, 'child_roster', 'child', '', k.town, k.village, CAST(NULL AS BOOLEAN), k.children, $known_until
FROM village_child k
LEFT JOIN village_post p ON p.town = k.town AND p.village = k.village
LEFT JOIN vague v ON v.town = k.town AND v.stem = replace(replace(replace(k.village, '村委会', ''), '居委会', ''), '村', '')
               AND (v.short OR k.short)
WHERE p.row_key IS NULL AND v.town IS NULL AND k.town IS NOT NULL AND k.village IS NOT NULL
  -- Only in a town that has delivered its directors.
  AND k.town IN (SELECT town FROM village_post)
