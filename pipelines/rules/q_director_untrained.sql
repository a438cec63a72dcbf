-- ---
-- title = "儿童主任培训未覆盖"
-- condition = "在岗儿童主任应核对年度内没有培训日期，任职已满规定天数；整列没有培训日期的不列。"
-- list = "quality"
-- subject = "child_director.subject"
-- reads = ["child_director"]
-- event = "day"
-- severity = "info"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "{{ town }}{{ village }}在岗儿童主任，{{ year }} 年未见培训记录{% if trained_on %}（最近一次 {{ trained_on }}）{% else %}（培训日期为空）{% endif %}。疑似年度培训未覆盖，待核查"
-- verify = ["是否已培训未录入", "是否新任、已安排培训"]
-- [params]
-- deadline = { default = "11-01", title = "每年什么日期起核对当年培训（此前核对上一年）", status = "sourced" }
-- new_days = { default = 90, title = "任职多少天以内不列", status = "design_choice" }
-- [columns]
-- town = { title = "镇(街道)" }
-- village = { title = "村(社区)" }
-- trained_on = { title = "最近培训日期" }
-- ---
-- The year whose training is due: this one from the deadline on, the last one before it.
WITH due AS (
    SELECT CASE WHEN substr(CAST($known_until AS VARCHAR), 6, 5) >= $deadline THEN substr(month_of($known_until), 1, 4)
                ELSE substr(month_of(add_months($known_until, -12)), 1, 4) END AS year
),
-- A file whose column of dates is empty altogether says nothing about anybody.
delivered AS (SELECT count(trained_on) AS dates FROM director_post),
post AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY trained_on DESC NULLS LAST, row_key) AS nth FROM director_post WHERE on_duty
)
SELECT p.row_key AS subject_row_key,
       d.year || '-' || $deadline AS event,
       p.town,
       p.village,
       d.year,
       p.trained_on
FROM post p
CROSS JOIN due d
CROSS JOIN delivered f
WHERE p.nth = 1
  AND f.dates > 0
  AND coalesce(p.trained_on < month_first_day(d.year || '-01'), true)
  AND coalesce(p.appointed_on < $known_until - $new_days, true)
