-- ---
-- title = "说不准走访了谁的走访：没有本人的有效证件号，或对不上任何在册儿童；每个可能的在册儿童（名册或其他走访用过这个姓名）一行"
-- ---
WITH called AS (
    SELECT identity, name FROM listed_child
    UNION
    SELECT v.identity, v.name FROM visit v JOIN listed_child l ON l.identity = v.identity AND l.nth = 1
),
unsure AS (
    SELECT o.name, o.visit_date, o.visit_kind, o.identity
    FROM visit o
    LEFT JOIN listed_child l ON l.identity = o.identity AND l.nth = 1
    WHERE o.unnumbered OR l.identity IS NULL
)
SELECT c.identity, u.visit_kind, max(u.visit_date) AS visit_date
FROM unsure u
JOIN called c ON c.name = u.name
WHERE coalesce(c.identity <> u.identity, true)
GROUP BY c.identity, u.visit_kind
