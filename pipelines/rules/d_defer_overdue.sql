-- ---
-- title = "延缓入学逾期"
-- condition = "最近一次延缓入学（安置结论或学籍异动）已到期，或没有登记批准日期（进附表），年龄在义务教育年龄段内（上限按参数放宽），自9月1日起已过暂缓期，学籍库任何状态都查不到本人，也没有其他去向。"
-- list = "dropout"
-- subject = "*"
-- reads = ["placement"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["roll_change", "dropout_ledger", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["placement"]
-- event = "school_year"
-- severity = "medium"
-- basis = ["compulsory_education_law#11", "keep_in_school_2024"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ source_title }}：延缓入学{% if approved_on %}（{{ approved_on }} 批准）{% endif %}至 {{ until_date }}{% if expired %}，已到期{% else %}，未登记批准日期{% endif %}，截至 {{ known_until }} 学籍库无记录，也无其他安置。疑似延缓入学逾期，待核查"
-- verify = ["是否已续办延缓入学（乡镇或教体局批准文件）", "是否已安置到送教上门、康复机构", "是否在市外就读（请附证明和有效期）"]
-- [params]
-- hold_months = { default = 2, title = "自9月1日起暂缓列出的月数（学籍办理期）", status = "sourced" }
-- upper_extra_years = { default = 3, title = "残疾儿童受教育年龄上限放宽年数", status = "design_choice" }
-- [columns]
-- age = { title = "年龄" }
-- until_date = { title = "延缓至" }
-- approved_on = { title = "批准日期" }
-- ---
-- A postponement that names no day lasts for its school year.
WITH deferred AS (
    SELECT subject_identity AS identity, 'placement' AS extract, '残疾儿童安置' AS source_title, row_key, approved_on,
           coalesce(valid_until, month_first_day(month_add(substr(school_year, 1, 4) || '-09', 12)) - 1) AS until_date
    FROM placement
    WHERE placement_kind = '延缓入学' AND subject_identity IS NOT NULL
    UNION ALL
    SELECT subject_identity, 'roll_change', '学籍异动', row_key, change_date,
           coalesce(until_date, add_months(school_year_start(change_date), 12) - 1)
    FROM roll_change
    WHERE change_kind = '延缓入学' AND subject_identity IS NOT NULL AND change_date <= $known_until
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY until_date DESC, extract, row_key) AS nth
    FROM deferred
    WHERE until_date IS NOT NULL
),
latest AS (
    SELECT d.*, i.birth, d.until_date < $known_until AS expired
    FROM ranked d
    JOIN identity i ON i.identity = d.identity
    WHERE d.nth = 1
)
SELECT l.row_key AS subject_row_key,
       l.extract AS subject_extract,
       'subject' AS subject_role,
       school_year_of($known_until) AS event,
       age_on(l.birth, $known_until) AS age,
       l.source_title,
       l.approved_on,
       l.until_date,
       l.expired,
       $known_until AS known_until,
       -- An empty cell does not prove that there is no paper.
       CASE WHEN NOT l.expired THEN '未登记批准日期，请核对批准文件' END AS annex_reason
FROM latest l
WHERE (l.expired OR l.approved_on IS NULL)
  AND $known_until >= add_months(school_year_start($known_until), $hold_months)
  AND l.birth >= school_age_from($known_until, $upper_extra_years)
  AND l.birth < school_age_until($known_until)
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = l.identity)
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = l.identity AND (l.expired OR NOT a.only_deferred))
