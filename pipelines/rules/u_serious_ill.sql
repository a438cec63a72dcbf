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
-- [columns]
-- age = { title = "年龄" }
-- illness = { title = "病种大类", class = "illness" }
-- first_settled = { title = "首次结算", class = "illness" }
-- last_settled = { title = "最近结算", class = "illness" }
-- ---
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
FROM child_illness c
CROSS JOIN (SELECT count(*) AS residents FROM population) r
LEFT JOIN (SELECT DISTINCT resident_identity AS identity, true AS known FROM population) p ON p.identity = c.identity
WHERE (c.illness_group IS NOT NULL OR c.costly)
  AND age_on(c.birth, $as_of) < 18
  AND NOT EXISTS (
      SELECT 1 FROM child_roster r
      JOIN child_categories k ON k.label = r.category AND k.in_difficulty
      WHERE r.child_identity = c.identity AND r.status = '登记在册'
  )
  AND NOT EXISTS (SELECT 1 FROM relief_member m WHERE m.identity = c.identity AND m.relief_kind = '特困')
  AND NOT EXISTS (SELECT 1 FROM gone g WHERE g.identity = c.identity)
