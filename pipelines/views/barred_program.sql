-- ---
-- title = "每人每个因正在享受其他项目而不可叠享（excluded_by）或能否叠享待确认（to_check）的项目一行"
-- ---
WITH pair AS (
    SELECT program_a AS program, program_b AS other, verdict FROM stacking
    UNION ALL
    SELECT program_b, program_a, verdict FROM stacking
),
told AS (
    SELECT e.identity, p.program, p.verdict, e.title
    FROM enjoyed_program e
    JOIN pair p ON p.other = e.program
    WHERE p.verdict <> '可叠享'
)
SELECT identity, program,
       string_agg(title, '、' ORDER BY title) FILTER (WHERE verdict = '不可叠享') AS excluded_by,
       string_agg(title, '、' ORDER BY title) FILTER (WHERE verdict = '提示核对') AS to_check
FROM told
GROUP BY identity, program
