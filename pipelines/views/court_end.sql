-- ---
-- title = "每个由法院撤销宣告或恢复监护资格的成年人每项状态一行：最近一份文书"
-- ---
WITH ended AS (
    SELECT j.subject_identity AS parent, j.name, e.code, j.matter, j.effective_on, j.document_number, j.subject_grade AS grade,
           j.row_key AS judgment_row,
           row_number() OVER (
               PARTITION BY j.subject_identity, e.code
               ORDER BY CASE WHEN j.subject_grade <= 'B' THEN 0 ELSE 1 END, j.effective_on DESC, j.row_key
           ) AS nth
    FROM judgment j
    JOIN judgment_effects e ON e.matter = j.matter AND e.effect = 'end'
    WHERE j.subject_identity IS NOT NULL AND j.subject_grade < 'D' AND j.effective_on <= $as_of
)
SELECT parent, name, code, matter, effective_on, document_number, grade, judgment_row FROM ended WHERE nth = 1
