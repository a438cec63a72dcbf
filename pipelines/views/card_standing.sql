-- ---
-- title = "每个残疾人一行：最能说明问题的一本证（有效的优先），是否在效、何时失效、是否重残、是否在护理补贴等级内"
-- [params]
-- freeze_after_months = { default = 6, title = "户籍迁出而证未迁，多少个月后冻结", status = "sourced" }
-- ---
WITH moved AS (
    SELECT subject_identity AS identity, max(moved_on) AS moved_on
    FROM move_out
    WHERE move_kind = '市外' AND subject_identity IS NOT NULL AND subject_grade <= 'B' AND moved_on <= $as_of
    GROUP BY subject_identity
),
judged AS (
    SELECT d.row_key, d.subject_identity AS identity, d.subject_grade AS grade, d.card_number,
           d.disability_category, d.disability_level, d.disability_category || d.disability_level AS card,
           d.first_issued, d.valid_until, d.card_status, e.severe, e.nursing,
           CASE WHEN s.effect = 'in_force' AND d.valid_until < $as_of THEN 'lapsed' ELSE coalesce(s.effect, 'check') END
               AS effect,
           -- Freezing is not dated: it follows a move by a fixed time; without a move nobody knows since when.
           CASE WHEN s.label = '冻结' THEN add_months(m.moved_on, $freeze_after_months) ELSE d.valid_until END AS lapsed_since
    FROM disability_card d
    LEFT JOIN card_states s ON s.label = d.card_status
    LEFT JOIN disability_eligibility e
      ON e.disability_category = d.disability_category AND e.disability_level = d.disability_level
    LEFT JOIN moved m ON m.identity = d.subject_identity
    WHERE d.subject_identity IS NOT NULL AND d.subject_grade < 'D'
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY identity
        ORDER BY CASE effect WHEN 'in_force' THEN 0 ELSE 1 END, CASE WHEN grade <= 'B' THEN 0 ELSE 1 END,
                 CASE severe WHEN 'yes' THEN 0 WHEN 'check' THEN 1 ELSE 2 END,
                 first_issued DESC NULLS LAST, valid_until DESC NULLS LAST, row_key
    ) AS nth
    FROM judged
)
SELECT row_key, identity, grade, card_number, disability_category, disability_level, card, first_issued, valid_until,
       card_status, severe, nursing, effect, lapsed_since,
       CASE WHEN effect = 'lapsed' AND card_status = '正常' THEN '过期' ELSE card_status END AS shown_status
FROM ranked
WHERE nth = 1
