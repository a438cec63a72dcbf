-- ---
-- title = "疑似未满16周岁就业"
-- condition = "未满规定年龄的学生或名册儿童，本人证号和姓名都相符的社保在职参保登记（未停保）；证号相符而姓名不同的进附表。不显示单位名称，请人社核对。没有死亡记录。"
-- list = "dropout"
-- subject = "*"
-- reads = ["insurance"]
-- optional_reads = ["student_roll", "child_roster", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "high"
-- basis = ["compulsory_education_law#14"]
-- recipients = ["human-resources", "education"]
-- due_days = 10
-- reason = "{{ age }} 岁，{{ since }} 起有以单位职工身份参保的登记。疑似未满 {{ work_age }} 周岁就业，待核查；请人社部门先核实是否登记错误，再由教体部门跟进"
-- verify = ["参保登记的证件号是否填错人（人社先核）", "是否仍在该单位", "是否在校、是否需要劝返"]
-- [params]
-- work_age = { default = 16, title = "多少周岁以下的就业登记列出", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- since = { title = "参保起始" }
-- ---
-- The employer is not shown: who it is belongs to the insurance office, which has it. Only rows that carry the
-- child's own number and name are listed, for a wrong number in a list of employees is more frequent than a child in it;
-- where the name alone differs somebody has to say who it is.
WITH work AS (
    SELECT subject_identity AS identity, insured_from AS since, row_key, subject_grade AS grade,
           row_number() OVER (PARTITION BY subject_identity ORDER BY subject_grade, insured_from, row_key) AS nth
    FROM insurance
    WHERE subject_identity IS NOT NULL AND subject_grade <= 'B'
      AND employer IS NOT NULL AND coalesce(insured_status, '') NOT LIKE '%停%' AND insured_from <= $as_of
),
child AS (
    SELECT identity, 'student_roll' AS extract, 'pupil' AS role, row_key, birth, 1 AS rank FROM roll_row
    UNION ALL
    SELECT identity, 'child_roster', 'child', row_key, birth, 2 FROM listed_child WHERE nth = 1
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank, row_key) AS nth FROM child
)
SELECT c.row_key AS subject_row_key,
       c.extract AS subject_extract,
       c.role AS subject_role,
       CAST(w.since AS VARCHAR) AS event,
       age_on(c.birth, $as_of) AS age,
       w.since,
       $work_age AS work_age,
       CASE WHEN w.grade > 'A' THEN '参保登记的证号是本人的，姓名不同，疑似同人待确认' END AS annex_reason,
       w.row_key AS evidence_insurance
FROM work w
JOIN ranked c ON c.identity = w.identity AND c.nth = 1
WHERE w.nth = 1
  AND age_on(c.birth, $as_of) < $work_age
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = w.identity)
