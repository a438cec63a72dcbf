-- ---
-- title = "代码不识别"
-- condition = "任何一份数据中，代码类字段的值不在代码表内。一份数据的一个字段只列一次，写明最常见的几个值。"
-- list = "data_error"
-- subject = "*"
-- reads = []
-- event = "extract"
-- severity = "info"
-- basis = ["personal_information_law#8"]
-- recipients = ["owner"]
-- due_days = 20
-- reason = "《{{ extract_title }}》中{{ problems }}不在代码表内，入库时按空值处理。疑似代码填错或启用了新代码，待核查"
-- verify = ["对照代码表更正", "确为新启用的代码的，请提供新代码表"]
-- [params]
-- shown_values = { default = 5, title = "每个字段最多写明几个值", status = "design_choice" }
-- longest_value = { default = 12, title = "超过多少个字的值不写出（可能是错列的个人信息）", status = "design_choice" }
-- [columns]
-- problems = { title = "问题" }
-- ---
-- One case for one column of one extract: the owner mends a slip of the code list, not each of its rows. It stands
-- at the first of these rows, by length and then by text of the row key, and tells the commonest values.
WITH counted AS (
    SELECT extract, field_title,
           CASE WHEN character_length(value) > $longest_value THEN '（过长，疑似错列）' ELSE '“' || value || '”' END AS value,
           count(*) AS rows_with_it
    FROM code_check
    GROUP BY extract, field_title, CASE WHEN character_length(value) > $longest_value THEN '（过长，疑似错列）' ELSE '“' || value || '”' END
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY extract, field_title ORDER BY rows_with_it DESC, value) AS nth,
           count(*) OVER (PARTITION BY extract, field_title) AS distinct_values
    FROM counted
),
told_values AS (
    SELECT extract, field_title,
           string_agg(value || CAST(rows_with_it AS VARCHAR) || '行', '、' ORDER BY nth) || CASE WHEN max(distinct_values) > $shown_values THEN '等' ELSE '' END
               AS listed
    FROM ranked
    WHERE nth <= $shown_values
    GROUP BY extract, field_title
),
first_row AS (
    SELECT extract, extract_title, field_title, min(field_order) AS field_order,
           first_value(row_key ORDER BY character_length(row_key), row_key) AS row_key,
           first_value(role ORDER BY character_length(row_key), row_key) AS role
    FROM code_check
    GROUP BY extract, extract_title, field_title
)
-- A row at which several columns stand is one case for its owner.
SELECT f.row_key AS subject_row_key,
       f.extract AS subject_extract,
       f.role AS subject_role,
       f.extract AS event,
       f.extract_title,
       string_agg(f.field_title || v.listed, '；' ORDER BY f.field_order) AS problems
FROM first_row f
JOIN told_values v ON v.extract = f.extract AND v.field_title = f.field_title
GROUP BY f.extract, f.extract_title, f.row_key, f.role
