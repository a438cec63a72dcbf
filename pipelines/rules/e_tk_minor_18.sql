-- ---
-- title = "特困未成年人满18"
-- condition = "满18周岁以前纳入特困供养、现已满18周岁的次月（且在规定月数以内）仍在保，学籍库没有在籍学籍，没有死亡记录。持残疾人证可能按无劳动能力继续符合的进附表。"
-- list = "benefit_exit"
-- subject = "social_relief.subject"
-- reads = ["social_relief"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["benefit_payment", "disability_card", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["disability_card"]
-- event = "day"
-- severity = "medium"
-- basis = ["destitute_2021", "social_relief_measures#14", "civil_code#202"]
-- recipients = ["civil-affairs-relief"]
-- due_days = 10
-- reason = "{{ start_month }} 起按特困供养（户编号 {{ household_number }}），{{ birthday }} 满 18 周岁，截至 {{ known_until }} 学籍库无在读记录{% if card %}；持有效残疾人证（{{ card }}）{% endif %}。疑似不再符合未成年特困人员情形，待核查；建议末领年月 {{ suggested_last_month }}{% if months %}，此后已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["是否在市外高中、中职就读（请附在读证明）", "是否因残疾无劳动能力、仍符合成年特困人员条件", "出生日期是否登记有误"]
-- [params]
-- within_months = { default = 24, title = "满18周岁多少个月以内才列（此后视为已按成年人重新认定）", status = "design_choice" }
-- [columns]
-- household_number = { title = "户编号" }
-- birthday = { title = "满18周岁日期" }
-- card = { title = "残疾类别等级", class = "disability" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'majority'),
grown AS (
    SELECT r.row_key, r.identity, r.household_number, r.start_month, add_months(i.birth, 216) AS birthday,
           month_add(month_of(add_months(i.birth, 216)), s.months) AS stop_month
    FROM relief_member r
    JOIN identity i ON i.identity = r.identity
    CROSS JOIN stop s
    -- Whoever came to it as an adult is another matter.
    WHERE r.relief_kind = '特困' AND r.start_month < month_of(add_months(i.birth, 216))
)
SELECT g.row_key AS subject_row_key,
       CAST(g.birthday AS VARCHAR) AS event,
       g.household_number,
       g.start_month,
       g.birthday,
       $known_until AS known_until,
       k.card,
       month_add(g.stop_month, -1) AS suggested_last_month,
       g.stop_month AS effective_month,
       g.birthday AS event_date,
       o.months,
       o.money,
       o.payments AS evidence_benefit_payment,
       CASE WHEN e.no_work IN ('yes', 'check') THEN '持有效残疾人证，可能按无劳动能力继续符合特困条件，请核对' END AS annex_reason,
       g.row_key AS evidence_social_relief,
       CASE WHEN k.grade <= 'B' THEN k.row_key END AS evidence_disability_card
FROM grown g
LEFT JOIN paid_since o ON o.identity = g.identity AND o.scope = 'destitute'
                       AND o.after_month < g.stop_month AND o.month >= g.stop_month
LEFT JOIN card_standing k ON k.identity = g.identity AND k.effect = 'in_force'
LEFT JOIN disability_eligibility e ON e.disability_category = k.disability_category AND e.disability_level = k.disability_level
WHERE $known_until >= month_first_day(g.stop_month)
  AND g.birthday > add_months($known_until, -$within_months)
  AND NOT EXISTS (SELECT 1 FROM roll_row r WHERE r.identity = g.identity AND r.enrolled)
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = g.identity)
