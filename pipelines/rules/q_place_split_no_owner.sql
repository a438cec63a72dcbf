-- ---
-- title = "人户分离责任不明"
-- condition = "名册登记在册，户籍地址和现住址在不同的镇（或现住址在市外），没有登记责任单位，没有死亡记录。撤并前的镇名按对照表归到现在的镇。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "medium"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ category }}，户籍在{{ registered_at }}，现住{{ lives_at }}，截至 {{ known_until }} 名册未填责任单位。疑似人户分离、责任不明，待核查，请两地协商明确"
-- verify = ["现住址是否仍是旧地名", "是否已由居住地或户籍地承担走访", "居住在市外的，请发协查函"]
-- [params]
-- city = { default = "启东", title = "本市地名（现住址写明其他省市而不含它的，视为市外）", status = "design_choice" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- registered_at = { title = "户籍地", class = "address" }
-- lives_at = { title = "现住地", class = "address" }
-- also_town = { title = "同时送达", class = "address" }
-- ---
-- Old papers still name towns that are part of a zone now.
WITH town AS (
    SELECT DISTINCT town AS word, town FROM child_roster WHERE town IS NOT NULL
    UNION
    SELECT label, town FROM former_towns
),
child AS (
    SELECT * FROM listed_child
    WHERE nth = 1 AND responsible_unit IS NULL AND register_address IS NOT NULL AND address IS NOT NULL
      AND coalesce(birth > add_months($as_of, -216), true)
),
placed AS (
    SELECT c.row_key, c.identity, c.public_label, c.town, c.address, min(r.town) AS registered_at, min(l.town) AS lives_in
    FROM child c
    LEFT JOIN town r ON strpos(c.register_address, r.word) > 0
    LEFT JOIN town l ON strpos(c.address, l.word) > 0
    GROUP BY c.row_key, c.identity, c.public_label, c.town, c.address
),
judged AS (
    SELECT *, CASE WHEN lives_in IS NOT NULL THEN lives_in
                   WHEN strpos(address, $city) = 0 AND (strpos(address, '省') > 0 OR strpos(address, '市') > 0) THEN '市外' END AS lives_at
    FROM placed
)
SELECT j.row_key AS subject_row_key,
       '' AS event,
       coalesce(j.public_label, '名册儿童') AS category,
       j.registered_at,
       j.lives_at,
       -- Both towns hear of it, whichever of them keeps the child's row.
       CASE WHEN j.lives_at <> '市外' AND j.lives_at <> j.town THEN j.lives_at
            WHEN j.registered_at <> j.town THEN j.registered_at END AS also_town,
       $known_until AS known_until
FROM judged j
WHERE j.registered_at <> j.lives_at
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = j.identity)
