-- ---
-- title = "身份证号无效"
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
-- One finding is one number of one person. A row with several wrong numbers is one case for its owner, so
-- each finding tells all that is wrong in the row.
WITH found AS (
    SELECT c.extract, c.extract_title, c.role, c.role_order, c.row_key,
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
told AS (
    SELECT extract, row_key, string_agg(problem, '；' ORDER BY role_order, problem) AS problems
    FROM found
    GROUP BY extract, row_key
)
SELECT f.row_key AS subject_row_key,
       f.extract AS subject_extract,
       f.role AS subject_role,
       f.extract AS event,
       f.extract_title,
       t.problems
FROM found f
JOIN told t ON t.extract = f.extract AND t.row_key = f.row_key
