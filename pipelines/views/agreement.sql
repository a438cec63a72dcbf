-- ---
-- title = "每份状态为有效的委托照护协议一行：儿童、有效期。unnumbered 为真的没有儿童本人的有效证件号，不能确定是谁的协议"
-- ---
SELECT row_key, child_identity AS identity, child_grade AS grade, child_name AS name, valid_until,
       coalesce(child_id_state <> 'valid', false) OR coalesce(child_birth <= add_months($as_of, -216), false) AS unnumbered
FROM care_agreement
WHERE status = '有效'
