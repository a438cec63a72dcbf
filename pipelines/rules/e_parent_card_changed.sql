-- ---
-- title = "父母残疾证变化"
-- condition = "名册登记为事实无人抚养、未停发，登记父或母为重残；该父或母的残疾人证已注销、迁出，或过期、冻结超过规定天数，或等级已不在重残范围内，也没有其他在档状态。多重三、四级进附表。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "disability_card"]
-- optional_reads = ["benefit_payment", "population", "birth_registration", "student_roll", "judgment", "prison_term", "custody", "serious_illness", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "row_key"
-- severity = "medium"
-- basis = ["qidong_guide_2021", "de_facto_2019", "disability_card_2018"]
-- recipients = ["civil-affairs", "disability-federation"]
-- due_days = 10
-- reason = "名册登记{{ side_title }}为重残{% if recorded_from %}（{{ recorded_from }} 起）{% endif %}；{{ side_title }}的残疾人证{{ change }}，未见其他有效的重残证和其他符合情形的状态；另一方：{{ other_state }}。按父母状态对照，疑似不再符合事实无人抚养情形，待核查；建议末领年月 {{ suggested_last_month }}{% if months %}，此后已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["是否正在换证、补证（先核对残联）", "是否因户籍迁移未同步而冻结", "多重残疾是否含智力、精神残疾", "是否有重病等其他情形"]
-- [params]
-- grace_days = { default = 67, title = "过期、冻结多少天以内不列（60天加7天登记时间差）", status = "sourced" }
-- [columns]
-- side_title = { title = "父或母", class = "relative" }
-- change = { title = "残疾证变化", class = "relative" }
-- other_state = { title = "另一方状态", class = "custody" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- matrix = { title = "认定情形", class = "custody" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- ---
WITH changed AS (
    SELECT r.*, k.card_row, k.effect, k.severe, k.change, k.ended_on,
           month_add(month_of(coalesce(k.ended_on, $known_until)), k.stop_after) AS stop_month
    FROM recorded_parent r
    JOIN card_change k ON k.identity = r.parent
    WHERE r.de_facto
      AND r.benefit_status <> '已停发'
      AND r.code = 'DISA'
      AND (k.effect <> 'lapsed' OR coalesce(k.ended_on + $grace_days < $known_until, k.shown_status = '冻结'))
)
SELECT r.row_key AS subject_row_key,
       r.card_row AS event,
       r.side_title,
       r.recorded_from,
       r.other_state,
       r.change,
       r.ended_on AS event_date,
       r.stop_month AS effective_month,
       month_add(r.stop_month, -1) AS suggested_last_month,
       o.months,
       o.money,
       x.father_told,
       x.mother_told,
       x.matrix,
       coalesce(r.link_doubt,
                CASE WHEN r.effect = 'check' THEN '残疾人证已迁出，请核实迁入地情况'
                     WHEN r.effect = 'in_force' AND r.severe IS NULL THEN '残疾类别等级缺失，请先核对残联'
                     WHEN r.effect = 'in_force' AND r.severe = 'check' THEN '多重残疾需核实是否含智力、精神残疾'
                     WHEN r.effect = 'lapsed' AND r.ended_on IS NULL THEN '残疾人证冻结时间不详，请先核对残联' END) AS annex_reason,
       r.unproven_parent AS parent_identity,
       r.row_key AS evidence_child_roster,
       r.population_row AS evidence_population,
       r.birth_row AS evidence_birth_registration,
       r.card_row AS evidence_disability_card,
       o.payments AS evidence_benefit_payment
FROM changed r
LEFT JOIN paid_since o ON o.identity = r.identity AND o.scope = 'de_facto'
                       AND o.after_month < r.stop_month AND o.month >= r.stop_month
LEFT JOIN exit_matrix x ON x.row_key = r.row_key AND x.side = r.side
-- Any other state that counts: nothing has ended. The card in question is no other state.
WHERE NOT EXISTS (
    SELECT 1 FROM parent_state s
    WHERE s.identity = r.parent AND NOT (s.source = 'disability_card' AND s.row_key = r.card_row)
)
