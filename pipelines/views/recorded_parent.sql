-- ---
-- title = "每个登记在册的未成年人每个类别每位父母一行：名册登记的情况、其代码、父母是谁、凭什么知道"
-- ---
-- The roll often names a parent without a number, or not at all; the register says who it is.
WITH sides AS (
    SELECT row_key, identity, birth, category, orphan, de_facto, benefit_status, 'father' AS side, '父亲' AS side_title,
           father_identity AS named, father_state AS recorded_state, father_state_from AS recorded_from,
           father_state_until AS recorded_until, coalesce(mother_state, '未登记') AS other_state
    FROM listed_child
    WHERE nth_of_category = 1 AND birth > add_months($as_of, -216)
    UNION ALL
    SELECT row_key, identity, birth, category, orphan, de_facto, benefit_status, 'mother', '母亲',
           mother_identity, mother_state, mother_state_from, mother_state_until, coalesce(father_state, '未登记')
    FROM listed_child
    WHERE nth_of_category = 1 AND birth > add_months($as_of, -216)
)
SELECT s.row_key, s.identity, s.category, s.orphan, s.de_facto, s.benefit_status, s.side, s.side_title,
       s.recorded_state, s.recorded_from, s.recorded_until, s.other_state, c.code, c.class,
       coalesce(s.named, l.parent) AS parent,
       CASE WHEN l.parent IS NULL THEN s.named END AS unproven_parent,
       CASE WHEN s.named IS NULL AND l.link_grade = 'L3' THEN '父母关系仅见于学籍家庭成员，待确认' END AS link_doubt,
       l.link_grade, l.population_row, l.birth_row
FROM sides s
LEFT JOIN parent_state_codes c ON c.label = s.recorded_state
LEFT JOIN parent_link l
  ON l.child = s.identity AND l.side = s.side AND l.grade <= 'B' AND (s.named IS NULL OR l.parent = s.named)
