-- ---
-- title = "适龄残疾儿童未安置"
-- condition = "持有效残疾人证，年龄在义务教育年龄段内（上限按参数放宽），学籍库任何状态都查不到本人，也没有特教学校、随班就读、送教上门、康复机构办学点、延缓入学等安置结论，没有死亡、迁出、减员或在有效期内的市外就读证明。一年级新生在暂缓期内不列。"
-- list = "dropout"
-- subject = "disability_card.subject"
-- reads = ["disability_card", "placement"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["basic_survey", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["placement"]
-- event = "school_year"
-- severity = "high"
-- basis = ["disabled_education_regulation#14", "disabled_education_regulation#15", "disabled_education_regulation#17"]
-- recipients = ["education", "disability-federation"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ card }}，残疾人证有效，{{ school_year }} 学年截至 {{ known_until }} 无学籍，也无特教、随班就读、送教、康复机构或延缓入学的安置记录{% if survey %}；{{ survey }}{% endif %}。疑似未安置，待核查"
-- verify = ["是否在市外特教学校或康复机构", "是否以临时学籍号就读", "是否已死亡或残疾人证已迁出", "按一人一案确认安置方式"]
-- [params]
-- upper_extra_years = { default = 3, title = "残疾儿童受教育年龄上限放宽年数", status = "design_choice" }
-- [columns]
-- card = { title = "残疾类别等级", class = "disability" }
-- age = { title = "年龄" }
-- survey = { title = "残联调查", class = "disability" }
-- ---
WITH child AS (
    SELECT d.row_key, d.subject_identity AS identity, d.name, coalesce(i.birth, d.subject_birth) AS birth,
           d.disability_category, d.disability_level,
           row_number() OVER (PARTITION BY d.subject_identity ORDER BY d.row_key) AS nth
    FROM disability_card d
    LEFT JOIN identity i ON i.identity = d.subject_identity
    WHERE d.card_status = '正常'
      AND (d.valid_until IS NULL OR d.valid_until >= $as_of)
      AND d.subject_identity IS NOT NULL
),
survey AS (
    SELECT subject_identity AS identity, survey_year, in_school, not_enrolled_reason,
           row_number() OVER (PARTITION BY subject_identity ORDER BY survey_year DESC, row_key) AS nth
    FROM basic_survey
),
doubt AS (
    SELECT name, min(doubt) AS doubt FROM proof_in_doubt WHERE ledger_row IS NULL GROUP BY name
)
SELECT c.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       age_on(c.birth, $known_until) AS age,
       c.disability_category || c.disability_level AS card,
       CAST(s.survey_year AS VARCHAR) || ' 年调查：' || CASE s.in_school WHEN '是' THEN '在学' ELSE '未在学' END
           || coalesce('（' || s.not_enrolled_reason || '）', '') AS survey,
       q.doubt AS annex_reason,
       c.row_key AS evidence_disability_card
FROM child c
LEFT JOIN survey s ON s.identity = c.identity AND s.nth = 1
LEFT JOIN doubt q ON q.name = c.name
WHERE c.nth = 1
  AND c.birth >= school_age_from($known_until, $upper_extra_years)
  AND c.birth < school_age_until($known_until)
  AND NOT coalesce(entrant_on_hold(c.birth, $known_until, (SELECT months FROM entrant_hold)), false)
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = c.identity)
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = c.identity)
