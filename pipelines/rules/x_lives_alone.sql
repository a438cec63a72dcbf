-- ---
-- title = "脱离监护独居"
-- condition = "未满规定年龄，最近规定天数以内的走访记为独居（此后没有记为不独居；住校的进附表）；或名册儿童户籍上只有本人一户，名册、协议、户籍都未见在世且能照护的人（进附表），福利院集体户除外。没有死亡记录。"
-- list = "urgent"
-- subject = "*"
-- reads = ["visit_log"]
-- optional_reads = ["child_roster", "care_agreement", "population", "birth_registration", "student_roll", "judgment", "disability_card", "prison_term", "custody", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "day_or_school_year"
-- severity = "urgent"
-- basis = ["minor_protection_law#21", "three_year_plan"]
-- recipients = ["civil-affairs", "public-security"]
-- due_days = 1
-- reason = "{{ age }} 岁，{{ told }}。疑似未满 {{ under_age }} 周岁脱离监护单独生活，待核查"
-- verify = ["现由谁照护，夜间有无成年人同住", "是否在校住宿、仅周末独自在家", "是否只是户口单独立户"]
-- [params]
-- under_age = { default = 16, title = "多少周岁以下不得脱离监护单独生活", status = "sourced" }
-- recent_days = { default = 35, title = "最近一次记为独居的走访在多少天以内", status = "design_choice" }
-- [columns]
-- age = { title = "年龄" }
-- told = { title = "依据" }
-- ---
-- Since when: the first visit that says so after the last one that does not.
WITH visit AS (
    SELECT subject_identity AS identity, row_key, visit_date, lives_alone, subject_grade AS grade,
           max(CASE lives_alone WHEN '否' THEN visit_date END) OVER (PARTITION BY subject_identity) AS last_not
    FROM visit_log
    WHERE subject_identity IS NOT NULL AND subject_grade < 'D' AND lives_alone IS NOT NULL AND visit_date <= $known_until
),
alone AS (
    SELECT identity, min(visit_date) AS since, max(visit_date) AS told_on, array_agg(row_key ORDER BY row_key) AS visit_rows
    FROM visit
    WHERE lives_alone = '是' AND coalesce(visit_date > last_not, true)
    GROUP BY identity
),
boarder AS (
    SELECT DISTINCT p.identity FROM present_pupil p JOIN student_roll r ON r.row_key = p.row_key WHERE r.study_mode = '住校'
),
single AS (
    SELECT household_number, min(resident_identity) AS identity
    FROM population
    WHERE cancel_state = '正常' AND household_number IS NOT NULL
    GROUP BY household_number
    HAVING count(*) = 1
),
-- Somebody who cares by the papers, alive and at liberty.
cared AS (
    SELECT DISTINCT c.child AS identity
    FROM carer c
    LEFT JOIN parent_standing s ON s.identity = c.carer AND (s.class = 'D' OR s.code IN ('JAIL', 'DRUG', 'REST', 'REVO'))
    WHERE s.identity IS NULL
)
SELECT k.row_key AS subject_row_key,
       k.extract AS subject_extract,
       k.role AS subject_role,
       CAST(a.since AS VARCHAR) AS event,
       age_on(k.birth, $as_of) AS age,
       '走访记录自 ' || CAST(a.since AS VARCHAR) || ' 起记为独居（最近 ' || CAST(a.told_on AS VARCHAR) || '）' AS told,
       $under_age AS under_age,
       CASE WHEN b.identity IS NOT NULL THEN '学籍为住校，可能只是周末独自在家' END AS annex_reason,
       a.visit_rows AS evidence_visit_log
FROM alone a
JOIN child_row k ON k.identity = a.identity
LEFT JOIN boarder b ON b.identity = a.identity
WHERE a.told_on > $known_until - $recent_days
  AND age_on(k.birth, $as_of) < $under_age
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.identity)
UNION ALL
SELECT l.row_key, 'child_roster', 'child', school_year_of($known_until), age_on(l.birth, $as_of),
       '在册儿童，户籍上只有本人一户，名册、协议、户籍均未见在世的照护人', $under_age,
       '只据户籍推断，请先电话或入户了解', CAST(NULL AS VARCHAR[])
FROM listed_child l
JOIN single h ON h.identity = l.identity
WHERE l.nth = 1
  AND age_on(l.birth, $as_of) < $under_age
  AND coalesce(l.register_class, '') <> '福利院集体户'
  AND NOT EXISTS (SELECT 1 FROM cared c WHERE c.identity = l.identity)
  AND NOT EXISTS (SELECT 1 FROM alone a WHERE a.identity = l.identity)
  AND NOT EXISTS (SELECT 1 FROM boarder b WHERE b.identity = l.identity)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = l.identity)
