-- ---
-- title = "一证多人、一卡多户"
-- condition = "发放明细中同一有效证号用于两个以上不同姓名且连接不到同一人；或同一银行账号发放基本生活费给规定个数以上互无父母关系的在册儿童（福利院集体户除外）。"
-- list = "data_error"
-- subject = "benefit_payment.subject"
-- reads = ["benefit_payment"]
-- optional_reads = ["child_roster", "population", "birth_registration", "student_roll"]
-- event = "none"
-- severity = "medium"
-- basis = ["personal_information_law#8", "social_relief_measures#13"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "发放明细中{{ problem }}。疑似证号或账号填写错误，待核查更正"
-- verify = ["证号是否填错", "是否机构账户，或同一监护人代领多名兄弟姐妹", "是否曾用名、更名"]
-- [params]
-- least_families = { default = 3, title = "同一账号涉及多少个互无父母关系的儿童才列出", status = "sourced" }
-- [columns]
-- problem = { title = "问题" }
-- ---
WITH row_of AS (
    SELECT p.row_key, p.payment_number, p.subject_identity AS identity, p.subject_grade AS grade, p.resident_id, p.subject_id_state, p.bank_card, p.name,
           p.payee_id, b.basic_living
    FROM benefit_payment p
    JOIN benefit_programs b ON b.label = p.program
    WHERE p.subject_identity IS NOT NULL
),
-- Names that a former name, a variant or a lost character explains are one person by now; months of one name
-- under a number that is nobody's are not.
shared_number AS (
    SELECT resident_id, count(DISTINCT name) AS people, min(row_key) AS first_row
    FROM row_of
    WHERE subject_id_state = 'valid'
    GROUP BY resident_id
    HAVING min(identity) <> max(identity) AND count(DISTINCT name) > 1
),
child AS (
    SELECT r.bank_card, r.identity, min(r.row_key) AS row_key
    FROM row_of r
    JOIN listed_child l ON l.identity = r.identity AND l.nth = 1 AND coalesce(l.register_class, '') <> '福利院集体户'
    WHERE r.bank_card IS NOT NULL AND r.basic_living AND r.grade <= 'B'
    GROUP BY r.bank_card, r.identity
),
-- Brothers and sisters have a parent in common.
family AS (
    SELECT c.bank_card, c.identity, c.row_key,
           coalesce(max(CASE p.side WHEN 'mother' THEN p.parent END), max(p.parent), c.identity) AS family
    FROM child c
    LEFT JOIN parent_link p ON p.child = c.identity
    GROUP BY c.bank_card, c.identity, c.row_key
),
shared_card AS (
    SELECT bank_card, count(DISTINCT family) AS families, count(*) AS people, min(row_key) AS first_row,
           array_agg(row_key ORDER BY row_key) AS card_rows
    FROM family
    GROUP BY bank_card
    HAVING count(DISTINCT family) >= $least_families
),
-- A number that is somebody else's makes its row a weak one; the payment numbers point to the rows, so that
-- the weakness does not take the finding away.
number_rows AS (
    SELECT s.first_row, string_agg(x.payment_number, '、' ORDER BY x.payment_number) AS payments
    FROM shared_number s
    JOIN (SELECT resident_id, name, min(payment_number) AS payment_number FROM row_of GROUP BY resident_id, name) x
      ON x.resident_id = s.resident_id
    GROUP BY s.first_row
)
SELECT s.first_row AS subject_row_key,
       '' AS event,
       '同一证号用于 ' || CAST(s.people AS VARCHAR) || ' 个不同姓名的人（发放编号 ' || n.payments || '）' AS problem,
       CAST(NULL AS VARCHAR[]) AS evidence_benefit_payment
FROM shared_number s
JOIN number_rows n ON n.first_row = s.first_row
UNION ALL
SELECT first_row, '', '同一账号发放给 ' || CAST(people AS VARCHAR) || ' 名儿童，其中 ' || CAST(families AS VARCHAR) || ' 名互无父母关系', card_rows
FROM shared_card
