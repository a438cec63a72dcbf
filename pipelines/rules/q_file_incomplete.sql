-- ---
-- title = "一人一档不全"
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
    SELECT l.row_key, l.identity, l.public_label, l.birth, l.registered_on, c.child_id_state, c.address, c.address_raw, c.guardian_name,
           c.guardian_name_raw, c.guardian_phone, c.guardian_phone_raw, c.school, c.school_raw, c.study_state, c.director, c.director_raw,
           coalesce(c.register_class, '') AS register_class
    FROM listed_child l
    JOIN child_roster c ON c.row_key = l.row_key
    WHERE l.nth = 1 AND coalesce(l.birth > add_months($as_of, -216), true)
),
gaps AS (
    SELECT c.row_key, 1 AS rank, '身份证号' AS item FROM child c CROSS JOIN delivered d
    WHERE d.ids > 0 AND c.child_id_state = 'missing' AND c.register_class <> '无户口'
    UNION ALL
    SELECT c.row_key, 2, '现住址' FROM child c CROSS JOIN delivered d WHERE d.addresses > 0 AND coalesce(c.address, c.address_raw) IS NULL
    UNION ALL
    SELECT c.row_key, 3, '监护人姓名' FROM child c CROSS JOIN delivered d
    WHERE d.guardians > 0 AND coalesce(c.guardian_name, c.guardian_name_raw) IS NULL AND c.register_class <> '福利院集体户'
    UNION ALL
    SELECT c.row_key, 4, '监护人电话' FROM child c CROSS JOIN delivered d
    WHERE d.phones > 0 AND coalesce(c.guardian_phone, c.guardian_phone_raw) IS NULL AND c.register_class <> '福利院集体户'
    UNION ALL
    SELECT c.row_key, 5, '就读学校' FROM child c CROSS JOIN delivered d
    WHERE d.schools > 0 AND coalesce(c.school, c.school_raw) IS NULL AND compulsory_cohort(c.birth, $known_until)
      AND coalesce(c.study_state, '在读') = '在读'
    UNION ALL
    SELECT c.row_key, 6, '儿童主任' FROM child c CROSS JOIN delivered d WHERE d.directors > 0 AND coalesce(c.director, c.director_raw) IS NULL
)
SELECT c.row_key AS subject_row_key,
       '' AS event,
       coalesce(min(c.public_label), '名册儿童') AS category,
       string_agg(g.item, '、' ORDER BY g.rank) AS missing
FROM child c
JOIN gaps g ON g.row_key = c.row_key AND g.item IN $items
WHERE coalesce(c.registered_on < $known_until - $new_days, true)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
GROUP BY c.row_key
