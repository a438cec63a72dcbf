-- ---
-- title = "护理补贴等级不符"
-- condition = "残疾人证有效，但类别等级不在护理补贴范围内（对照表；三、四级智力和精神按参数），而最近规定月数以内仍有护理补贴发放。多重三、四级进附表。"
-- list = "benefit_exit"
-- subject = "disability_card.subject"
-- reads = ["disability_card", "disability_subsidy"]
-- optional_reads = ["move_out"]
-- event = "none"
-- severity = "medium"
-- basis = ["two_subsidies_2015"]
-- recipients = ["civil-affairs", "disability-federation"]
-- due_days = 10
-- reason = "残疾人证有效，等级为{{ card }}，不在护理补贴等级范围内；护理补贴所属 {{ first_month }} 至 {{ last_month }} 仍发放 {{ months }} 个月 {{ money | yuan }} 元。疑似等级变化后继续发放，待核查；等级变化日期不详，按发现当月起算，建议末领年月 {{ suggested_last_month }}"
-- verify = ["是否近期重新评定（次月生效）", "本市护理补贴是否放宽到该类别等级", "多重残疾是否含智力、精神残疾"]
-- [params]
-- include_widened = { default = true, title = "三、四级智力和精神残疾是否在护理补贴范围内", status = "to_confirm" }
-- recent_months = { default = 2, title = "最近多少个月的发放", status = "design_choice" }
-- [columns]
-- card = { title = "残疾类别等级", class = "disability" }
-- months = { title = "近月发放月数", class = "money" }
-- money = { title = "近月发放金额（元）", class = "money", format = "yuan" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
-- The card tells what holds today, not since when: only the recent months are shown.
SELECT k.row_key AS subject_row_key,
       '' AS event,
       k.card,
       min(p.month) AS first_month,
       max(p.month) AS last_month,
       count(DISTINCT p.month) AS months,
       sum(p.amount) AS money,
       month_add(month_of($known_until), min(t.months)) AS effective_month,
       month_add(month_of($known_until), min(t.months) - 1) AS suggested_last_month,
       CASE WHEN coalesce(k.nursing, 'check') = 'check' THEN '多重残疾需核实是否含智力、精神残疾' END AS annex_reason,
       k.row_key AS evidence_disability_card,
       array_agg(p.row_key ORDER BY p.row_key) AS evidence_disability_subsidy
FROM card_standing k
JOIN stop_month t ON t.cause = 'card_regraded'
JOIN subsidy_month p
  ON p.identity = k.identity AND p.program = 'nursing_subsidy' AND p.grade <= 'B'
 AND p.month > month_add(month_of($known_until), -$recent_months)
WHERE k.effect = 'in_force'
  AND coalesce(k.nursing, 'check') <> 'yes'
  AND NOT (coalesce(k.nursing, 'check') = 'widened' AND $include_widened)
GROUP BY k.row_key, k.card, k.nursing
