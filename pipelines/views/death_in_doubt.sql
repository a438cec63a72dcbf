-- ---
-- title = "认不出是谁的死亡记录，而只可能是一人的：没有证件号的，全部数据中有证件号的人里只有一人与之同名同性别；证件号不属于户籍人口、也没有别的记录的，其中只有一人与之同名同性别同出生日期。该人一行，doubt 写明依据。只供附表请人核对，不作死亡"
-- ---
-- A name alone links nobody, nor do two valid numbers that differ. But where one person only bears the name, or the
-- name and the birth date, somebody can be asked whether the paper is theirs.
WITH reported AS (
    SELECT 'cremation' AS source, '殡葬火化登记' AS source_title, row_key, subject_identity AS identity, subject_id_state AS id_state, subject_sex AS sex, subject_birth AS birth, death_date
    FROM cremation
    UNION ALL
    SELECT 'death_certificate', '卫健死亡医学证明', row_key, subject_identity, subject_id_state, subject_sex, subject_birth, death_date
    FROM death_certificate
    UNION ALL
    SELECT 'death_cancellation', '公安死亡注销', row_key, subject_identity, subject_id_state, subject_sex, subject_birth, death_date
    FROM death_cancellation
),
sourced AS (
    SELECT r.*, i.name, i.resident_id,
           coalesce(r.id_state, 'missing') IN ('missing', 'malformed', 'lost_precision') AND i.resident_id IS NULL AS numberless
    FROM reported r
    JOIN identity i ON i.identity = r.identity
    WHERE r.death_date <= $as_of
),
numberless AS (
    SELECT * FROM sourced WHERE numberless
),
-- A number that the register does not know may be a slip of the pen: whoever bears it is seen in deaths only.
stray AS (
    SELECT s.*
    FROM sourced s
    WHERE NOT s.numberless AND s.birth IS NOT NULL
      AND (SELECT count(*) FROM population) > 0
      AND NOT EXISTS (SELECT 1 FROM population p WHERE p.resident_identity = s.identity)
      AND NOT EXISTS (SELECT 1 FROM population p WHERE p.resident_id = s.resident_id)
),
bearer AS (
    SELECT i.name, count(*) AS bearers, min(i.identity) AS identity, min(i.sex) AS sex
    FROM identity i
    WHERE i.resident_id IS NOT NULL AND i.name IN (SELECT name FROM numberless)
    GROUP BY i.name
),
contemporary AS (
    SELECT i.name, i.birth, count(*) AS bearers, min(i.identity) AS identity, min(i.sex) AS sex
    FROM identity i
    WHERE i.resident_id IS NOT NULL AND i.identity NOT IN (SELECT identity FROM stray) AND i.name IN (SELECT name FROM stray)
    GROUP BY i.name, i.birth
),
asked AS (
    SELECT b.identity, u.death_date, u.source, u.source_title, u.row_key,
           u.source_title || '没有证件号，全部数据中只有一人与之同名同性别，疑似同人待确认' AS doubt
    FROM numberless u
    JOIN bearer b ON b.name = u.name
    WHERE b.bearers = 1 AND coalesce(u.sex = b.sex, true)
    UNION ALL
    SELECT b.identity, u.death_date, u.source, u.source_title, u.row_key,
           u.source_title || '的证件号不属于户籍人口，全部数据中只有一人与之同名同性别同出生日期，疑似同人待确认'
    FROM stray u
    JOIN contemporary b ON b.name = u.name AND b.birth = u.birth
    WHERE b.bearers = 1 AND coalesce(u.sex = b.sex, true)
)
SELECT identity, death_date, source, source_title, row_key, doubt,
       row_number() OVER (PARTITION BY identity ORDER BY source, row_key) AS nth
FROM asked
WHERE identity NOT IN (SELECT identity FROM death)
