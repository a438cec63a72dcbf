-- ---
-- title = "每人每个因正在享受其他项目而不可叠享（excluded_by）或能否叠享待确认（to_check）的项目一行"
-- ---
WITH pair AS (
    SELECT program_a AS program, program_b AS other, verdict FROM stacking
    UNION ALL
    SELECT program_b, program_a, verdict FROM stacking
),
program AS (SELECT DISTINCT program FROM pair),
told AS (
    SELECT e.identity, p.program, p.verdict, e.title
    FROM enjoyed_program e
    JOIN pair p ON p.other = e.program
    WHERE p.verdict <> '可叠享'
    UNION ALL
    -- A cell that the table does not have is a question, never a hit.
    SELECT e.identity, p.program, '提示核对', e.title
    FROM enjoyed_program e
    JOIN program known ON known.program = e.program
    JOIN program p ON p.program <> e.program
    WHERE NOT EXISTS (SELECT 1 FROM pair f WHERE f.program = p.program AND f.other = e.program)
)
SELECT identity, program,
       string_agg(title, '、' ORDER BY title) FILTER (WHERE verdict = '不可叠享') AS excluded_by,
       string_agg(title, '、' ORDER BY title) FILTER (WHERE verdict = '提示核对') AS to_check
FROM told
GROUP BY identity, program
