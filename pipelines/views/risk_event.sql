-- ---
-- title = "每个未成年人每件可能需要重新评估风险的事件一行：日期、可以告诉镇村的说法、经过、依据的行"
-- [params]
-- alert_kinds = { default = ["走失", "家庭暴力", "侵害"], title = "需要重新评估的涉未警情", status = "sourced" }
-- ledger_kinds = { default = ["疑似辍学", "辍学"], title = "需要重新评估的控辍台账类型", status = "sourced" }
-- ---
-- Only papers that carry the own number of the person speak: a namesake's misfortune raises nobody's colour.
SELECT c.child, d.death_date AS event_on, c.role || '死亡' AS word, c.role || '死亡（' || d.sources || '）' AS told, 1 AS rank,
       CASE WHEN c.source = 'child_roster' THEN c.carer END AS carer,
       d.cancellation_rows, d.certificate_rows, d.cremation_rows, CAST(NULL AS VARCHAR) AS custody_row,
       CAST(NULL AS VARCHAR) AS prison_row, CAST(NULL AS VARCHAR) AS alert_row, CAST(NULL AS VARCHAR) AS ledger_row,
       CAST(NULL AS VARCHAR) AS card_row, CAST(NULL AS VARCHAR) AS illness_row, CAST(NULL AS VARCHAR) AS emergency_row
FROM carer c
JOIN death d ON d.identity = c.carer AND d.grade <= 'B'
WHERE c.grade <= 'B' AND d.death_date IS NOT NULL
UNION ALL
SELECT c.child, p.from_date, c.role || '不能履行监护', c.role || ' ' || CAST(p.from_date AS VARCHAR) || ' 被采取措施（' || p.source_title || '）',
       2, CASE WHEN c.source = 'child_roster' THEN c.carer END, NULL, NULL, NULL, p.custody_row, p.prison_row, NULL, NULL, NULL, NULL, NULL
FROM carer c
JOIN custody_period p ON p.parent = c.carer AND p.grade <= 'B'
WHERE c.grade <= 'B'
UNION ALL
SELECT subject_identity, alert_date, '有需要关注的情况', alert_kind || '警情', 3, NULL, NULL, NULL, NULL, NULL, NULL, row_key, NULL, NULL, NULL, NULL
FROM minor_alert
WHERE alert_kind IN $alert_kinds AND subject_identity IS NOT NULL AND subject_grade <= 'B'
UNION ALL
SELECT subject_identity, registered_on, '列入控辍台账', '列入控辍台账（' || ledger_kind || '）', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, row_key,
       NULL, NULL, NULL
FROM dropout_ledger
WHERE ledger_kind IN $ledger_kinds AND subject_identity IS NOT NULL AND subject_grade <= 'B'
UNION ALL
SELECT identity, first_issued, '新领残疾人证', '新领残疾人证（' || card || '）', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, row_key, NULL, NULL
FROM card_standing
WHERE effect = 'in_force' AND severe = 'yes' AND grade <= 'B' AND first_issued IS NOT NULL
UNION ALL
SELECT subject_identity, first_settled, '患重病', '重病医保首次结算', 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, row_key, NULL
FROM serious_illness
WHERE subject_identity IS NOT NULL AND subject_grade <= 'B' AND first_settled IS NOT NULL
UNION ALL
SELECT c.child, e.event_date, '家庭遭遇突发事件', c.role || '在突发事件中伤亡（' || e.event_kind || '）', 7,
       CASE WHEN c.source = 'child_roster' THEN c.carer END, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, e.row_key
FROM carer c
JOIN event e ON e.casualty_identity = c.carer AND e.casualty_grade <= 'B'
WHERE c.grade <= 'B'
