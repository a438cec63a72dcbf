-- ---
-- title = "父母将释放预告"
-- condition = "名册登记为事实无人抚养、未停发，登记父或母服刑在押或限制人身自由，刑期在规定天数以内届满且未提前释放，也没有其他在档状态。仅供提前核对。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster", "prison_term"]
-- optional_reads = ["population", "birth_registration", "student_roll", "custody", "disability_card", "judgment", "serious_illness", "death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "info"
-- basis = ["de_facto_2019", "child_system_exit"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "{{ side_title }}登记为{{ recorded_state }}，{{ source_title }}显示刑期至 {{ term_end }}，未见其他符合情形的状态；另一方：{{ other_state }}。仅为预告：疑似届时不再符合事实无人抚养情形，供提前安排复核，到期前不作变动，待核查"
-- verify = ["是否减刑、加刑或假释", "释放后是否还有其他符合情形的状态", "家庭是否已知情、如何衔接"]
-- [params]
-- within_days = { default = 60, title = "刑期届满前多少天以内预告", status = "design_choice" }
-- [columns]
-- side_title = { title = "父或母", class = "relative" }
-- recorded_state = { title = "名册登记状态", class = "custody" }
-- term_end = { title = "刑期止", class = "custody" }
-- other_state = { title = "另一方状态", class = "custody" }
-- ---
WITH serving AS (
    SELECT r.*, c.term_end, c.source_title, c.prison_row,
           row_number() OVER (PARTITION BY r.row_key, r.side ORDER BY c.term_end DESC, c.prison_row) AS nth
    FROM recorded_parent r
    JOIN custody_period c ON c.parent = r.parent AND c.code = 'JAIL'
    WHERE r.de_facto AND r.benefit_status <> '已停发' AND r.code IN ('JAIL', 'REST')
      AND c.from_date <= $known_until AND c.term_end >= $known_until
      AND (c.released_on IS NULL OR c.released_on > $known_until)
)
SELECT s.row_key AS subject_row_key,
       CAST(s.term_end AS VARCHAR) AS event,
       s.side_title,
       s.recorded_state,
       s.source_title,
       s.term_end,
       s.other_state,
       s.unproven_parent AS parent_identity,
       coalesce(s.link_doubt, (SELECT doubt FROM cards_absent)) AS annex_reason,
       s.row_key AS evidence_child_roster,
       s.population_row AS evidence_population,
       s.birth_row AS evidence_birth_registration,
       s.prison_row AS evidence_prison_term
FROM serving s
-- The last of several sentences decides, and any other state that goes on makes the end of this one no matter.
WHERE s.nth = 1
  AND s.term_end <= $known_until + $within_days
  AND NOT EXISTS (
      SELECT 1 FROM parent_state x
      WHERE x.identity = s.parent AND NOT (x.source = 'prison_term' AND x.row_key = s.prison_row)
  )
