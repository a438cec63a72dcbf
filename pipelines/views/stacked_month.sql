-- ---
-- title = "每人每月两个不可叠享项目同时享受的一行：项目、金额、依据的行。特困没有发放明细的，以救助名册的在保月份为准。弱匹配的月份只在没有强匹配的月份时采用"
-- ---
WITH paid AS (
    SELECT identity, grade, program, program_title, month, amount, row_key AS payment_row,
           CAST(NULL AS VARCHAR) AS subsidy_row, CAST(NULL AS VARCHAR) AS relief_row
    FROM paid_month
    UNION ALL
    SELECT identity, grade, program, program_title, month, amount, CAST(NULL AS VARCHAR), row_key, CAST(NULL AS VARCHAR)
    FROM subsidy_month
),
on_roll AS (
    SELECT r.subject_identity AS identity, r.subject_grade AS grade, r.start_month, r.end_month, r.status,
           r.monthly_amount, r.row_key
    FROM social_relief r
    WHERE r.relief_kind = '特困' AND r.subject_identity IS NOT NULL AND r.subject_grade <= 'B' AND r.start_month IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM paid_month p WHERE p.identity = r.subject_identity AND p.program = 'destitute')
),
roll_months AS (
    SELECT r.identity, r.grade, 'destitute' AS program, '特困供养' AS program_title, p.month, min(r.monthly_amount) AS amount,
           CAST(NULL AS VARCHAR) AS payment_row, CAST(NULL AS VARCHAR) AS subsidy_row, min(r.row_key) AS relief_row
    FROM on_roll r
    JOIN paid p ON p.identity = r.identity
    WHERE r.start_month <= p.month AND (r.end_month > p.month OR (r.end_month IS NULL AND r.status = '正常'))
    GROUP BY r.identity, r.grade, p.month
),
benefit AS (
    SELECT * FROM paid UNION ALL SELECT * FROM roll_months
),
stacked AS (
    SELECT a.identity, a.month, greatest(a.grade, b.grade) AS grade, s.program_a, s.program_b,
           a.program_title AS title_a, b.program_title AS title_b, a.amount AS amount_a, b.amount AS amount_b,
           a.payment_row AS payment_a, b.payment_row AS payment_b, b.subsidy_row AS subsidy_b, a.relief_row AS relief_a,
           min(greatest(a.grade, b.grade)) OVER (PARTITION BY a.identity, s.program_a, s.program_b) AS best_grade
    FROM stacking s
    JOIN benefit a ON a.program = s.program_a
    JOIN benefit b ON b.program = s.program_b AND b.identity = a.identity AND b.month = a.month
    WHERE s.verdict = '不可叠享'
)
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
SELECT identity, month, program_a, program_b, title_a, title_b, amount_a, amount_b, payment_a, payment_b, subsidy_b, relief_a
FROM stacked
WHERE grade <= 'B' OR best_grade > 'B'
