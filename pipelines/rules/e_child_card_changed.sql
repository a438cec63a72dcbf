-- ---
-- title = "重残儿童残疾证变化"
-- condition = "名册登记为重残儿童、未停发、未满18周岁，本人残疾人证已注销、迁出，或过期、冻结超过规定天数，或等级已不在重残范围内（一、二级，或三、四级智力、精神）。多重三、四级、迁出和冻结时间不详的进附表。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "disability_card"]
-- optional_reads = ["benefit_payment", "move_out"]
-- event = "row_key"
-- severity = "medium"
-- basis = ["qidong_guide_2021", "disability_card_2018"]
-- recipients = ["civil-affairs", "disability-federation"]
-- due_days = 10
-- reason = "名册类别为重残儿童；残疾人证{{ change }}，未见其他有效的重残证。疑似认定条件已变化，待核查；建议末领年月 {{ suggested_last_month }}{% if months %}，此后已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["是否按期重新评定、正在换证", "是否有医学评估等其他依据", "多重残疾是否含智力、精神残疾"]
-- [params]
-- grace_days = { default = 60, title = "过期、冻结多少天以内不列", status = "sourced" }
-- severe_categories = { default = ["重残儿童"], title = "凭残疾人证认定的儿童类别", status = "sourced" }
-- [columns]
-- change = { title = "残疾证变化", class = "disability" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- ---
WITH changed AS (
    SELECT l.row_key, k.*, month_add(month_of(coalesce(k.ended_on, $known_until)), k.stop_after) AS stop_month
    FROM listed_child l
    JOIN card_change k ON k.identity = l.identity
    WHERE l.nth_of_category = 1
      AND l.category IN $severe_categories
      AND l.benefit_status <> '已停发'
      AND l.birth > add_months($as_of, -216)
      AND (k.effect <> 'lapsed' OR coalesce(k.ended_on + $grace_days < $known_until, k.shown_status = '冻结'))
)
SELECT c.row_key AS subject_row_key,
       c.card_row AS event,
       c.change,
       c.ended_on AS event_date,
       c.stop_month AS effective_month,
       month_add(c.stop_month, -1) AS suggested_last_month,
       o.months,
       o.money,
       CASE WHEN c.effect = 'check' THEN '残疾人证已迁出，请核实迁入地情况'
            WHEN c.effect = 'in_force' AND coalesce(c.severe, 'check') = 'check' THEN '多重残疾需核实是否含智力、精神残疾'
            WHEN c.effect = 'lapsed' AND c.ended_on IS NULL THEN '残疾人证冻结时间不详，请先补证' END AS annex_reason,
       c.row_key AS evidence_child_roster,
       c.card_row AS evidence_disability_card,
       o.payments AS evidence_benefit_payment
FROM changed c
LEFT JOIN paid_since o ON o.identity = c.identity AND o.scope = 'basic_living'
                       AND o.after_month < c.stop_month AND o.month >= c.stop_month
