-- ---
-- title = "失联年度复核"
-- condition = "名册登记为事实无人抚养、未停发，登记父或母失联且没有截止日期，认定已满规定月数（每满一周期提示一次）。"
-- list = "benefit_exit"
-- subject = "child_roster.child"
-- reads = ["child_roster"]
-- optional_reads = ["population", "birth_registration", "student_roll"]
-- event = "day"
-- severity = "info"
-- basis = ["de_facto_2020"]
-- recipients = ["civil-affairs"]
-- due_days = 20
-- reason = "名册登记{{ who }}失联，未登记截止日期，至 {{ due_on }} 又满 {{ review_months }} 个月。疑似到期未复核，待核查，请复核是否仍然失联、不履行抚养"
-- verify = ["是否已复核而名册未更新", "公安查找情况回执是否需要重新出具", "是否属于一事一议、另定复核期的情形"]
-- [params]
-- review_months = { default = 12, title = "失联认定每隔多少个月复核", status = "design_choice" }
-- [columns]
-- due_on = { title = "复核到期日" }
-- ---
-- The day that came round last is the event: an answer holds until the next review.
WITH lost AS (
    SELECT row_key, side, side_title, recorded_from,
           add_months(recorded_from, months_between(recorded_from, $known_until) / $review_months * $review_months) AS due_on
    FROM recorded_parent
    WHERE code = 'LOST' AND de_facto AND benefit_status <> '已停发'
      AND recorded_until IS NULL
      AND recorded_from <= add_months($known_until, -$review_months)
)
SELECT row_key AS subject_row_key,
       CAST(max(due_on) AS VARCHAR) AS event,
       string_agg(side_title || '（' || CAST(recorded_from AS VARCHAR) || ' 起）', '、' ORDER BY side) AS who,
       max(due_on) AS due_on,
       $review_months AS review_months,
       row_key AS evidence_child_roster
FROM lost
GROUP BY row_key
