-- ---
-- title = "一人一档不全"
-- condition = "名册登记在册、未满18周岁、登记已满规定天数，参数所列必备项目有空缺（不适用的除外）；整列都没有填的视为没有交来，不列。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "none"
-- severity = "info"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ category }}，登记在册，名册缺：{{ missing }}。疑似一人一档不全，待核查补录"
-- verify = ["是否不适用（写明原因）", "是否已有纸质档案未录入"]
-- [params]
-- items = { default = ["身份证号", "现住址", "监护人姓名", "监护人电话", "就读学校", "儿童主任"], title = "一人一档必备项目", status = "to_confirm" }
-- new_days = { default = 30, title = "新登记多少天以内不列", status = "sourced" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- missing = { title = "缺项" }
-- ---
-- A column that nobody filled in was not delivered: it says nothing about one child. A cell that could not be read
-- is not an empty one.
WITH delivered AS (
    SELECT count(resident_id) AS ids, count(address) AS addresses, count(guardian_name) AS guardians, count(guardian_phone) AS phones,
           count(school) AS schools, count(director) AS directors
    FROM child_roster
    WHERE status = '登记在册'
),
child AS (
    SELECT l.row_key, l.identity, l.public_label, l.registered_on,
           concat_ws('、',
               CASE WHEN '身份证号' IN $items AND d.ids > 0 AND c.child_id_state = 'missing' AND coalesce(c.register_class, '') <> '无户口'
                    THEN '身份证号' END,
               CASE WHEN '现住址' IN $items AND d.addresses > 0 AND coalesce(c.address, c.address_raw) IS NULL THEN '现住址' END,
               CASE WHEN '监护人姓名' IN $items AND d.guardians > 0 AND coalesce(c.guardian_name, c.guardian_name_raw) IS NULL
                         AND coalesce(c.register_class, '') <> '福利院集体户' THEN '监护人姓名' END,
               CASE WHEN '监护人电话' IN $items AND d.phones > 0 AND coalesce(c.guardian_phone, c.guardian_phone_raw) IS NULL
                         AND coalesce(c.register_class, '') <> '福利院集体户' THEN '监护人电话' END,
               CASE WHEN '就读学校' IN $items AND d.schools > 0 AND coalesce(c.school, c.school_raw) IS NULL
                         AND compulsory_cohort(l.birth, $known_until) AND coalesce(c.study_state, '在读') = '在读' THEN '就读学校' END,
               CASE WHEN '儿童主任' IN $items AND d.directors > 0 AND coalesce(c.director, c.director_raw) IS NULL THEN '儿童主任' END
           ) AS missing
    FROM listed_child l
    JOIN child_roster c ON c.row_key = l.row_key
    CROSS JOIN delivered d
    WHERE l.nth = 1 AND coalesce(l.birth > add_months($as_of, -216), true)
)
SELECT c.row_key AS subject_row_key,
       '' AS event,
       coalesce(c.public_label, '名册儿童') AS category,
       c.missing
FROM child c
WHERE c.missing <> ''
  AND coalesce(c.registered_on < $known_until - $new_days, true)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
