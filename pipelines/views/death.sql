-- ---
-- title = "每个死亡人员一行：死亡日期、来源、各来源的行。仅凭弱匹配的来源只在没有强匹配来源时采用"
-- ---
WITH reported AS (
    SELECT subject_identity AS identity, subject_grade AS grade, death_date, 'death_cancellation' AS source,
           '公安死亡注销' AS source_title, 1 AS source_rank, row_key
    FROM death_cancellation
    UNION ALL
    SELECT subject_identity, subject_grade, death_date, 'death_certificate', '卫健死亡医学证明', 0, row_key
    FROM death_certificate
    UNION ALL
    SELECT subject_identity, subject_grade, death_date, 'cremation', '殡葬火化登记', 2, row_key
    FROM cremation
),
graded AS (
    SELECT *, min(grade) OVER (PARTITION BY identity) AS best_grade
    FROM reported
    -- A paper that tells no day still tells that the person is dead; who needs the day asks for it.
    WHERE identity IS NOT NULL AND (death_date <= $as_of OR death_date IS NULL) AND grade < 'D'
),
kept AS (
    SELECT * FROM graded WHERE grade <= 'B' OR best_grade > 'B'
),
dated AS (
    SELECT identity, death_date,
           row_number() OVER (
               PARTITION BY identity ORDER BY death_date IS NULL, count(DISTINCT source) DESC, min(source_rank), death_date
           ) AS choice
    FROM kept
    GROUP BY identity, death_date
)
SELECT k.identity,
       d.death_date,
       min(k.grade) AS grade,
       string_agg(DISTINCT k.source_title, '、' ORDER BY k.source_title) AS sources,
       array_agg(k.row_key ORDER BY k.row_key) FILTER (WHERE k.source = 'death_cancellation') AS cancellation_rows,
       array_agg(k.row_key ORDER BY k.row_key) FILTER (WHERE k.source = 'death_certificate') AS certificate_rows,
       array_agg(k.row_key ORDER BY k.row_key) FILTER (WHERE k.source = 'cremation') AS cremation_rows
FROM kept k
JOIN dated d ON d.identity = k.identity AND d.choice = 1
GROUP BY k.identity, d.death_date
