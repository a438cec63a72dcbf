-- ---
-- title = "父母刑满释放或解除羁押"
-- condition = "名册登记为事实无人抚养、未停发，登记父或母为服刑在押或限制人身自由；该父或母最近一次服刑、羁押已释放或解除（在登记起始之后），未再次被羁押，也没有死亡、重残、重病、失联等其他在档状态。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "prison_term"]
-- optional_reads = ["population", "birth_registration", "student_roll", "custody", "benefit_payment", "disability_card", "judgment", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["de_facto_2019", "de_facto_2020", "child_system_exit"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ side_title }}登记为{{ recorded_state }}，{{ source_title }}显示 {{ released_on }} 已释放或解除，未见其他符合情形的状态；另一方：{{ other_state }}。按父母状态对照，疑似不再符合事实无人抚养情形，待核查；建议末领年月 {{ suggested_last_month }}{% if months %}，此后已发放 {{ months }} 个月 {{ money | yuan }} 元{% endif %}"
-- verify = ["是否又被羁押、强制隔离戒毒或转押", "是否为假释、暂予监外执行", "是否有重残、重病等其他情形", "渐退期口径"]
-- [columns]
-- side_title = { title = "父或母", class = "relative" }
-- recorded_state = { title = "名册登记状态", class = "custody" }
-- released_on = { title = "释放或解除日期", class = "custody" }
-- other_state = { title = "另一方状态", class = "custody" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "疑似多发月数", class = "money" }
-- money = { title = "疑似多发金额（元）", class = "money", format = "yuan" }
-- event_date = { title = "发生日期", class = "custody" }
-- effective_month = { title = "生效月份", class = "money" }
-- father_told = { title = "父亲现状", class = "custody" }
-- mother_told = { title = "母亲现状", class = "custody" }
-- matrix = { title = "认定情形", class = "custody" }
-- ---
WITH stop AS (SELECT months FROM stop_month WHERE cause = 'parent_released'),
held AS (
    SELECT r.row_key, r.identity, r.side, r.side_title, r.recorded_state, r.recorded_from, r.other_state, r.code, r.parent,
           r.unproven_parent, r.link_doubt AS annex_reason, r.population_row, r.birth_row
    FROM recorded_parent r
    WHERE r.de_facto AND r.benefit_status <> '已停发' AND r.code IN ('JAIL', 'REST')
),
ended AS (
    SELECT h.*, r.released_on, r.source_title, r.prison_row, r.custody_row,
           month_add(month_of(r.released_on), s.months) AS stop_month,
           row_number() OVER (
               PARTITION BY h.row_key, h.side_title ORDER BY r.released_on DESC, r.source_title, r.prison_row, r.custody_row
           ) AS nth
    FROM held h
    JOIN custody_period r ON r.parent = h.parent
    CROSS JOIN stop s
    WHERE r.released_on <= $known_until
      -- A detention that ends with the sentence is a transfer: a recorded sentence ends only with prison,
      -- and nothing ends on the day it begins.
      AND (h.code = 'REST' OR r.code = 'JAIL')
      AND (h.recorded_from IS NULL OR r.released_on > h.recorded_from)
)
SELECT e.row_key AS subject_row_key,
       CAST(e.released_on AS VARCHAR) AS event,
       e.side_title,
       e.recorded_state,
       e.released_on,
       e.source_title,
       e.other_state,
       x.father_told,
       x.mother_told,
       x.matrix,
       month_add(e.stop_month, -1) AS suggested_last_month,
       e.stop_month AS effective_month,
       e.released_on AS event_date,
       o.months,
       o.money,
       e.unproven_parent AS parent_identity,
       coalesce(e.annex_reason, (SELECT doubt FROM cards_absent)) AS annex_reason,
       e.row_key AS evidence_child_roster,
       e.population_row AS evidence_population,
       e.birth_row AS evidence_birth_registration,
       e.prison_row AS evidence_prison_term,
       e.custody_row AS evidence_custody,
       o.payments AS evidence_benefit_payment
FROM ended e
LEFT JOIN paid_since o ON o.identity = e.identity AND o.scope = 'de_facto'
                       AND o.after_month < e.stop_month AND o.month >= e.stop_month
LEFT JOIN exit_matrix x ON x.row_key = e.row_key AND x.side = e.side
WHERE e.nth = 1
  -- Held again, whatever the length, or any other state that counts: nothing has ended.
  AND NOT EXISTS (SELECT 1 FROM parent_state x WHERE x.identity = e.parent)
