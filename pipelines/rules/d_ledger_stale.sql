-- ---
-- title = "控辍台账超期"
-- condition = "控辍台账疑似辍学、辍学在册未复学，超过规定天数没有新的劝返登记，或在册超过规定天数（暑假不计）；没有死亡记录。"
-- list = "quality"
-- subject = "dropout_ledger.subject"
-- reads = ["dropout_ledger"]
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["keep_in_school_2024"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "控辍台账 {{ registered_on }} 登记为{{ ledger_kind }}，在册已 {{ open_days }} 天（暑假不计）{% if last_persuasion %}，最近劝返 {{ last_persuasion }}{% else %}，未登记劝返日期{% endif %}，截至 {{ known_until }} 已 {{ quiet_days }} 天无新的劝返登记。疑似台账超期未推进，待核查"
-- verify = ["是否已劝返、复学而未登记", "是否应升级处置（书面报告、联合劝返）", "去向是否已查明，可否销号"]
-- [params]
-- kinds = { default = ["疑似辍学", "辍学"], title = "哪些台账", status = "sourced" }
-- quiet_days = { default = 30, title = "多少天没有新的劝返登记", status = "sourced" }
-- open_days = { default = 90, title = "在册多少天以上", status = "sourced" }
-- [columns]
-- ledger_kind = { title = "台账类型", class = "school" }
-- open_days = { title = "在册天数" }
-- quiet_days = { title = "未劝返天数" }
-- last_persuasion = { title = "最近劝返日期", class = "school" }
-- persuasions = { title = "劝返次数" }
-- ---
WITH entry AS (
    SELECT d.row_key, d.subject_identity AS identity, d.ledger_kind, d.registered_on, d.last_persuasion, d.persuasion_count AS persuasions,
           coalesce(greatest(d.registered_on, d.last_persuasion), d.registered_on) AS moved_on
    FROM dropout_ledger d
    WHERE d.status = '在册' AND d.ledger_kind IN $kinds AND d.returned_on IS NULL
      AND d.subject_identity IS NOT NULL AND d.registered_on <= $known_until
),
counted AS (
    SELECT row_key, days_outside_summer(registered_on, $known_until) AS open_days, days_outside_summer(moved_on, $known_until) AS quiet_days
    FROM entry
)
SELECT o.row_key AS subject_row_key,
       CAST(o.registered_on AS VARCHAR) AS event,
       o.ledger_kind,
       o.registered_on,
       c.open_days,
       c.quiet_days,
       o.last_persuasion,
       o.persuasions,
       $known_until AS known_until
FROM entry o
JOIN counted c ON c.row_key = o.row_key
WHERE (c.quiet_days > $quiet_days OR c.open_days > $open_days)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = o.identity)
