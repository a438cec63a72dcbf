-- ---
-- title = "每次服刑、羁押、强制隔离戒毒一行（不含社区矫正和行政拘留）：起止、释放或解除日期、来源、匹配等级"
-- ---
SELECT p.subject_identity AS parent, p.term_from AS from_date, p.term_until AS term_end, p.released_on,
       '司法服刑人员' AS source_title, e.code, p.subject_grade AS grade, p.row_key AS prison_row,
       CAST(NULL AS VARCHAR) AS custody_row
FROM prison_term p
JOIN custody_effects e ON e.source = 'prison_term' AND e.label = p.enforcement AND e.held AND e.code <> 'NONE'
WHERE p.subject_grade < 'D' AND p.subject_identity IS NOT NULL
UNION ALL
SELECT p.subject_identity, p.from_date, p.term_end, p.released_on, '公安监所', e.code, p.subject_grade, CAST(NULL AS VARCHAR), p.row_key
FROM custody p
JOIN custody_effects e ON e.source = 'custody' AND e.label = p.measure AND e.held AND e.code <> 'NONE'
WHERE p.subject_grade < 'D' AND p.subject_identity IS NOT NULL
