-- ---
-- title = "送教儿童无学籍"
-- condition = "本学年安置结论为送教上门且未到期，或本学年有送教记录，而学籍库任何状态都查不到本人；没有死亡、迁往市外的记录。"
-- list = "dropout"
-- subject = "*"
-- reads = []
-- absent_from = "student_roll.pupil"
-- optional_reads = ["placement", "home_teaching", "move_out", "population", "death_cancellation", "death_certificate", "cremation"]
-- event = "school_year"
-- severity = "medium"
-- basis = ["disabled_education_regulation#17"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ source_title }}显示 {{ school_year }} 学年送教上门{% if told_on %}（{{ told_on }}）{% endif %}，截至 {{ known_until }} 全市学籍库（含特教学校）无记录。送教学生应纳入学籍管理，疑似送教未入籍，待核查"
-- verify = ["学籍是否建在特教学校或用临时学籍号", "姓名或证件号是否登记有误", "户籍或学籍是否在市外"]
-- [columns]
-- source_title = { title = "依据" }
-- told_on = { title = "批准或最近送教日期" }
-- ---
WITH taught AS (
    SELECT subject_identity AS identity, 'placement' AS extract, '残疾儿童安置' AS source_title, 1 AS rank, row_key,
           approved_on AS told_on
    FROM placement
    WHERE placement_kind = '送教上门' AND subject_identity IS NOT NULL
      AND substr(school_year, 1, 4) = substr(school_year_of($known_until), 1, 4)
      AND coalesce(valid_until >= $known_until, true)
    UNION ALL
    SELECT subject_identity, 'home_teaching', '送教记录', 2, row_key, taught_on
    FROM home_teaching
    WHERE subject_identity IS NOT NULL AND taught_on >= school_year_start($known_until) AND taught_on <= $known_until
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank, told_on DESC NULLS LAST, row_key) AS nth FROM taught
)
SELECT t.row_key AS subject_row_key,
       t.extract AS subject_extract,
       'subject' AS subject_role,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       t.source_title,
       t.told_on,
       $known_until AS known_until
FROM ranked t
WHERE t.nth = 1
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = t.identity)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = t.identity)
  AND NOT EXISTS (
      SELECT 1 FROM move_out m WHERE m.subject_identity = t.identity AND m.move_kind = '市外' AND m.moved_on <= $known_until
  )
