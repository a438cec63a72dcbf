-- ---
-- title = "事件后未重新评估分色"
-- condition = "风险等级为参数所列颜色的名册儿童，发生父母或照护人死亡、被采取措施、家暴警情等事件已过规定天数（且在规定天数以内），此后没有重新评估，登记在事件之前。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["care_agreement", "population", "birth_registration", "student_roll", "custody", "prison_term", "minor_alert", "dropout_ledger", "disability_card", "move_out", "serious_illness", "event", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["three_year_plan", "four_colours_2022"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 10
-- reason = "{{ category }}，{{ event_on }} {{ event_word }}，风险等级仍为 {{ assessed_on }} 评估的{{ colour }}色，截至 {{ known_until }} 未重新评估。疑似事件后未升色，待核查"
-- verify = ["事件是否属实、是否本人家庭", "是否已重新评估未录入", "评估后是否需要提高等级"]
-- [params]
-- after_days = { default = 7, title = "事件多少天以后仍未评估才列", status = "sourced" }
-- look_back_days = { default = 90, title = "多少天以内的事件", status = "design_choice" }
-- colours = { default = ["黄", "蓝", "绿"], title = "可以再提高的风险等级", status = "sourced" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- colour = { title = "风险等级", class = "watch_group" }
-- assessed_on = { title = "评估日期" }
-- event_on = { title = "事件日期" }
-- event_word = { title = "事件", class = "relative" }
-- event_told = { title = "事件经过", class = "custody" }
-- ---
WITH missed AS (
    SELECT l.row_key, l.public_label, l.risk_level, l.assessed_on, e.*,
           row_number() OVER (PARTITION BY l.identity ORDER BY e.event_on DESC, e.rank, e.told, e.custody_row, e.prison_row, e.alert_row) AS nth
    FROM listed_child l
    JOIN risk_event e ON e.child = l.identity
    WHERE l.nth = 1
      AND l.risk_level IN $colours
      AND coalesce(l.birth > add_months($as_of, -216), true)
      AND e.event_on <= $known_until - $after_days
      AND e.event_on > $known_until - $look_back_days
      -- Assessed or put on the roll since then: the event was known.
      AND l.assessed_on < e.event_on
      AND coalesce(l.registered_on < e.event_on, true)
      AND NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = l.identity)
)
SELECT m.row_key AS subject_row_key,
       CAST(m.event_on AS VARCHAR) AS event,
       coalesce(m.public_label, '名册儿童') AS category,
       m.risk_level AS colour,
       m.assessed_on,
       m.event_on,
       m.word AS event_word,
       m.told AS event_told,
       $known_until AS known_until,
       m.carer AS carer_identity,
       m.row_key AS evidence_child_roster,
       m.cancellation_rows AS evidence_death_cancellation,
       m.certificate_rows AS evidence_death_certificate,
       m.cremation_rows AS evidence_cremation,
       m.custody_row AS evidence_custody,
       m.prison_row AS evidence_prison_term,
       m.alert_row AS evidence_minor_alert,
       m.ledger_row AS evidence_dropout_ledger,
       m.card_row AS evidence_disability_card,
       m.illness_row AS evidence_serious_illness,
       m.emergency_row AS evidence_event
FROM missed m
WHERE m.nth = 1
