-- ---
-- title = "每个有法院宣告失踪、宣告死亡而文书上没有本人有效证件号的姓名一行：不能确定是谁，同名的人先待确认"
-- ---
SELECT DISTINCT j.name
FROM judgment j
JOIN judgment_effects e ON e.matter = j.matter AND e.effect = 'begin' AND e.class = 'D'
WHERE j.subject_id_state NOT IN ('valid', 'extended') AND j.effective_on <= $as_of
