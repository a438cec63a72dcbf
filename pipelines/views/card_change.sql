-- ---
-- title = "每个残疾人证可能不再证明重残的人一行：证已注销、迁出、过期、冻结，或在效而等级不在重残范围；变化的说法、失效日期（已知时）、停发月按对照表推后几个月"
-- ---
SELECT k.identity, k.row_key AS card_row, k.effect, k.severe, k.shown_status,
       CASE WHEN k.effect = 'in_force' THEN '现为' || k.card || '，不在重残等级范围内'
            ELSE '（' || k.card || '）状态为' || k.shown_status || coalesce('，' || CAST(k.lapsed_since AS VARCHAR) || ' 起', '') END
           AS change,
       CASE WHEN k.effect = 'lapsed' THEN k.lapsed_since END AS ended_on,
       t.months AS stop_after
FROM card_standing k
JOIN stop_month t ON t.cause = CASE WHEN k.effect = 'in_force' THEN 'card_regraded' ELSE 'card_ended' END
WHERE k.effect IN ('gone', 'check', 'lapsed') OR (k.effect = 'in_force' AND coalesce(k.severe, 'check') <> 'yes')
