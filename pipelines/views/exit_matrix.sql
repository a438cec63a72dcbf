-- ---
-- title = "名册在册未满18周岁儿童的父、母各一行：登记情形不再成立时，双方现状和认定情形对照（D 死亡失踪、H 无力或缺失、N 无）的结果"
-- ---
WITH told AS (
    SELECT r.row_key, r.side, r.side_title,
           -- The state that the roll records is the one in question; another one stands.
           CASE WHEN s.code IS NULL OR s.code = r.code THEN 'N' ELSE s.class END AS left_class,
           CASE WHEN s.code IS NULL OR s.code = r.code THEN '名册登记为' || coalesce(r.recorded_state, '未登记') || '，现疑似不成立'
                ELSE s.told END AS left_told,
           s.class,
           coalesce(s.told, '名册登记为' || coalesce(r.recorded_state, '未登记') || '（未见佐证）') AS told
    FROM recorded_parent r
    LEFT JOIN parent_standing s ON s.identity = r.parent
),
pair AS (
    SELECT a.row_key, a.side,
           CASE a.side WHEN 'father' THEN a.left_told ELSE b.told END AS father_told,
           CASE a.side WHEN 'mother' THEN a.left_told ELSE b.told END AS mother_told,
           CASE a.side WHEN 'father' THEN a.left_class ELSE b.class END AS father_class,
           CASE a.side WHEN 'mother' THEN a.left_class ELSE b.class END AS mother_class
    FROM told a
    JOIN told b ON b.row_key = a.row_key AND b.side <> a.side
)
SELECT p.row_key, p.side, p.father_told, p.mother_told,
       '父 ' || coalesce(p.father_class, '不详') || ' × 母 ' || coalesce(p.mother_class, '不详') || '：'
           || string_agg(DISTINCT x.result, '或' ORDER BY x.result) AS matrix
FROM pair p
-- A side that nobody knows may be in any state.
JOIN parent_state_matrix x
  ON x.father_class = coalesce(p.father_class, x.father_class) AND x.mother_class = coalesce(p.mother_class, x.mother_class)
GROUP BY p.row_key, p.side, p.father_told, p.mother_told, p.father_class, p.mother_class
