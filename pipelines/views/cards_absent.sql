-- ---
-- title = "一行：残疾人证没有收到或不完整时，凭“没有其他情形”得出的疑似为什么要先确认（doubt）；收齐时为空"
-- ---
-- That nobody holds a card is no evidence on a night without the cards, or without some of them: what rests on it goes to the annex.
SELECT max(CASE WHEN state IN ('missing', 'refused') THEN '未收到《' || title || '》，未能排除另有符合情形，待确认'
                WHEN state <> 'complete' THEN '《' || title || '》不完整，未能排除另有符合情形，待确认' END) AS doubt
FROM extract_state
WHERE extract = 'disability_card'
