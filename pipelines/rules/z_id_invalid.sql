-- ---
-- title = "身份证号无效"
-- condition = "任何一份数据中的证号：长度、字符、校验位、出生日期、行政区划不成立，被表格软件改写末位，或为15位旧号；或号码有效但与同行的出生日期、性别不一致（后两项按参数）。同一人同一号码在一份数据中只列一次。"
-- list = "data_error"
-- subject = "*"
-- reads = []
-- event = "extract"
-- severity = "info"
-- basis = ["resident_id_standard", "personal_information_law#8"]
-- recipients = ["owner"]
-- due_days = 20
-- reason = "《{{ extract_title }}》中{{ problems }}。疑似录入错误，待核查更正"
-- verify = ["对照证件原件更正", "确为外籍或无证件的，请改填证件类型"]
-- [params]
-- include_fifteen = { default = true, title = "15位旧号是否列出", status = "sourced" }
-- include_conflicts = { default = true, title = "号码有效但与同行出生日期、性别不一致时是否列出", status = "to_confirm" }
-- [columns]
-- problems = { title = "问题" }
-- ---
-- One finding is one number of one person in one extract, however many rows repeat it: the owner mends one slip
-- of the pen, not each of its copies. Its case stands at the first of these rows, by length and then by text of
-- the row key, so that running numbers keep their order: rows that come later do not move the case. It moves
-- only when that row goes or is mended. A row with several wrong numbers is one case for its owner, so each
-- finding tells all numbers that stand at the row.
WITH found AS (
    SELECT c.extract, c.extract_title, c.role, c.role_order, c.row_key, c.identity, c.number,
           c.field_title || CASE
               WHEN s.invalid THEN s.label
               WHEN c.birth_conflict AND c.sex_conflict THEN '与出生日期、性别不一致'
               WHEN c.birth_conflict THEN '与出生日期不一致'
               ELSE '与性别不一致'
           END AS problem
    FROM id_check c
    JOIN id_states s ON s.id_state = c.id_state
    WHERE (s.invalid AND (c.id_state <> 'extended' OR $include_fifteen))
       OR (NOT s.invalid AND (c.birth_conflict OR c.sex_conflict) AND $include_conflicts)
),
numbered AS (
    SELECT extract, extract_title, role, role_order, problem,
           first_value(row_key ORDER BY character_length(row_key), row_key) AS row_key,
           count(*) AS rows_with_it
    FROM found
    GROUP BY extract, extract_title, role, role_order, problem, identity, number
),
told AS (
    SELECT extract, row_key,
           string_agg(
               problem || CASE WHEN rows_with_it > 1 THEN '（同一人同一号码共' || CAST(rows_with_it AS VARCHAR) || '行）' ELSE '' END,
               '；' ORDER BY role_order, problem
           ) AS problems
    FROM numbered
    GROUP BY extract, row_key
)
SELECT n.row_key AS subject_row_key,
       n.extract AS subject_extract,
       n.role AS subject_role,
       n.extract AS event,
       n.extract_title,
       t.problems
FROM numbered n
JOIN told t ON t.extract = n.extract AND t.row_key = n.row_key
