-- ---
-- title = "残疾儿童康复救助"
-- order = 8
-- class = "disability"
-- basis = ["rehabilitation_regulation#26", "rehabilitation_aid_2018"]
-- reads = ["disability_card", "rehabilitation"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- enjoyed = { title = "近一年有康复救助记录", seen_in = ["rehabilitation"] }
-- [params]
-- last_age = { default = 6, title = "康复救助的最大周岁（江苏放宽的上限待确认）", status = "to_confirm" }
-- within_months = { default = 12, title = "多少个月内有康复救助视为已享受", status = "design_choice" }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- in_age = { title = "在康复救助年龄内", missing = "出生日期" }
-- card = { title = "持有效残疾人证", seen_in = ["disability_card"] }
-- not_moved = { title = "户籍未迁往市外", denied_in = ["move_out"] }
-- ---
WITH served AS (
    SELECT subject_identity AS identity, array_agg(row_key ORDER BY row_key) AS service_rows
    FROM rehabilitation
    WHERE coalesce(end_date, start_date) > add_months($known_until, -$within_months) AND subject_grade <= 'B'
    GROUP BY subject_identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       s.identity IS NOT NULL AS enjoyed,
       c.alive,
       c.age <= $last_age AS in_age,
       coalesce(k.effect = 'in_force', false) AS card,
       c.not_moved,
       k.row_key AS evidence_disability_card,
       s.service_rows AS evidence_rehabilitation
FROM policy_child c
LEFT JOIN card_standing k ON k.identity = c.identity
LEFT JOIN served s ON s.identity = c.identity
