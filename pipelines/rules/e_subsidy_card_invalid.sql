-- ---
-- title = "残疾人证失效仍发两项补贴"
-- condition = "残疾人证已注销、迁出，或过期、冻结超过规定天数，而最近规定月数以内仍有两项补贴发放。迁出的、冻结起始时间不详的进附表，请先补证。"
-- list = "benefit_exit"
-- subject = "disability_card.subject"
-- reads = ["disability_card", "disability_subsidy"]
-- optional_reads = ["move_out"]
-- event = "none"
-- severity = "medium"
-- basis = ["disability_card_2018", "two_subsidies_2015"]
-- recipients = ["civil-affairs", "disability-federation"]
-- due_days = 10
-- reason = "残疾人证（{{ card }}）状态为{{ shown_status }}{% if lapsed_since %}（{{ lapsed_since }} 起）{% endif %}，未见其他有效证；{{ titles }}所属 {{ first_month }} 至 {{ last_month }} 仍发放 {{ months }} 个月 {{ money | yuan }} 元。疑似证件失效后继续发放，待核查，请先联系本人补证；逾期未补的，建议末领年月 {{ suggested_last_month }}"
-- verify = ["是否正在换证、补证", "是否因户籍迁移未同步而冻结", "证件状态登记是否有误"]
-- [params]
-- grace_days = { default = 60, title = "过期、冻结多少天以内不列", status = "design_choice" }
-- recent_months = { default = 2, title = "最近多少个月内仍有发放才列出", status = "design_choice" }
-- [columns]
-- card = { title = "残疾类别等级", class = "disability" }
-- shown_status = { title = "证件状态", class = "disability" }
-- lapsed_since = { title = "失效日期", class = "disability" }
-- titles = { title = "补贴类别", class = "money" }
-- months = { title = "失效后发放月数", class = "money" }
-- money = { title = "失效后发放金额（元）", class = "money", format = "yuan" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- ---
-- A cancelled card bears no day of cancelling: of it only the recent months are shown.
WITH invalid AS (
    SELECT k.*,
           CASE WHEN k.effect = 'lapsed' AND k.lapsed_since IS NOT NULL THEN month_of(k.lapsed_since + $grace_days)
                ELSE month_add(month_of($known_until), 1 - $recent_months) END AS from_month,
           -- Whoever lets the days of grace pass is taken to have no card from then on; where no day is known, from now.
           month_add(month_of(CASE WHEN k.effect = 'lapsed' AND k.lapsed_since IS NOT NULL THEN k.lapsed_since + $grace_days
                                   ELSE $known_until END), t.months) AS stop_month
    FROM card_standing k
    JOIN stop_month t ON t.cause = 'card_ended'
    WHERE k.effect = 'gone'
       OR (k.effect = 'lapsed' AND coalesce(k.lapsed_since + $grace_days < $known_until, k.shown_status = '冻结'))
       OR k.effect = 'check'
),
paid AS (
    SELECT v.row_key, p.program_title, p.month, p.amount, p.row_key AS subsidy_row, max(p.month) OVER (PARTITION BY v.row_key) AS newest
    FROM invalid v
    JOIN subsidy_month p ON p.identity = v.identity AND p.month >= v.from_month AND p.grade <= 'B'
)
SELECT v.row_key AS subject_row_key,
       '' AS event,
       v.card,
       v.shown_status,
       CASE WHEN v.effect = 'lapsed' THEN v.lapsed_since END AS lapsed_since,
       v.stop_month AS effective_month,
       month_add(v.stop_month, -1) AS suggested_last_month,
       string_agg(DISTINCT p.program_title, '、' ORDER BY p.program_title) AS titles,
       min(p.month) AS first_month,
       max(p.month) AS last_month,
       count(DISTINCT p.month) AS months,
       sum(p.amount) AS money,
       CASE WHEN v.effect = 'check' THEN '残疾人证已迁出，请核实迁入地是否接续发放'
            WHEN v.effect = 'lapsed' AND v.lapsed_since IS NULL THEN '残疾人证冻结时间不详，多因户籍迁移未同步，请先补证' END AS annex_reason,
       v.row_key AS evidence_disability_card,
       array_agg(p.subsidy_row ORDER BY p.subsidy_row) AS evidence_disability_subsidy
FROM invalid v
JOIN paid p ON p.row_key = v.row_key
WHERE p.newest > month_add(month_of($known_until), -$recent_months)
GROUP BY v.row_key, v.card, v.shown_status, v.effect, v.lapsed_since, v.stop_month
