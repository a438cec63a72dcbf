-- ---
-- title = "每个已死亡、户籍已迁出本市或已注销的人一行"
-- ---
SELECT identity FROM death WHERE identity IS NOT NULL
UNION
SELECT subject_identity FROM move_out WHERE move_kind = '市外' AND moved_on <= $as_of AND subject_identity IS NOT NULL
UNION
SELECT resident_identity FROM population WHERE cancel_state IN ('死亡', '迁出') AND resident_identity IS NOT NULL
