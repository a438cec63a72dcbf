-- ---
-- title = "儿童主任超负荷"
-- condition = "在岗儿童主任所负责村（社区）的在册儿童（同村多人的平均分担）超过参数规定的人数。"
-- list = "quality"
-- subject = "child_director.subject"
-- reads = ["child_director", "child_roster"]
-- whole = ["child_director"]
-- event = "none"
-- severity = "info"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "儿童主任负责{{ villages }}，在册儿童 {{ children }} 名（同村有多名主任的已平均分担），超过每名 {{ most }} 名。疑似需要适当增配，待核查"
-- verify = ["是否另有儿童主任未录入", "名册村名是否有误", "是否已有协理员分担"]
-- [params]
-- most = { default = 30, title = "每名儿童主任负责的在册儿童最多多少名", status = "to_confirm" }
-- [columns]
-- villages = { title = "负责的村(社区)" }
-- children = { title = "在册儿童数" }
-- ---
WITH served AS (
    SELECT identity, town, village, min(row_key) AS row_key FROM director_post WHERE on_duty GROUP BY identity, town, village
),
share AS (
    SELECT town, village, count(DISTINCT identity) AS directors FROM served GROUP BY town, village
),
burden AS (
    SELECT s.identity, min(s.row_key) AS row_key, string_agg(DISTINCT s.town || s.village, '、' ORDER BY s.town || s.village) AS villages,
           sum(CAST(v.children AS DOUBLE) / CAST(h.directors AS DOUBLE)) AS children
    FROM served s
    JOIN share h ON h.town = s.town AND h.village = s.village
    JOIN village_child v ON v.town = s.town AND v.village = s.village
    GROUP BY s.identity
)
SELECT row_key AS subject_row_key,
       '' AS event,
       villages,
       CAST(round(children) AS BIGINT) AS children,
       $most AS most
FROM burden
WHERE children > CAST($most AS DOUBLE)
