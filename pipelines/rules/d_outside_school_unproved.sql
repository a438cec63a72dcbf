-- ---
-- title = "市外就读待核"
-- condition = "控辍台账最近一条去向为市外就读（去向按参数）、未复学、属于义务教育适龄，学籍库查不到本人，也没有在有效期内的证明或其他去向。台账行没有本人有效证件号的进附表。每学期提醒一次。"
-- list = "dropout"
-- subject = "dropout_ledger.subject"
-- reads = ["dropout_ledger"]
-- absent_from = "student_roll.pupil"
-- optional_reads = ["placement", "population", "move_out", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["keep_in_school_2024"]
-- recipients = ["education", "town"]
-- due_days = 20
-- reason = "{{ age }} 岁，控辍台账 {{ registered_on }} 登记去向为{{ whereabouts }}{% if school %}（{{ school }}）{% endif %}，{% if proof_until %}证明有效期至 {{ proof_until }}，已过期{% else %}未登记证明有效期{% endif %}，{{ school_year }} 学年截至 {{ known_until }} 本市学籍库无记录。疑似市外就读未证实，待核查"
-- verify = ["请家长提供本学年在读证明并登记有效期", "是否已回本市就读而学籍未建", "是否仍在校"]
-- [params]
-- whereabouts = { default = ["市外在读", "市外就读", "省外在读", "省外就读", "外地在读", "外地就读"], title = "算作市外就读的去向", status = "to_confirm" }
-- hold_months = { default = 2, title = "自9月1日起暂缓列出的月数（补办证明的时间）", status = "to_confirm" }
-- [columns]
-- age = { title = "年龄" }
-- whereabouts = { title = "登记去向", class = "school" }
-- school = { title = "登记学校", class = "school" }
-- proof_until = { title = "上次证明有效期至", class = "school" }
-- ---
-- One reminder for each term: the event is the first day of the term.
WITH told AS (
    SELECT d.row_key, d.subject_identity AS identity, d.subject_grade AS grade, d.registered_on, d.whereabouts, d.school, d.proof_valid_until, d.returned_on, i.birth,
           row_number() OVER (PARTITION BY d.subject_identity ORDER BY d.registered_on DESC, d.row_key DESC) AS nth
    FROM dropout_ledger d
    JOIN identity i ON i.identity = d.subject_identity
    WHERE d.registered_on <= $known_until
)
SELECT d.row_key AS subject_row_key,
       CAST(t.first_day AS VARCHAR) AS event,
       age_on(d.birth, $known_until) AS age,
       d.registered_on,
       d.whereabouts,
       d.school,
       d.proof_valid_until AS proof_until,
       school_year_of($known_until) AS school_year,
       $known_until AS known_until,
       -- Whose proof has run out is a question as long as the entry does not tell whose it is.
       CASE WHEN d.grade > 'B' THEN '控辍台账这一行没有本人的有效证件号，疑似同人待确认' END AS annex_reason
FROM told d
JOIN school_term t ON $known_until BETWEEN t.first_day AND t.last_day
WHERE d.nth = 1
  AND d.whereabouts IN $whereabouts
  AND d.returned_on IS NULL
  AND compulsory_cohort(d.birth, $known_until)
  AND $known_until >= add_months(school_year_start($known_until), $hold_months)
  AND NOT EXISTS (SELECT 1 FROM student_roll r WHERE r.pupil_identity = d.identity)
  -- A proof that has not run out, in any row, accounts for the child.
  AND NOT EXISTS (SELECT 1 FROM accounted_for a WHERE a.identity = d.identity)
