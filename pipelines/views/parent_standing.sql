-- ---
-- title = "每个有符合情形状态的成年人一行：最有力的一项（先死亡、宣告失踪，再佐证齐全的）、连同起始日期和来源的说法，及死亡来源的行"
-- ---
WITH ranked AS (
    SELECT s.identity, s.code, s.class, n.label, s.from_date, s.until_date, s.source_title, s.source, s.row_key, s.note,
           row_number() OVER (
               PARTITION BY s.identity
               ORDER BY s.class, CASE WHEN s.note IS NULL THEN 0 ELSE 1 END, CASE WHEN s.grade <= 'B' THEN 0 ELSE 1 END,
                        s.from_date NULLS LAST, s.code, s.row_key
           ) AS nth
    FROM parent_state s
    JOIN parent_state_codes n ON n.code = s.code
    WHERE s.counts
)
SELECT r.identity, r.code, r.class, r.label, r.from_date, r.until_date, r.source_title, r.note,
       r.label || '（' || coalesce(CAST(r.from_date AS VARCHAR) || ' 起，', '') || r.source_title || '）' AS told,
       CASE r.source WHEN 'judgment' THEN r.row_key END AS judgment_row,
       CASE r.source WHEN 'disability_card' THEN r.row_key END AS card_row,
       CASE r.source WHEN 'prison_term' THEN r.row_key END AS prison_row,
       CASE r.source WHEN 'custody' THEN r.row_key END AS custody_row,
       CASE r.source WHEN 'serious_illness' THEN r.row_key END AS illness_row,
       CASE r.source WHEN 'child_roster' THEN r.row_key END AS roster_row,
       d.cancellation_rows, d.certificate_rows, d.cremation_rows
FROM ranked r
LEFT JOIN death d ON d.identity = r.identity AND r.source = 'death'
WHERE r.nth = 1
