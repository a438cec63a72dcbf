-- ---
-- title = "没有证件号、也认不出是谁的死亡记录，而全部数据中有证件号的人里只有一人与之同名同性别：该人一行。只供附表请人核对，不作死亡"
-- ---
-- A name alone links nobody. But where one person only bears it, somebody can be asked whether the paper is theirs.
WITH nameless AS (
    SELECT 'cremation' AS source, '殡葬火化登记' AS source_title, row_key, subject_identity AS identity, subject_id_state AS id_state, subject_sex AS sex, death_date
    FROM cremation
    UNION ALL
    SELECT 'death_certificate', '卫健死亡医学证明', row_key, subject_identity, subject_id_state, subject_sex, death_date
    FROM death_certificate
    UNION ALL
    SELECT 'death_cancellation', '公安死亡注销', row_key, subject_identity, subject_id_state, subject_sex, death_date
    FROM death_cancellation
),
unknown AS (
    SELECT n.*, i.name
    FROM nameless n
    JOIN identity i ON i.identity = n.identity
    WHERE coalesce(n.id_state, 'missing') IN ('missing', 'malformed', 'lost_precision') AND i.resident_id IS NULL AND n.death_date <= $as_of
),
bearer AS (
    SELECT i.name, count(*) AS bearers, min(i.identity) AS identity, min(i.sex) AS sex
    FROM identity i
    WHERE i.resident_id IS NOT NULL AND i.name IN (SELECT name FROM unknown)
    GROUP BY i.name
)
SELECT b.identity, u.death_date, u.source, u.source_title, u.row_key,
       row_number() OVER (PARTITION BY b.identity ORDER BY u.source, u.row_key) AS nth
FROM unknown u
JOIN bearer b ON b.name = u.name
WHERE b.bearers = 1 AND coalesce(u.sex = b.sex, true)
  AND b.identity NOT IN (SELECT identity FROM death)
