-- ---
-- title = "送教次数不足"
-- condition = "安置结论为送教上门、家庭同意，上一个自然月是学期月份（按参数）且全月在安置期内，送教日期少于规定次数；没有死亡、迁往市外的记录。"
-- list = "quality"
-- subject = "placement.subject"
-- reads = ["placement"]
-- absent_from = "home_teaching.subject"
-- optional_reads = ["move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "month"
-- severity = "medium"
-- basis = ["three_year_plan", "disabled_education_regulation#17"]
-- recipients = ["education"]
-- due_days = 10
-- reason = "本学年安置为送教上门，家庭自愿；{{ month }} 送教 {{ times }} 次{% if dates %}（{{ dates }}）{% endif %}，少于每月 {{ least }} 次。疑似送教次数不足，待核查"
-- verify = ["是否已送教未录入", "当月是否因病、放假或家庭原因停送（有记录）", "是否已转入学校就读"]
-- [params]
-- least = { default = 2, title = "每月最少送教次数", status = "sourced" }
-- term_months = { default = ["03", "04", "05", "06", "09", "10", "11", "12"], title = "计入的学期月份", status = "design_choice" }
-- [columns]
-- month = { title = "月份" }
-- times = { title = "送教次数" }
-- dates = { title = "送教日期" }
-- ---
WITH month AS (SELECT month_add(month_of($known_until), -1) AS month),
placed AS (
    SELECT p.row_key, p.subject_identity AS identity, p.name, m.month,
           row_number() OVER (PARTITION BY p.subject_identity ORDER BY p.row_key) AS nth
    FROM placement p
    CROSS JOIN month m
    WHERE p.placement_kind = '送教上门'
      AND p.family_agrees = '是'
      AND p.subject_identity IS NOT NULL
      AND substr(p.school_year, 1, 4) = substr(school_year_of(month_first_day(m.month)), 1, 4)
      AND coalesce(p.valid_until >= month_first_day(month_of($known_until)), true)
      -- The month counts in full only where the placement was approved before it.
      AND coalesce(p.approved_on < month_first_day(m.month), true)
      AND substr(m.month, 6, 2) IN $term_months
),
taught AS (
    SELECT DISTINCT subject_identity AS identity, taught_on, month_of(taught_on) AS month
    FROM home_teaching
    WHERE subject_identity IS NOT NULL AND taught_on <= $as_of
),
counted AS (
    SELECT p.row_key, p.identity, p.name, p.month, count(t.taught_on) AS times,
           string_agg(CAST(t.taught_on AS VARCHAR), '、' ORDER BY t.taught_on) AS dates
    FROM placed p
    LEFT JOIN taught t ON t.identity = p.identity AND t.month = p.month
    WHERE p.nth = 1
    GROUP BY p.row_key, p.identity, p.name, p.month
),
-- A lesson without a usable number belongs to nobody for certain; it may be one of this child's.
unsure AS (
    SELECT DISTINCT h.name, month_of(h.taught_on) AS month, h.subject_identity AS identity
    FROM home_teaching h
    WHERE h.subject_id_state NOT IN ('valid', 'extended') AND h.taught_on <= $as_of
)
SELECT c.row_key AS subject_row_key,
       month_compact(c.month) AS event,
       c.month,
       c.times,
       c.dates,
       $least AS least,
       CASE WHEN u.identity <> c.identity OR u.last_identity <> c.identity THEN '当月有同名学生的送教记录没有有效证件号，疑似同人待确认' END AS annex_reason
FROM counted c
LEFT JOIN (SELECT name, month, min(identity) AS identity, max(identity) AS last_identity FROM unsure GROUP BY name, month) u
  ON u.name = c.name AND u.month = c.month
WHERE c.times < $least
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
  AND NOT EXISTS (
      SELECT 1 FROM move_out o WHERE o.subject_identity = c.identity AND o.move_kind = '市外' AND o.moved_on <= $as_of
  )
