-- ---
-- title = "系统未动态更新"
-- condition = "名册登记在册的儿童死亡、被收养、户籍迁往市外，或登记父母死亡，已过规定天数而名册没有更新。解除羁押见应退未退清单。"
-- list = "quality"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population", "birth_registration", "student_roll", "move_out", "adoption", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "medium"
-- basis = ["three_year_plan"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 10
-- reason = "{{ category }}，{{ changed_on }} {{ change }}，已超过 {{ after_days }} 天，截至 {{ known_until }} 名册{{ recorded }}。疑似未动态更新，待核查"
-- verify = ["是否本人或其父母（同名、登记错人）", "系统是否已更新、尚未同步", "待遇是否需要同时调整"]
-- [params]
-- after_days = { default = 30, title = "变化多少天以后仍未更新才列", status = "sourced" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- changed_on = { title = "变化日期" }
-- change = { title = "变化", class = "relative" }
-- recorded = { title = "名册情况", class = "relative" }
-- ---
-- Deaths, moves and adoptions: what may be told to a town. An ended custody is on the list of exits.
WITH child AS (
    SELECT * FROM listed_child WHERE nth = 1 AND coalesce(birth > add_months($as_of, -216), true)
),
changes AS (
    SELECT c.row_key, d.death_date AS changed_on, 1 AS rank, '儿童死亡（' || d.sources || '）' AS change, '仍登记在册' AS recorded, CAST(NULL AS BIGINT) AS parent,
           d.cancellation_rows, d.certificate_rows, d.cremation_rows, CAST(NULL AS VARCHAR) AS adoption_row, CAST(NULL AS VARCHAR) AS move_row,
           CAST(NULL AS VARCHAR) AS population_row, CAST(NULL AS VARCHAR) AS birth_row
    FROM child c
    JOIN death d ON d.identity = c.identity AND d.death_date IS NOT NULL
    UNION ALL
    SELECT c.row_key, a.registered_on, 2, '已办理收养登记', '仍登记在册（' || coalesce(c.public_label, '名册儿童') || '）', NULL, NULL, NULL, NULL, a.row_key, NULL, NULL, NULL
    FROM child c
    JOIN adopted a ON a.identity = c.identity
    JOIN adoption r ON r.row_key = a.row_key AND r.subject_grade < 'D'
    WHERE coalesce(c.registered_on < a.registered_on, true)
    UNION ALL
    SELECT c.row_key, m.moved_on, 3, '户籍迁往市外', '仍登记在册', NULL, NULL, NULL, NULL, NULL, m.row_key, NULL, NULL
    FROM child c
    JOIN move_out m ON m.subject_identity = c.identity AND m.subject_grade < 'D'
    -- Whoever was put on the roll after the move is here for another reason.
    WHERE m.move_kind = '市外' AND coalesce(c.registered_on < m.moved_on, true) AND coalesce(c.register_class, '') <> '外省市户口'
    UNION ALL
    SELECT r.row_key, d.death_date, 4, r.side_title || '死亡（' || d.sources || '）', '未登记' || r.side_title || '死亡', r.unproven_parent,
           d.cancellation_rows, d.certificate_rows, d.cremation_rows, NULL, NULL, r.population_row, r.birth_row
    FROM child c
    JOIN recorded_parent r ON r.row_key = c.row_key AND r.link_doubt IS NULL
    JOIN death d ON d.identity = r.parent AND d.death_date IS NOT NULL
    WHERE r.class <> 'D'
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY row_key ORDER BY rank, changed_on, change, adoption_row, move_row) AS nth
    FROM changes
    WHERE changed_on <= $known_until - $after_days
)
SELECT r.row_key AS subject_row_key,
       CAST(r.changed_on AS VARCHAR) AS event,
       coalesce(c.public_label, '名册儿童') AS category,
       r.changed_on,
       r.change,
       r.recorded,
       $after_days AS after_days,
       $known_until AS known_until,
       r.parent AS parent_identity,
       r.row_key AS evidence_child_roster,
       r.population_row AS evidence_population,
       r.birth_row AS evidence_birth_registration,
       r.cancellation_rows AS evidence_death_cancellation,
       r.certificate_rows AS evidence_death_certificate,
       r.cremation_rows AS evidence_cremation,
       r.adoption_row AS evidence_adoption,
       r.move_row AS evidence_move_out
FROM ranked r
JOIN child c ON c.row_key = r.row_key
WHERE r.nth = 1
