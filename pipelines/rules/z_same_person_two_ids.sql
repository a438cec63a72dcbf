-- ---
-- title = "一人多证"
-- condition = "户籍人口中两个正常户籍的人，姓名、出生日期、性别、父母证号都相同而证号不同，且没有纠正重号、错号的变更记录。"
-- list = "data_error"
-- subject = "population.resident"
-- reads = ["population"]
-- optional_reads = ["id_change"]
-- event = "row_key"
-- severity = "info"
-- basis = ["personal_information_law#8", "change_codes_2014"]
-- recipients = ["public-security"]
-- due_days = 20
-- reason = "与人口库另一行（人员编号 {{ other_number }}）姓名、性别、出生日期和父母证号均相同，公民身份号码不同，截至 {{ known_until }} 未见变更更正记录。疑似一人多证，待核查"
-- verify = ["是否同名双胞胎", "是否已纠正重号而未登记", "是否重复落户"]
-- [columns]
-- other_number = { title = "另一人员编号" }
-- ---
WITH resident AS (
    SELECT p.row_key, p.person_number, p.resident_id, p.name, p.birth_date, coalesce(p.sex, '') AS sex,
           coalesce(p.mother_id, '') || '/' || coalesce(p.father_id, '') AS parents
    FROM population p
    WHERE p.cancel_state = '正常' AND p.resident_id_state = 'valid' AND p.name IS NOT NULL AND p.birth_date IS NOT NULL
      AND (p.mother_id IS NOT NULL OR p.father_id IS NOT NULL)
),
double AS (
    SELECT name, birth_date, sex, parents
    FROM resident
    GROUP BY name, birth_date, sex, parents
    HAVING min(resident_id) <> max(resident_id)
),
member AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.name, r.birth_date, r.sex, r.parents ORDER BY r.row_key) AS nth
    FROM resident r
    JOIN double d ON d.name = r.name AND d.birth_date = r.birth_date AND d.sex = r.sex AND d.parents = r.parents
)
SELECT b.row_key AS subject_row_key,
       a.row_key AS event,
       a.person_number AS other_number,
       $known_until AS known_until,
       b.row_key AS evidence_population
FROM member a
JOIN member b ON b.name = a.name AND b.birth_date = a.birth_date AND b.sex = a.sex AND b.parents = a.parents
             AND b.nth = a.nth + 1 AND b.resident_id <> a.resident_id
WHERE NOT EXISTS (SELECT 1 FROM id_change c WHERE c.person_number IN (a.person_number, b.person_number) AND c.change_kind IN ('纠正重号', '纠正错号'))
