-- ---
-- title = "每人每项目（basic_living 为各项基本生活保障合计）每个发放月份一行：从该月起已发的月数、金额（分）、发放行。只计强匹配行。自某月起停发的人取 month 不早于该月、after_month 早于该月的那一行"
-- ---
WITH scoped AS (
    SELECT identity, program AS scope, month, amount, row_key FROM paid_month WHERE grade <= 'B'
    UNION ALL
    SELECT identity, 'basic_living', month, amount, row_key FROM paid_month WHERE grade <= 'B' AND basic_living
),
paid AS (
    SELECT identity, scope, month, lag(month) OVER (PARTITION BY identity, scope ORDER BY month) AS after_month
    FROM (SELECT DISTINCT identity, scope, month FROM scoped)
)
SELECT p.identity, p.scope, p.month, p.after_month,
       count(DISTINCT s.month) AS months, sum(s.amount) AS money, array_agg(s.row_key ORDER BY s.row_key) AS payments
FROM paid p
JOIN scoped s ON s.identity = p.identity AND s.scope = p.scope AND s.month >= p.month
GROUP BY p.identity, p.scope, p.month, p.after_month
