-- ---
-- title = "儿童本人重大伤病"
-- condition = "名册登记在册、未满18周岁，规定天数以内首次有医保重病结算（自付金额按参数）；没有死亡记录。"
-- list = "urgent"
-- subject = "child_roster.child"
-- reads = ["child_roster", "serious_illness"]
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "urgent"
-- basis = ["social_relief_measures#47", "three_year_plan"]
-- recipients = ["civil-affairs"]
-- due_days = 3
-- reason = "{{ age }} 岁，儿童在册，医保重病 {{ first_settled }} 首次结算{% if illness %}（{{ illness }}）{% endif %}。疑似儿童本人新发重大伤病，待核查，请了解救治和照护情况"
-- verify = ["是否择期手术、已在康复", "治疗费用有无困难，可否临时救助、医疗救助", "住院期间由谁照护"]
-- [params]
-- recent_days = { default = 14, title = "首次结算在多少天以内", status = "sourced" }
-- own_payment_yuan = { default = 0, title = "自付金额达到多少元才列（0 为不限）", status = "to_confirm" }
-- [columns]
-- age = { title = "年龄" }
-- first_settled = { title = "首次结算", class = "illness" }
-- illness = { title = "病种大类", class = "illness" }
-- ---
-- New is what was first settled in these days: an illness under treatment for long settles every month.
WITH fresh AS (
    SELECT s.subject_identity AS identity, s.first_settled, s.row_key, l.illness_group,
           row_number() OVER (PARTITION BY s.subject_identity ORDER BY s.first_settled DESC, s.row_key, l.illness_group) AS nth
    FROM serious_illness s
    LEFT JOIN listed_illnesses l ON strpos(s.illness_kind, l.word) > 0
    WHERE s.subject_identity IS NOT NULL AND s.subject_grade < 'D'
      AND s.first_settled > $known_until - $recent_days AND s.first_settled <= $known_until
      AND ($own_payment_yuan = 0 OR s.own_payment >= $own_payment_yuan * 100)
)
SELECT l.row_key AS subject_row_key,
       CAST(f.first_settled AS VARCHAR) AS event,
       age_on(l.birth, $as_of) AS age,
       f.first_settled,
       f.illness_group AS illness,
       f.row_key AS evidence_serious_illness
FROM fresh f
JOIN listed_child l ON l.identity = f.identity AND l.nth = 1
WHERE f.nth = 1
  AND age_on(l.birth, $as_of) < 18
  AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = f.identity)
