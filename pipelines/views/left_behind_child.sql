-- ---
-- title = "每个登记在册、未满十六周岁的留守儿童一行：父母情况。alone 为真的父母均外出，或一方外出而另一方不能履行监护；back 为真的父母均登记为在家"
-- [params]
-- categories = { default = ["农村留守儿童"], title = "需要委托照护协议的儿童类别", status = "sourced" }
-- ---
WITH parents AS (
    SELECT l.row_key, l.identity, l.name, l.father_state, l.mother_state,
           l.father_state = '外出务工' AS father_away, l.mother_state = '外出务工' AS mother_away,
           f.class = 'H' AS father_unable, m.class = 'H' AS mother_unable,
           f.code = 'NONE' AND m.code = 'NONE' AS able
    FROM listed_child l
    LEFT JOIN parent_state_codes f ON f.label = l.father_state
    LEFT JOIN parent_state_codes m ON m.label = l.mother_state
    WHERE l.nth_of_category = 1 AND l.category IN $categories AND l.birth > add_months($as_of, -192)
)
-- One parent at home needs no agreement; a parent who cannot care is not at home in that sense.
SELECT row_key, identity, name, father_state, mother_state, father_away, mother_away,
       coalesce((father_away AND (mother_away OR mother_unable)) OR (mother_away AND father_unable), false) AS alone,
       coalesce(able AND NOT father_away AND NOT mother_away, false) AS back
FROM parents
