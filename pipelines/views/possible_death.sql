-- ---
-- title = "每个有死亡记录的人，和可能有死亡记录的人（doubt 写明疑点）各一行：死亡日期、来源、来源的行"
-- ---
SELECT identity, death_date, sources, cancellation_rows, certificate_rows, cremation_rows, CAST(NULL AS VARCHAR) AS doubt
FROM death
UNION ALL
SELECT identity, death_date, source_title,
       CASE WHEN source = 'death_cancellation' THEN make_array(row_key) END,
       CASE WHEN source = 'death_certificate' THEN make_array(row_key) END,
       CASE WHEN source = 'cremation' THEN make_array(row_key) END,
       doubt
FROM death_in_doubt
WHERE nth = 1
