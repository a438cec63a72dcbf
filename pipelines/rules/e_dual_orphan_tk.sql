-- ---
-- title = "孤儿或事实无人抚养与特困同月享受"
-- condition = "同一儿童同一所属月份，既有孤儿或事实无人抚养基本生活费，又有特困供养金；特困供养金没有发放明细的，以救助名册的在保月份为准。"
-- list = "benefit_exit"
-- subject = "benefit_payment.subject"
-- reads = ["benefit_payment", "social_relief"]
-- event = "month"
-- severity = "medium"
-- basis = ["destitute_2021"]
-- recipients = ["civil-affairs", "civil-affairs-relief"]
-- due_days = 10
-- reason = "{{ first_month }} 至 {{ last_month }} 有 {{ months }} 个月同时发放{{ program_title }}（{{ money | yuan }} 元）和特困供养{% if other_money %}（{{ other_money | yuan }} 元）{% endif %}。两项为择一享受，疑似重复享受，待核查；建议其中一项末领年月 {{ suggested_last_month }}"
-- verify = ["是否当月转换身份并已补扣", "是否为机构账户代领", "本人或监护人选择哪一项"]
-- [columns]
-- program_title = { title = "儿童项目", class = "money" }
-- first_month = { title = "首个重复月份", class = "money" }
-- suggested_last_month = { title = "建议末领年月", class = "money" }
-- months = { title = "重复月数", class = "money" }
-- money = { title = "儿童项目金额（元）", class = "money", format = "yuan" }
-- other_money = { title = "特困金额（元）", class = "money", format = "yuan" }
-- ---
WITH pair AS (
    SELECT program_a AS program FROM stacking WHERE program_b = 'destitute' AND verdict = '不可叠享'
),
child AS (
    SELECT p.* FROM paid_month p
    JOIN pair ON pair.program = p.program
    WHERE p.basic_living
),
destitute AS (
    SELECT identity, month, amount, grade, row_key AS payment_row, CAST(NULL AS VARCHAR) AS relief_row
    FROM paid_month
    WHERE program = 'destitute'
    UNION ALL
    -- Where the destitute payments of a person are not delivered at all, the relief roll tells the months.
    SELECT r.subject_identity, c.month, r.monthly_amount, r.subject_grade, CAST(NULL AS VARCHAR), r.row_key
    FROM social_relief r
    JOIN child c ON c.identity = r.subject_identity
    WHERE r.relief_kind = '特困'
      AND r.subject_grade <= 'B'
      AND r.start_month <= c.month
      AND (r.end_month > c.month OR (r.end_month IS NULL AND r.status = '正常'))
      AND NOT EXISTS (
          SELECT 1 FROM benefit_payment p
          JOIN benefit_programs b ON b.label = p.program AND b.program = 'destitute'
          WHERE p.subject_identity = r.subject_identity
      )
),
both_paid AS (
    SELECT c.identity, c.row_key, c.month, c.program_title, c.amount, d.amount AS other_amount, d.payment_row,
           d.relief_row, greatest(c.grade, d.grade) AS grade,
           min(greatest(c.grade, d.grade)) OVER (PARTITION BY c.identity) AS best_grade
    FROM child c
    JOIN destitute d ON d.identity = c.identity AND d.month = c.month
)
SELECT first_value(row_key ORDER BY month, row_key) AS subject_row_key,
       month_compact(min(month)) AS event,
       min(month) AS first_month,
       max(month) AS last_month,
       count(DISTINCT month) AS months,
       min(program_title) AS program_title,
       sum(amount) AS money,
       sum(other_amount) AS other_money,
       month_add(min(month), -1) AS suggested_last_month,
       array_agg(row_key ORDER BY row_key) AS evidence_benefit_payment,
       array_agg(payment_row ORDER BY payment_row) FILTER (WHERE payment_row IS NOT NULL) AS evidence_benefit_payment__destitute,
       array_agg(DISTINCT relief_row ORDER BY relief_row) FILTER (WHERE relief_row IS NOT NULL) AS evidence_social_relief
FROM both_paid
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE grade <= 'B' OR best_grade > 'B'
GROUP BY identity
