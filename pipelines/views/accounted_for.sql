-- ---
-- title = "每个已有去向、不必在本市学籍中出现的人一行：安置、死亡、迁出、证明在有效期内的市外就读。only_deferred 为真的只有延缓入学"
-- ---
WITH reasons AS (
    SELECT subject_identity AS identity, '残疾儿童安置：' || placement_kind AS reason, placement_kind = '延缓入学' AS deferred
    FROM placement
    -- A row that is like the child's in its name only accounts for nobody; see proof_in_doubt.
    WHERE subject_grade <= 'B'
      AND (valid_until >= $as_of
           OR (valid_until IS NULL AND substr(school_year, 1, 4) = substr(school_year_of($as_of), 1, 4)))
    UNION ALL
    SELECT identity, '死亡', false FROM death
    UNION ALL
    SELECT subject_identity, '户籍迁出', false FROM move_out
    WHERE move_kind IN ('市外', '升学') AND (moved_on <= $as_of OR moved_on IS NULL)
    UNION ALL
    SELECT resident_identity, '户籍注销：' || cancel_state, false FROM population WHERE cancel_state IN ('死亡', '迁出')
    UNION ALL
    SELECT child_identity, '名册减员：' || exit_reason, false
    FROM child_roster
    WHERE status = '已减员' AND exit_reason IN ('死亡', '户籍迁出', '跨省收养', '涉外收养')
    UNION ALL
    SELECT subject_identity, '控辍台账去向：' || coalesce(whereabouts, '有证明'), false
    FROM dropout_ledger
    WHERE proof_valid_until >= $as_of
)
SELECT identity, min(reason) AS reason, bool_and(deferred) AS only_deferred
FROM reasons
WHERE identity IS NOT NULL
GROUP BY identity
