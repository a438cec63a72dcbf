-- ---
-- title = "残联调查未上学且无学籍"
-- condition = "最近一次残联基本状况调查答未上学（或填了未入学原因）且调查仍在有效月数内，年龄在义务教育年龄段内（上限按参数放宽），学籍库任何状态都查不到本人，也没有其他去向。一年级新生在暂缓期内不列。"
-- list = "dropout"
-- subject = "basic_survey.subject"
-- reads = ["basic_survey"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["placement", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["placement"]
-- event = "school_year"
-- severity = "medium"
-- basis = ["disabled_education_regulation#15", "keep_in_school_2024"]
-- recipients = ["education", "disability-federation"]
-- due_days = 10
-- reason = "{{ age }} 岁，残联 {{ survey_year }} 年基本状况调查为未上学{% if why %}（{{ why }}）{% endif %}，{{ school_year }} 学年截至 {{ known_until }} 学籍库无记录，也无安置记录。疑似残疾儿童未入学，待核查"
-- verify = ["调查是否由他人代答", "是否在市外特教学校或康复机构", "是否以临时学籍号就读", "按一人一案确认安置方式"]
-- [params]
-- valid_months = { default = 12, title = "调查多少个月内有效", status = "sourced" }
-- survey_month = { default = 11, title = "调查结果每年约在几月形成（只有调查年度时按此月起算）", status = "to_confirm" }
-- upper_extra_years = { default = 3, title = "残疾儿童受教育年龄上限放宽年数", status = "design_choice" }
-- [columns]
-- age = { title = "年龄" }
-- survey_year = { title = "调查年度", class = "disability" }
-- why = { title = "未入学原因", class = "disability" }
-- ---
WITH survey AS (
    SELECT s.row_key, s.subject_identity AS identity, s.survey_year, s.in_school, s.not_enrolled_reason, coalesce(i.birth, s.subject_birth) AS birth,
           row_number() OVER (PARTITION BY s.subject_identity ORDER BY s.survey_year DESC, s.row_key) AS nth
    FROM basic_survey s
    LEFT JOIN identity i ON i.identity = s.subject_identity
    WHERE s.subject_identity IS NOT NULL AND s.survey_year IS NOT NULL
)
SELECT s.row_key AS subject_row_key,
       school_year_of($known_until) AS event,
       school_year_of($known_until) AS school_year,
       age_on(s.birth, $known_until) AS age,
       s.survey_year,
       s.not_enrolled_reason AS why,
       $known_until AS known_until
FROM survey s
WHERE s.nth = 1
  AND (s.in_school = '否' OR (s.in_school IS NULL AND s.not_enrolled_reason IS NOT NULL))
  AND month_first_day(month_add(CAST(s.survey_year AS VARCHAR) || '-01', $survey_month - 1 + $valid_months)) > $known_until
  AND s.birth >= school_age_from($known_until, $upper_extra_years)
  AND s.birth < school_age_until($known_until)
  AND NOT coalesce(entrant_on_hold(s.birth, $known_until, (SELECT months FROM entrant_hold)), false)
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = s.identity)
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = s.identity)
