-- ---
-- title = "走失、失踪"
-- condition = "规定天数以内的走失警情未登记找回；或名册儿童连续无故缺勤达到规定上学日数且在规定天数以内。没有死亡记录。"
-- list = "urgent"
-- subject = "*"
-- reads = ["minor_alert"]
-- optional_reads = ["child_roster", "student_roll", "absence", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "urgent"
-- basis = ["minor_protection_law#11", "three_year_plan"]
-- recipients = ["civil-affairs", "public-security", "education"]
-- due_days = 1
-- reason = "{{ what }}，截至 {{ known_until }} 未见找回或复课记录。疑似走失或失踪，待核查"
-- verify = ["是否已找回而未登记", "是否请假、随家长外出", "家长和学校是否已联系上"]
-- [params]
-- recent_days = { default = 30, title = "多少天以内的走失警情", status = "design_choice" }
-- absent_days = { default = 2, title = "在册儿童连续无故缺勤多少个上学日", status = "sourced" }
-- absent_recent = { default = 7, title = "缺勤在多少天以内", status = "design_choice" }
-- [columns]
-- what = { title = "情况" }
-- ---
WITH alert AS (
    SELECT row_key, subject_identity AS identity, alert_date
    FROM minor_alert
    WHERE alert_kind = '走失' AND coalesce(found_again, '否') <> '是'
      AND alert_date > $known_until - $recent_days AND alert_date <= $known_until
      AND subject_identity IS NOT NULL
      AND coalesce(subject_birth > add_months($as_of, -216), true)
)
SELECT a.row_key AS subject_row_key,
       'minor_alert' AS subject_extract,
       'subject' AS subject_role,
       CAST(a.alert_date AS VARCHAR) AS event,
       CAST(a.alert_date AS VARCHAR) || ' 公安接到走失警情' AS what,
       $known_until AS known_until,
       CAST(NULL AS VARCHAR[]) AS evidence_absence
FROM alert a
-- A notice that the child was found closes the alert, whichever of the notices says so.
WHERE NOT EXISTS (
      SELECT 1 FROM minor_alert f
      WHERE f.subject_identity = a.identity AND f.alert_kind = '走失' AND f.found_again = '是' AND f.alert_date >= a.alert_date
  )
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.identity)
UNION ALL
SELECT l.row_key, 'child_roster', 'child', CAST(s.first_day AS VARCHAR),
       '在册儿童自 ' || CAST(s.first_day AS VARCHAR) || ' 起连续 ' || CAST(s.days AS VARCHAR) || ' 个上学日缺勤且无请假依据',
       $known_until, s.absence_rows
FROM absence_streak s
JOIN listed_child l ON l.identity = s.identity AND l.nth = 1 AND l.birth > add_months($as_of, -216)
WHERE s.days >= $absent_days
  AND s.last_day > $known_until - $absent_recent
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = s.identity)
