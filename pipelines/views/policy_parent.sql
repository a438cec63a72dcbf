-- ---
-- title = "每个要逐项对照政策的儿童一行：父母双方的现状按对照表能否成立孤儿、事实无人抚养；不能判断的，缺什么"
-- [params]
-- state_sources = { default = ["death_cancellation", "judgment", "disability_card", "prison_term", "custody", "serious_illness"], title = "父母状态的来源，缺一不能认定父母“无特殊情形”", status = "design_choice" }
-- ---
WITH absent AS (
    SELECT string_agg('《' || title || '》', '' ORDER BY extract) AS titles
    FROM extract_state
    WHERE extract IN $state_sources AND state <> 'complete'
),
sides AS (
    SELECT c.identity, 'father' AS side, '父亲' AS side_title, l.father_state AS recorded
    FROM policy_child c
    LEFT JOIN listed_child l ON l.identity = c.identity AND l.nth = 1
    UNION ALL
    SELECT c.identity, 'mother', '母亲', l.mother_state
    FROM policy_child c
    LEFT JOIN listed_child l ON l.identity = c.identity AND l.nth = 1
),
-- Nobody is called well because nothing was found: the register shows the parent, every source of states came,
-- and the roll itself does not say otherwise.
known AS (
    SELECT s.identity, s.side, s.side_title, k.link_grade, t.class AS held_class,
           CASE WHEN t.class IS NOT NULL THEN t.class
                WHEN k.parent IS NOT NULL AND k.link_grade <= 'L2' AND k.grade <= 'B' AND a.titles IS NULL
                     AND coalesce(r.class, 'N') = 'N' AND p.identity IS NOT NULL THEN 'N' END AS class,
           CASE WHEN t.class IS NOT NULL THEN t.label || '（' || t.source_title || '）' ELSE '未见特殊情形' END AS told,
           CASE WHEN t.class IS NOT NULL THEN NULL
                WHEN k.parent IS NULL THEN s.side_title || '是谁（户籍、出生登记、名册均无证号）'
                WHEN coalesce(r.class, 'N') <> 'N' THEN s.side_title || s.recorded || '的佐证'
                WHEN a.titles IS NOT NULL THEN s.side_title || '的情况（未收齐' || a.titles || '）'
                ELSE s.side_title || '的户籍' END AS missing
    FROM sides s
    CROSS JOIN absent a
    LEFT JOIN parent_link k ON k.child = s.identity AND k.side = s.side
    LEFT JOIN parent_standing t ON t.identity = k.parent
    LEFT JOIN parent_state_codes r ON r.label = s.recorded
    LEFT JOIN (
        SELECT DISTINCT resident_identity AS identity FROM population WHERE cancel_state = '正常' AND resident_grade <= 'B'
    ) p ON p.identity = k.parent
),
both_sides AS (
    SELECT f.identity, f.class AS father_class, m.class AS mother_class,
           concat_ws('、', CASE WHEN f.class IS NULL THEN f.missing END, CASE WHEN m.class IS NULL THEN m.missing END) AS missing
    FROM known f
    JOIN known m ON m.identity = f.identity AND m.side = 'mother'
    WHERE f.side = 'father'
),
-- A side that nobody knows may be in any state: what holds for all of them holds, what holds for none fails.
possible AS (
    SELECT b.identity,
           bool_and(x.result = '孤儿') AS orphan_always, bool_or(x.result = '孤儿') AS orphan_ever,
           bool_and(x.result = '事实无人抚养儿童') AS de_facto_always, bool_or(x.result = '事实无人抚养儿童') AS de_facto_ever,
           bool_and(x.eligible) AS unsupported_always, bool_or(x.eligible) AS unsupported_ever
    FROM both_sides b
    JOIN parent_state_matrix x
      ON x.father_class = coalesce(b.father_class, x.father_class)
     AND x.mother_class = coalesce(b.mother_class, x.mother_class)
    GROUP BY b.identity
)
SELECT b.identity, b.missing,
       CASE WHEN p.orphan_always THEN true WHEN NOT p.orphan_ever THEN false END AS orphan,
       CASE WHEN p.de_facto_always THEN true WHEN NOT p.de_facto_ever THEN false END AS de_facto,
       CASE WHEN p.unsupported_always THEN true WHEN NOT p.unsupported_ever THEN false END AS unsupported
FROM both_sides b
JOIN possible p ON p.identity = b.identity
