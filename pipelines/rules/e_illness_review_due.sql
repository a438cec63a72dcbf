-- ---
-- title = "重病复核到期"
-- condition = "名册登记为重病儿童、未停发、未满18周岁，登记已满规定月数（每满一周期复核一次），或最近一次重病医保结算已超过规定月数；没有死亡记录。有同名结算没有有效证号的进附表。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- absent_from = "serious_illness.subject"
-- optional_reads = ["death_cancellation", "death_certificate", "cremation"]
-- event = "day"
-- severity = "info"
-- basis = ["qidong_guide_2021"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "名册类别为{{ category }}，{{ listed_on }} 登记；{% if settles %}登记已满 {{ review_months }} 个月以上（重病医保结算最近 {{ last_claim }}）{% else %}截至 {{ known_until }} 已 {{ review_months }} 个月以上无重病医保结算{% if last_claim %}（最近 {{ last_claim }}）{% else %}（未见结算记录）{% endif %}{% endif %}。疑似到期未复核，待核查，请复核是否仍需长期治疗"
-- verify = ["是否在市外治疗、以其他方式结算", "是否已复核而名册未更新", "是否可转为其他保障类别"]
-- [params]
-- review_months = { default = 12, title = "重病复核周期，以及多少个月无结算才列", status = "to_confirm" }
-- categories = { default = ["重病儿童"], title = "按重病认定的儿童类别", status = "sourced" }
-- [columns]
-- category = { title = "名册类别", class = "watch_group" }
-- listed_on = { title = "登记日期" }
-- last_claim = { title = "最近结算月份", class = "illness" }
-- ---
-- The roll has no date of the diagnosis or of the last review: the day of listing stands for it. Whoever was listed
-- of late and has not settled anything yet is not due.
-- The day that came round last is the event: an answer holds until the next review.
WITH ill AS (
    SELECT l.row_key, l.identity, l.name, l.category, l.registered_on
    FROM listed_child l
    WHERE l.nth_of_category = 1 AND l.category IN $categories AND l.benefit_status <> '已停发'
      AND l.birth > add_months($as_of, -216)
),
claim AS (
    SELECT subject_identity AS identity, max(last_settled) AS last_settled
    FROM serious_illness
    WHERE subject_identity IS NOT NULL
    GROUP BY subject_identity
),
-- A settlement without a usable number may be that of a child of this name.
unsure AS (
    SELECT DISTINCT name FROM serious_illness
    WHERE subject_id_state <> 'valid' AND last_settled > add_months($known_until, -$review_months)
),
due AS (
    SELECT i.*, c.last_settled, coalesce(c.last_settled > add_months($known_until, -$review_months), false) AS settles,
           CASE WHEN c.last_settled <= add_months($known_until, -$review_months) THEN c.last_settled ELSE i.registered_on END AS since
    FROM ill i
    LEFT JOIN claim c ON c.identity = i.identity
    WHERE i.registered_on <= add_months($known_until, -$review_months)
       OR c.last_settled <= add_months($known_until, -$review_months)
)
SELECT d.row_key AS subject_row_key,
       CAST(add_months(d.since, months_between(d.since, $known_until) / $review_months * $review_months) AS VARCHAR) AS event,
       d.category,
       d.registered_on AS listed_on,
       month_of(d.last_settled) AS last_claim,
       CASE WHEN d.settles THEN true END AS settles,
       $review_months AS review_months,
       $known_until AS known_until,
       CASE WHEN n.name IS NOT NULL AND NOT d.settles THEN '有同名人员的结算没有有效证件号，疑似同人待确认' END AS annex_reason,
       d.row_key AS evidence_child_roster
FROM due d
LEFT JOIN unsure n ON n.name = d.name
WHERE NOT EXISTS (SELECT 1 FROM death x WHERE x.identity = d.identity)
