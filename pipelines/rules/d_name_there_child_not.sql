-- ---
-- title = "名在人不在"
-- condition = "在籍在读的一至九年级学生，同时有死亡记录；或本人证号出现在羁押强戒名单中超过规定天数且未解除；或未满规定年龄而本人证号有在职参保登记（姓名不同的进附表；死亡记录没有证件号而只有一人同名同性别、或证件号不属于户籍人口而只有一人同名同性别同出生日期的也进附表）。羁押、参保在清单上只写“特殊原因”。居住地在外县、出境两类情形没有数据，不判断。"
-- list = "dropout"
-- subject = "student_roll.pupil"
-- reads = ["student_roll"]
-- optional_reads = ["population", "custody", "insurance", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "high"
-- basis = ["keep_in_school_2024"]
-- recipients = ["education", "civil-affairs"]
-- due_days = 10
-- reason = "{{ school }}{{ grade_title }}，学籍状态为在籍在读；{{ contradiction }}。疑似名在人不在，待核查"
-- verify = ["是否本人（同名、登记错人）", "学籍状态是否未更新", "特殊原因请向牵头单位了解，注意保密"]
-- [params]
-- held_days = { default = 7, title = "被采取措施多少天以上", status = "sourced" }
-- work_age = { default = 16, title = "多少周岁以下的就业登记视为矛盾", status = "sourced" }
-- [columns]
-- school = { title = "学校", class = "school" }
-- grade_title = { title = "年级", class = "school" }
-- contradiction = { title = "矛盾情况" }
-- addressee = { title = "通知部门" }
-- ---
-- The school must not learn of custody or work, so these records are named a special reason and are not
-- shown as evidence; they count only where they carry the pupil's own number.
WITH pupil AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY entry_month DESC NULLS LAST, row_key) AS nth
    FROM roll_row
    WHERE student_state = '在籍在读' AND grade <= 9
),
contrary AS (
    SELECT identity, death_date AS since, CAST(death_date AS VARCHAR) || ' 死亡（' || sources || '）' AS word, 1 AS rank,
           cancellation_rows, certificate_rows, cremation_rows, doubt
    FROM possible_death
    WHERE death_date IS NOT NULL
    UNION ALL
    SELECT subject_identity, from_date, '因特殊原因可能不在校', 2, NULL, NULL, NULL, NULL
    FROM custody
    WHERE subject_identity IS NOT NULL AND subject_grade <= 'B'
      AND from_date < $as_of - $held_days AND (released_on IS NULL OR released_on > $as_of) AND coalesce(term_end >= $as_of, true)
    UNION ALL
    SELECT i.subject_identity, i.insured_from, '因特殊原因可能不在校', 3, NULL, NULL, NULL,
           CASE WHEN i.subject_grade > 'A' THEN '有关记录的证号是本人的，姓名不同，疑似同人待确认' END
    FROM insurance i
    JOIN pupil p ON p.identity = i.subject_identity AND p.nth = 1 AND age_on(p.birth, i.insured_from) < $work_age
    WHERE i.subject_grade <= 'B' AND i.employer IS NOT NULL AND coalesce(i.insured_status, '') NOT LIKE '%停%'
      AND i.insured_from <= $as_of
),
ranked AS (
    SELECT p.row_key, p.school, p.grade_title, c.*,
           row_number() OVER (PARTITION BY p.identity ORDER BY c.doubt IS NOT NULL, c.rank, c.since) AS choice
    FROM pupil p
    JOIN contrary c ON c.identity = p.identity
    WHERE p.nth = 1
)
SELECT row_key AS subject_row_key,
       CAST(since AS VARCHAR) AS event,
       school,
       grade_title,
       word AS contradiction,
       -- Of a death civil affairs hears as well, of the special reasons it does not.
       CASE WHEN rank > 1 THEN '教体局' END AS addressee,
       doubt AS annex_reason,
       cancellation_rows AS evidence_death_cancellation,
       certificate_rows AS evidence_death_certificate,
       cremation_rows AS evidence_cremation
FROM ranked
WHERE choice = 1
