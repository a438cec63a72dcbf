-- ---
-- title = "重病儿童未纳入"
-- condition = "未满18周岁，医保重病登记属于病种对照表（或自付金额达到参数，进附表），最近结算在规定月数以内，名册上没有困境类登记，不在特困供养；没有死亡、迁往市外、户籍注销的记录。人口库查不到的进附表。"
-- list = "uncovered"
-- subject = "serious_illness.subject"
-- reads = ["serious_illness"]
-- absent_from = "child_roster.child"
-- optional_reads = ["social_relief", "population", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["social_relief"]
-- event = "none"
-- severity = "medium"
-- basis = ["qidong_guide_2021", "children_in_difficulty_2016"]
-- recipients = ["civil-affairs"]
-- due_days = 10
-- reason = "{{ age }} 岁，医保重病登记（{{ illness }}），{% if first_settled %}{{ first_settled }} 起{% endif %}最近结算 {{ last_settled }}，截至 {{ known_until }} 困境儿童、孤儿、特困均无记录。疑似重病儿童未纳入保障，可主动告知申请，待核查"
-- verify = ["是否需长期治疗（诊断证明），一次性急性病除外", "是否已享受医疗救助而未申请困境儿童保障", "病种是否在本市目录内", "户籍是否在外地"]
-- [params]
-- recent_months = { default = 12, title = "最近结算在多少个月以内视为仍在治疗", status = "to_confirm" }
-- own_payment_yuan = { default = 0, title = "不在病种目录内、自付金额达到多少元也进附表（0 为不启用）", status = "to_confirm" }
-- [columns]
-- age = { title = "年龄" }
-- illness = { title = "病种大类", class = "illness" }
-- first_settled = { title = "首次结算", class = "illness" }
-- last_settled = { title = "最近结算", class = "illness" }
-- ---
-- The list of illnesses is the decision table listed_illnesses: a local edition replaces it.
WITH ill AS (
    SELECT s.row_key, s.subject_identity AS identity, s.subject_grade AS grade, s.first_settled, s.last_settled,
           coalesce(i.birth, s.subject_birth) AS birth, l.illness_group,
           $own_payment_yuan > 0 AND s.own_payment >= $own_payment_yuan * 100 AS costly
    FROM serious_illness s
    LEFT JOIN listed_illnesses l ON strpos(s.illness_kind, l.word) > 0
    LEFT JOIN identity i ON i.identity = s.subject_identity
    WHERE s.subject_identity IS NOT NULL AND s.subject_grade < 'D'
      AND s.last_settled <= $as_of AND s.last_settled >= add_months($known_until, -$recent_months)
),
chosen AS (
    SELECT *, row_number() OVER (
        PARTITION BY identity
        ORDER BY CASE WHEN illness_group IS NULL THEN 1 ELSE 0 END, CASE WHEN grade <= 'B' THEN 0 ELSE 1 END,
                 last_settled DESC, illness_group, row_key
    ) AS nth
    FROM ill
    WHERE illness_group IS NOT NULL OR costly
)
SELECT c.row_key AS subject_row_key,
       '' AS event,
       age_on(c.birth, $as_of) AS age,
       coalesce(c.illness_group, '自付金额较高') AS illness,
       c.first_settled,
       c.last_settled,
       $known_until AS known_until,
       CASE WHEN c.grade > 'B' THEN '医保登记无有效证件号可比，疑似同人待确认'
            WHEN r.residents > 0 AND NOT coalesce(p.known, false) THEN '人口库没有证号相同的人，医保登记的证号可能有误，或户籍在外地'
            WHEN c.illness_group IS NULL THEN '病种不在目录内，仅自付金额较高，需确认是否长期治疗' END AS annex_reason
FROM chosen c
CROSS JOIN (SELECT count(*) AS residents FROM population) r
LEFT JOIN (SELECT DISTINCT resident_identity AS identity, true AS known FROM population) p ON p.identity = c.identity
WHERE c.nth = 1
  AND age_on(c.birth, $as_of) < 18
  AND NOT EXISTS (
      SELECT 1 FROM child_roster r
      JOIN child_categories k ON k.label = r.category AND k.in_difficulty
      WHERE r.child_identity = c.identity AND r.status = '登记在册'
  )
  AND NOT EXISTS (SELECT 1 FROM relief_member m WHERE m.identity = c.identity AND m.relief_kind = '特困')
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = c.identity)
  AND NOT EXISTS (
      SELECT 1 FROM move_out o WHERE o.subject_identity = c.identity AND o.move_kind = '市外' AND o.moved_on <= $as_of
  )
  AND NOT EXISTS (
      SELECT 1 FROM population p WHERE p.resident_identity = c.identity AND p.cancel_state IN ('死亡', '迁出')
  )
