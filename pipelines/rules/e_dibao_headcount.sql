-- ---
-- title = "低保家庭人口变化"
-- condition = "（一）在保低保户成员死亡、服刑在押、强制隔离戒毒、被宣告失踪或户籍迁往市外，上月以前发生、起保以后发生，仍计入保障人口；（二）规定月数以内刑满释放或解除强制隔离戒毒、与在保成员同一户籍，却不在任何救助名册上（进附表）。是调整人口，不是停保。"
-- list = "benefit_exit"
-- subject = "social_relief.subject"
-- reads = ["social_relief"]
-- optional_reads = ["population", "prison_term", "custody", "judgment", "disability_card", "serious_illness", "child_roster", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["social_relief_measures#13", "relief_approval_2021"]
-- recipients = ["civil-affairs-relief"]
-- due_days = 10
-- reason = "{{ relief_kind }}户 {{ household_number }}：{{ who }} {{ event_on }} {{ word }}（{{ source_title }}），截至 {{ known_until }} {{ counted }}。家庭保障人口疑似需要调整（{{ direction }}），待核查"
-- verify = ["是否本人（同名、登记错人）", "变化后家庭是否仍符合条件、金额如何调整", "是否已申报而名册未更新"]
-- [params]
-- relief_kinds = { default = ["低保"], title = "按户计算保障人口的救助类别", status = "sourced" }
-- released_months = { default = 12, title = "多少个月以内释放而未计入才提示", status = "design_choice" }
-- [columns]
-- household_number = { title = "户编号" }
-- word = { title = "变化", class = "custody" }
-- event_on = { title = "日期" }
-- direction = { title = "方向" }
-- ---
WITH member AS (
    SELECT * FROM relief_member WHERE relief_kind IN $relief_kinds
),
leaving AS (
    SELECT identity, death_date AS event_on, '死亡' AS word, sources AS source_title, 1 AS rank,
           cancellation_rows, certificate_rows, cremation_rows, CAST(NULL AS VARCHAR) AS prison_row,
           CAST(NULL AS VARCHAR) AS custody_row, CAST(NULL AS VARCHAR) AS judgment_row, CAST(NULL AS VARCHAR) AS move_row
    FROM death
    WHERE death_date IS NOT NULL
    UNION ALL
    SELECT parent, from_date, CASE code WHEN 'JAIL' THEN '服刑在押' ELSE '强制隔离戒毒' END, source_title, 2,
           NULL, NULL, NULL, prison_row, custody_row, NULL, NULL
    FROM custody_period
    WHERE code IN ('JAIL', 'DRUG') AND from_date <= $known_until
      AND (released_on IS NULL OR released_on > $known_until) AND (term_end IS NULL OR term_end >= $known_until)
    UNION ALL
    SELECT identity, from_date, '被宣告失踪', source_title, 3, NULL, NULL, NULL, NULL, NULL, row_key, NULL
    FROM parent_state
    WHERE code = 'MISS'
    UNION ALL
    SELECT subject_identity, moved_on, '户籍迁往市外', '公安户籍迁出', 4, NULL, NULL, NULL, NULL, NULL, NULL, row_key
    FROM move_out
    WHERE move_kind = '市外' AND subject_grade < 'D'
),
gone AS (
    SELECT m.row_key, m.relief_kind, m.household_number, l.*,
           row_number() OVER (PARTITION BY m.identity ORDER BY l.rank, l.event_on, l.prison_row, l.custody_row, l.move_row) AS nth
    FROM member m
    JOIN leaving l ON l.identity = m.identity
    -- The change counts from the next month; a member whose cover began after it was counted knowingly.
    WHERE month_of(l.event_on) < month_of($known_until)
      AND coalesce(m.start_month <= month_of(l.event_on), true)
),
-- Released, registered in the household of a member, and on no relief roll.
back AS (
    SELECT m.row_key, m.relief_kind, m.household_number, c.parent, c.released_on, c.source_title, c.prison_row, c.custody_row,
           row_number() OVER (PARTITION BY c.parent ORDER BY c.released_on DESC, m.row_key) AS nth
    FROM custody_period c
    JOIN population a ON a.resident_identity = c.parent AND a.cancel_state = '正常' AND a.resident_grade <= 'B'
    JOIN population b ON b.household_number = a.household_number AND b.resident_identity <> a.resident_identity
    JOIN member m ON m.identity = b.resident_identity
    WHERE c.code IN ('JAIL', 'DRUG')
      AND c.released_on <= $known_until
      AND c.released_on > add_months($known_until, -$released_months)
      AND month_of(c.released_on) < month_of($known_until)
      AND NOT EXISTS (SELECT 1 FROM relief_member x WHERE x.identity = c.parent)
      AND NOT EXISTS (SELECT 1 FROM custody_period h WHERE h.parent = c.parent AND h.from_date >= c.released_on)
)
SELECT row_key AS subject_row_key,
       CAST(event_on AS VARCHAR) AS event,
       relief_kind,
       household_number,
       '该成员' AS who,
       event_on,
       word,
       source_title,
       $known_until AS known_until,
       '仍计入保障人口' AS counted,
       '核减' AS direction,
       CAST(NULL AS VARCHAR) AS annex_reason,
       row_key AS evidence_social_relief,
       cancellation_rows AS evidence_death_cancellation,
       certificate_rows AS evidence_death_certificate,
       cremation_rows AS evidence_cremation,
       prison_row AS evidence_prison_term,
       custody_row AS evidence_custody,
       judgment_row AS evidence_judgment,
       move_row AS evidence_move_out
FROM gone
WHERE nth = 1
UNION ALL
SELECT row_key, CAST(released_on AS VARCHAR), relief_kind, household_number, '同户一名成员', released_on, '刑满释放或解除强制隔离戒毒',
       source_title, $known_until, '未见计入保障人口', '核增',
       '救助名册未见释放人员，可能已按姓名计入，请核对', row_key AS roll_row, NULL, NULL, NULL, prison_row, custody_row, NULL, NULL
FROM back
WHERE nth = 1
