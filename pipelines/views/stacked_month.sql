-- ---
-- title = "每人每月两个不可叠享项目同时享受时，其中任一项目的每笔发放一行：两个项目，这一笔的金额和依据的行记在它所属的一侧，所以各侧金额可以直接相加。特困没有发放明细的，以救助名册的在保月份为准。弱匹配的月份只在没有强匹配的月份时采用"
-- ---
WITH paid AS (
    SELECT identity, grade, program, program_title, month, amount, row_key AS payment_row,
           CAST(NULL AS VARCHAR) AS subsidy_row, CAST(NULL AS VARCHAR) AS relief_row
    FROM paid_month
    UNION ALL
    SELECT identity, grade, program, program_title, month, amount, CAST(NULL AS VARCHAR), row_key, CAST(NULL AS VARCHAR)
    FROM subsidy_month
),
-- Whose destitute payments are delivered, and be it as returned ones, is paid by them and not by the roll.
on_roll AS (
    SELECT r.subject_identity AS identity, r.subject_grade AS grade, r.start_month, r.end_month, r.status,
           r.monthly_amount, r.row_key
    FROM social_relief r
    WHERE r.relief_kind = '特困' AND r.subject_identity IS NOT NULL AND r.subject_grade <= 'B' AND r.start_month IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM paid_month p WHERE p.identity = r.subject_identity AND p.program = 'destitute')
      AND NOT EXISTS (
          SELECT 1 FROM benefit_payment p
          JOIN benefit_programs b ON b.label = p.program AND b.program = 'destitute'
          WHERE p.subject_identity = r.subject_identity
      )
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
-- Once what is surely matched alone, once everything.
tier AS (
    SELECT *, 1 AS sure FROM benefit WHERE grade <= 'B' UNION ALL SELECT *, 0 FROM benefit
),
stacked AS (
    SELECT a.identity, a.month, a.sure, s.program_a, s.program_b, min(a.program_title) AS title_a, min(b.program_title) AS title_b
    FROM stacking s
    JOIN tier a ON a.program = s.program_a
    JOIN tier b ON b.program = s.program_b AND b.identity = a.identity AND b.month = a.month AND b.sure = a.sure
    WHERE s.verdict = '不可叠享'
    GROUP BY a.identity, a.month, a.sure, s.program_a, s.program_b
),
ranked AS (
    SELECT *, max(sure) OVER (PARTITION BY identity, program_a, program_b) AS best FROM stacked
)
SELECT s.identity, s.month, s.program_a, s.program_b, s.title_a, s.title_b,
       CASE WHEN t.program = s.program_a THEN t.amount END AS amount_a,
       CASE WHEN t.program = s.program_b THEN t.amount END AS amount_b,
       CASE WHEN t.program = s.program_a THEN t.payment_row END AS payment_a,
       CASE WHEN t.program = s.program_b THEN t.payment_row END AS payment_b,
       t.subsidy_row AS subsidy_b,
       t.relief_row
FROM ranked s
JOIN tier t ON t.identity = s.identity AND t.month = s.month AND t.sure = s.sure AND t.program IN (s.program_a, s.program_b)
-- Weakly matched months make a case (for the annex) only where no surely matched month does.
WHERE s.sure = s.best
