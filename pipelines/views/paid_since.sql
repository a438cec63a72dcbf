-- ---
-- title = "每人（basic_living 为各项基本生活保障合计，另有 de_facto、destitute 两项）每个发放月份一行：从该月起已发的月数、金额（分）、发放行。只计未满30周岁的受益人和强匹配行。自某月起停发的人取 month 不早于该月、after_month 早于该月的那一行"
-- ---
-- The rules are about children, and adults who were paid as such; the old who live on relief are many.
WITH young AS (
    SELECT p.identity, p.program, p.basic_living, p.month, p.amount, p.row_key
    FROM paid_month p
    JOIN identity i ON i.identity = p.identity
    WHERE p.grade <= 'B' AND (p.basic_living OR p.program = 'destitute') AND coalesce(i.birth > add_months($as_of, -360), true)
),
scoped AS (
    SELECT identity, program AS scope, month, amount, row_key FROM young WHERE program IN ('de_facto', 'destitute')
    UNION ALL
    SELECT identity, 'basic_living', month, amount, row_key FROM young WHERE basic_living
),
paid AS (
    SELECT identity, scope, month, coalesce(lag(month) OVER (PARTITION BY identity, scope ORDER BY month), '') AS after_month
    FROM (SELECT DISTINCT identity, scope, month FROM scoped)
)
SELECT p.identity, p.scope, p.month, p.after_month,
       count(DISTINCT s.month) AS months, sum(s.amount) AS money, array_agg(s.row_key ORDER BY s.row_key) AS payments
FROM paid p
JOIN scoped s ON s.identity = p.identity AND s.scope = p.scope AND s.month >= p.month
GROUP BY p.identity, p.scope, p.month, p.after_month
