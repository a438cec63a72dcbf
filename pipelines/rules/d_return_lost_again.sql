-- ---
-- title = "复学后再缺"
-- condition = "控辍台账有复学日期且在规定月数以内，复学以后又连续无故缺勤达到规定的上学日数，或学籍状态变为未完成离校且没有其他在籍学籍；没有死亡记录。"
-- list = "dropout"
-- subject = "dropout_ledger.subject"
-- reads = ["dropout_ledger"]
-- optional_reads = ["student_roll", "absence", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["student_roll"]
-- event = "day"
-- severity = "high"
-- basis = ["keep_in_school_2024", "minor_protection_law#28"]
-- recipients = ["education"]
-- due_days = 5
-- reason = "控辍台账 {{ registered_on }} 登记，{{ returned_on }} 复学；此后{{ again }}。疑似复学后再次流失，待核查"
-- verify = ["是否有约定的半日制、普职融合安排", "是否已请假而未登记", "劝返登记是否更新"]
-- [params]
-- within_months = { default = 12, title = "复学后多少个月以内", status = "sourced" }
-- least_days = { default = 3, title = "再次连续无故缺勤上学日数", status = "sourced" }
-- [columns]
-- returned_on = { title = "复学日期" }
-- again = { title = "再缺情况", class = "school" }
-- school = { title = "学校", class = "school" }
-- ---
WITH returned AS (
    SELECT row_key, subject_identity AS identity, registered_on, returned_on, school,
           row_number() OVER (PARTITION BY subject_identity ORDER BY returned_on DESC, row_key) AS nth
    FROM dropout_ledger
    WHERE returned_on > add_months($known_until, -$within_months) AND returned_on <= $known_until
      AND subject_identity IS NOT NULL
),
missed AS (
    SELECT t.row_key, a.first_day, a.last_day, a.days, a.absence_rows,
           row_number() OVER (PARTITION BY t.row_key ORDER BY a.first_day DESC) AS nth
    FROM returned t
    JOIN absence_streak a ON a.identity = t.identity AND a.first_day >= t.returned_on AND a.days >= $least_days
    WHERE t.nth = 1
),
left_school AS (
    SELECT r.identity, min(r.student_state) AS student_state, min(r.row_key) AS roll_row
    FROM roll_row r
    WHERE r.left_early AND NOT EXISTS (SELECT 1 FROM roll_row e WHERE e.identity = r.identity AND e.enrolled)
    GROUP BY r.identity
)
SELECT t.row_key AS subject_row_key,
       CAST(t.returned_on AS VARCHAR) AS event,
       t.registered_on,
       t.returned_on,
       t.school,
       concat_ws('，',
           CAST(m.first_day AS VARCHAR) || ' 起连续 ' || CAST(m.days AS VARCHAR) || ' 个上学日缺勤且无请假依据',
           '学籍状态为“' || l.student_state || '”') AS again,
       t.row_key AS evidence_dropout_ledger,
       m.absence_rows AS evidence_absence,
       l.roll_row AS evidence_student_roll
FROM returned t
LEFT JOIN missed m ON m.row_key = t.row_key AND m.nth = 1
LEFT JOIN left_school l ON l.identity = t.identity
WHERE t.nth = 1
  AND (m.row_key IS NOT NULL OR l.identity IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = t.identity)
