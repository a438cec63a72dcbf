-- ---
-- title = "残疾儿童康复救助"
-- order = 8
-- class = "disability"
-- basis = ["rehabilitation_regulation#26", "rehabilitation_aid_2018"]
-- reads = ["disability_card", "rehabilitation"]
-- optional_reads = ["newborn_screening", "child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- gap_rules = ["u_rehab_missing"]
-- enjoyed = { title = "近一年有康复救助记录", seen_in = ["rehabilitation"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- in_age = { title = "在康复救助年龄内", missing = "出生日期" }
-- need = { title = "持有效残疾人证，或新生儿筛查阳性并已确诊", seen_in = ["disability_card", "newborn_screening"] }
-- not_moved = { title = "户籍未迁往市外", denied_in = ["move_out"] }
-- ---
WITH served AS (
    SELECT subject_identity AS identity, array_agg(row_key ORDER BY row_key) AS service_rows
    FROM rehabilitation
    -- A course that was running in these months counts, whenever it began; one without an end has not ended.
    WHERE subject_identity IS NOT NULL AND coalesce(end_date >= add_months($known_until, -$service_months), true)
    GROUP BY subject_identity
),
screened AS (
    SELECT child_identity AS identity, min(row_key) AS row_key
    FROM newborn_screening
    WHERE result = '阳性' AND diagnosed_on IS NOT NULL AND screening_item IN $screening_items AND child_identity IS NOT NULL
    GROUP BY child_identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       s.identity IS NOT NULL AS enjoyed,
       c.alive,
       c.age < $under_age AS in_age,
       coalesce(k.effect = 'in_force', false) OR n.identity IS NOT NULL AS need,
       c.not_moved,
       CASE WHEN coalesce(CASE k.effect WHEN 'in_force' THEN k.first_issued END > $known_until - $wait_days, false)
            THEN '发证未满等待期，暂不列出' END AS unlisted,
       k.row_key AS evidence_disability_card,
       n.row_key AS evidence_newborn_screening,
       s.service_rows AS evidence_rehabilitation
FROM policy_child c
LEFT JOIN card_standing k ON k.identity = c.identity
LEFT JOIN screened n ON n.identity = c.identity
LEFT JOIN served s ON s.identity = c.identity
