-- ---
-- title = "家暴、侵害线索"
-- condition = "规定天数以内的家庭暴力、侵害警情，当事人未满18周岁（或年龄不详），没有死亡记录。没有有效证号、也对应不到户籍和名册的进附表。"
-- list = "urgent"
-- subject = "minor_alert.subject"
-- reads = ["minor_alert"]
-- optional_reads = ["child_roster", "population", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "urgent"
-- basis = ["domestic_violence_law#14", "domestic_violence_law#16", "minor_protection_law#11", "minor_protection_law#20"]
-- recipients = ["civil-affairs", "women-federation"]
-- due_days = 1
-- reason = "{{ alert_date }} 公安登记涉未成年人{{ alert_kind }}警情{% if category %}，儿童在册（{{ category }}）{% endif %}。疑似家庭暴力或侵害线索，待核查，请按强制报告要求处置，注意保密"
-- verify = ["是否本人（仅地址、姓名相同的先确认）", "当前是否安全，是否需要临时监护", "告知范围是否限于办案需要"]
-- [params]
-- recent_days = { default = 30, title = "多少天以内的警情", status = "design_choice" }
-- kinds = { default = ["家庭暴力", "侵害"], title = "警情类别", status = "sourced" }
-- [columns]
-- alert_kind = { title = "警情类别", class = "case" }
-- alert_date = { title = "警情日期", class = "case" }
-- category = { title = "名册类别", class = "watch_group" }
-- ---
SELECT a.row_key AS subject_row_key,
       CAST(a.alert_date AS VARCHAR) AS event,
       a.alert_kind,
       a.alert_date,
       l.public_label AS category,
       -- Without a usable number the person is only a name: somebody has to look before anybody is visited.
       CASE WHEN a.subject_id_state NOT IN ('valid', 'extended') AND l.row_key IS NULL AND h.resident_identity IS NULL
            THEN '警情无有效证件号，尚不能确定是哪名儿童' END AS annex_reason,
       l.row_key AS evidence_child_roster
FROM minor_alert a
LEFT JOIN listed_child l ON l.identity = a.subject_identity AND l.nth = 1
LEFT JOIN (SELECT DISTINCT resident_identity FROM population) h ON h.resident_identity = a.subject_identity
WHERE a.alert_kind IN $kinds
  AND a.subject_identity IS NOT NULL
  AND a.alert_date > $known_until - $recent_days
  AND a.alert_date <= $known_until
  AND coalesce(a.subject_birth > add_months($as_of, -216), true)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = a.subject_identity)
