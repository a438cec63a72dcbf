-- ---
-- title = "每个收养关系仍有效的被收养人一行（最近一次登记是收养，不是解除或撤销）"
-- ---
WITH ranked AS (
    SELECT subject_identity AS identity, register_kind, registered_on, row_key,
           row_number() OVER (PARTITION BY subject_identity ORDER BY registered_on DESC, row_key DESC) AS nth
    FROM adoption
    WHERE subject_identity IS NOT NULL AND registered_on <= $as_of
)
SELECT identity, registered_on, row_key FROM ranked WHERE nth = 1 AND register_kind = '收养'
