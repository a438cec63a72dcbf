-- ---
-- title = "每个有登记在册儿童的村一行：在册儿童数、代表全村的名册行。short 为真的村名太短，分不清是哪个村"
-- ---
SELECT coalesce(child_town, town) AS town, coalesce(child_village, village) AS village,
       count(DISTINCT child_identity) AS children, min(row_key) AS row_key, bool_and(child_village IS NULL) AS short
FROM child_roster
WHERE status = '登记在册' AND child_identity IS NOT NULL
GROUP BY coalesce(child_town, town), coalesce(child_village, village)
