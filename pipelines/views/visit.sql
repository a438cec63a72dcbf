-- ---
-- title = "每次走访一行：儿童、日期、类型。unnumbered 为真的没有本人的有效证件号，不能确定走访的是谁"
-- ---
SELECT row_key, subject_identity AS identity, name, visit_date, visit_kind,
       coalesce(subject_id_state <> 'valid', false) OR coalesce(subject_birth <= add_months($as_of, -216), false) AS unnumbered
FROM visit_log
WHERE visit_date <= $as_of
