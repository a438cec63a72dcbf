-- ---
-- title = "每个医保重病登记的人一行（最近一次）：病种在对照表（listed_illnesses）中的大类，不在目录内的为空，costly 为自付金额达到参数"
-- [params]
-- illness_months = { default = 12, title = "最近结算在多少个月以内视为仍在治疗", status = "to_confirm" }
-- own_payment_yuan = { default = 0, title = "不在病种目录内、自付金额达到多少元也提示（0 为不启用）", status = "to_confirm" }
-- ---
-- The list of illnesses is a decision table: a local edition replaces it.
WITH ill AS (
    SELECT s.row_key, s.subject_identity AS identity, s.subject_grade AS grade, s.first_settled, s.last_settled,
           coalesce(i.birth, s.subject_birth) AS birth, l.illness_group,
           $own_payment_yuan > 0 AND s.own_payment >= $own_payment_yuan * 100 AS costly
    FROM serious_illness s
    LEFT JOIN listed_illnesses l ON strpos(s.illness_kind, l.word) > 0
    LEFT JOIN identity i ON i.identity = s.subject_identity
    WHERE s.subject_identity IS NOT NULL AND s.subject_grade < 'D'
      AND s.last_settled <= $as_of AND s.last_settled >= add_months($as_of, -$illness_months)
),
chosen AS (
    SELECT *, row_number() OVER (
        PARTITION BY identity
        ORDER BY CASE WHEN illness_group IS NOT NULL THEN 0 WHEN costly THEN 1 ELSE 2 END, CASE WHEN grade <= 'B' THEN 0 ELSE 1 END,
                 last_settled DESC, illness_group, row_key
    ) AS nth
    FROM ill
)
SELECT row_key, identity, grade, birth, illness_group, coalesce(costly, false) AS costly, first_settled, last_settled FROM chosen WHERE nth = 1
