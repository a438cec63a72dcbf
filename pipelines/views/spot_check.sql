-- ---
-- title = "随机抽查：各清单每季度抽签抽到的人，一行一个清单一名：清单、数据来源、行、季度首月、抽查范围人数。抽签由行号和季度决定，同一季度每晚抽到同一批人；人数为 0 时一行也没有"
-- [params]
-- dropout_slots = { default = 0, title = "控辍保学清单每季度抽查人数（0 为不抽查）", status = "to_confirm" }
-- exit_slots = { default = 0, title = "应退未退清单每季度抽查人数（0 为不抽查）", status = "to_confirm" }
-- uncovered_slots = { default = 0, title = "应保未保清单每季度抽查人数（0 为不抽查）", status = "to_confirm" }
-- urgent_slots = { default = 0, title = "亟需关爱清单每季度抽查人数（0 为不抽查）", status = "to_confirm" }
-- quality_slots = { default = 0, title = "服务质量清单每季度抽查人数（0 为不抽查）", status = "to_confirm" }
-- data_slots = { default = 0, title = "信息核对清单每季度抽查人数（0 为不抽查）", status = "to_confirm" }
-- ---
WITH minor AS (
    SELECT row_key, resident_identity AS identity, resident_birth AS birth
    FROM population
    WHERE cancel_state = '正常' AND resident_identity IS NOT NULL
      AND resident_birth > add_months($as_of, -216)
      AND $dropout_slots + $uncovered_slots > 0
),
scope AS (
    SELECT 'dropout' AS list, 'population' AS extract, row_key, identity, $dropout_slots AS slots
    FROM minor
    WHERE compulsory_cohort(birth, $as_of)
    UNION ALL
    SELECT 'uncovered', 'population', m.row_key, m.identity, $uncovered_slots
    FROM minor m
    WHERE NOT EXISTS (SELECT 1 FROM listed_child l WHERE l.identity = m.identity)
    UNION ALL
    SELECT s.list, 'child_roster', l.row_key, l.identity, s.slots
    FROM listed_child l
    CROSS JOIN (
        VALUES ('exit', $exit_slots), ('urgent', $urgent_slots), ('quality', $quality_slots), ('data', $data_slots)
    ) AS s (list, slots)
    WHERE l.nth = 1 AND (s.list <> 'exit' OR l.benefit_status = '正常发放')
),
person AS (
    SELECT list, extract, row_key, slots, date_trunc('quarter', $as_of) AS quarter,
           row_number() OVER (PARTITION BY list, identity ORDER BY row_key) AS nth
    FROM scope
    WHERE slots > 0
),
drawn AS (
    SELECT list, extract, row_key, slots, month_compact(month_of(CAST(quarter AS DATE))) AS event,
           count(*) OVER (PARTITION BY list) AS scope,
           row_number() OVER (PARTITION BY list ORDER BY draw(list || '|' || CAST(CAST(quarter AS DATE) AS VARCHAR) || '|' || row_key), row_key) AS place
    FROM person
    WHERE nth = 1
)
SELECT list, extract, row_key, event, scope
FROM drawn
WHERE place <= slots
