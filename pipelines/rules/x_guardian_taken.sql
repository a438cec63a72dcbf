-- ---
-- title = "监护人被羁押强戒致无人照料"
-- condition = "规定天数以内被刑事拘留、逮捕、行政拘留、强制隔离戒毒等且未解除（预定不足规定小时的不列）的人，是未成年人的监护人、被委托照护人或父母，且登记的其他照护人都已死亡、失踪或也被采取措施；没有其他照护人登记的进附表。"
-- list = "urgent"
-- subject = "*"
-- reads = ["custody", "population"]
-- optional_reads = ["child_roster", "care_agreement", "birth_registration", "student_roll", "judgment", "disability_card", "prison_term", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "urgent"
-- basis = ["minor_protection_law#92", "drug_control_law#40"]
-- recipients = ["civil-affairs", "public-security"]
-- due_days = 1
-- reason = "{{ age }} 岁，{{ who }} {{ from_date }} 被{{ measure }}{% if term_end %}（至 {{ term_end }}）{% endif %}；{{ others }}。疑似监护人被采取措施后无人照料，待核查"
-- verify = ["现由谁照护", "另一方是否在世、能否照护", "请公安核对有无未成年子女"]
-- [params]
-- recent_days = { default = 7, title = "多少天以内采取的措施", status = "sourced" }
-- short_hours = { default = 72, title = "少于多少小时的短期措施不列", status = "sourced" }
-- [columns]
-- age = { title = "年龄" }
-- who = { title = "被采取措施的照护人", class = "relative" }
-- measure = { title = "措施类别", class = "custody" }
-- from_date = { title = "起始日期", class = "custody" }
-- others = { title = "其他照护人", class = "relative" }
-- ---
WITH held AS (
    SELECT subject_identity AS carer, measure, from_date, term_end, row_key,
           row_number() OVER (PARTITION BY subject_identity ORDER BY from_date DESC, row_key) AS nth
    FROM custody
    WHERE subject_identity IS NOT NULL AND subject_grade <= 'B'
      AND from_date > $known_until - $recent_days AND from_date <= $known_until
      AND (released_on IS NULL OR released_on > $known_until)
      AND coalesce((CAST(term_end AS INT) - CAST(from_date AS INT)) * 24 >= $short_hours, true)
),
taken AS (
    SELECT c.child, c.carer, c.role, c.source, c.grade, c.row_key AS carer_row, h.measure, h.from_date, h.term_end, h.row_key AS custody_row,
           row_number() OVER (PARTITION BY c.child, c.carer ORDER BY CASE WHEN c.grade <= 'B' THEN 0 ELSE 1 END, c.rank, c.row_key) AS nth
    FROM held h
    JOIN carer c ON c.carer = h.carer
    WHERE h.nth = 1
),
-- Anybody else who cares, alive and at liberty.
unavailable AS (
    SELECT identity FROM parent_standing WHERE class = 'D' OR code IN ('JAIL', 'DRUG', 'REST', 'REVO')
    UNION
    SELECT subject_identity FROM custody
    WHERE subject_identity IS NOT NULL AND from_date <= $known_until AND (released_on IS NULL OR released_on > $known_until)
      AND (term_end IS NULL OR term_end >= $known_until)
),
other AS (
    SELECT t.child, t.carer, count(DISTINCT o.carer) AS known,
           count(DISTINCT CASE WHEN u.identity IS NULL THEN o.carer END) AS able
    FROM taken t
    JOIN carer o ON o.child = t.child AND o.carer <> t.carer
    LEFT JOIN unavailable u ON u.identity = o.carer
    WHERE t.nth = 1
    GROUP BY t.child, t.carer
)
SELECT k.row_key AS subject_row_key,
       k.extract AS subject_extract,
       k.role AS subject_role,
       CAST(t.from_date AS VARCHAR) AS event,
       age_on(k.birth, $as_of) AS age,
       t.role AS who,
       t.measure,
       t.from_date,
       t.term_end,
       CASE WHEN o.known IS NULL THEN '未见其他照护人登记' ELSE '登记的其他照护人均已死亡、失踪或被采取措施' END AS others,
       CASE WHEN o.known IS NULL THEN '另一方未登记，请公安核对有无未成年子女、另一方情况' END AS annex_reason,
       -- A carer whom the agreement or the register proves is not made doubtful by a roll that names no number.
       CASE WHEN t.source = 'child_roster' OR t.grade > 'B' THEN t.carer END AS carer_identity,
       CASE t.source WHEN 'care_agreement' THEN t.carer_row END AS evidence_care_agreement,
       t.custody_row AS evidence_custody
FROM taken t
JOIN child_row k ON k.identity = t.child
LEFT JOIN other o ON o.child = t.child AND o.carer = t.carer
WHERE t.nth = 1
  AND coalesce(o.able, 0) = 0
  AND NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = t.child)
