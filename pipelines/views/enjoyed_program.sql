-- ---
-- title = "每人每个正在享受的项目一行（名册正常发放或超龄续发，救助名册在保，近几个月有发放）"
-- [params]
-- recent_months = { default = 3, title = "多少个月内有发放视为正在享受", status = "design_choice" }
-- ---
WITH told AS (
    SELECT identity, 'orphan' AS program, '孤儿基本生活费' AS title
    FROM listed_child WHERE orphan AND benefit_status IN ('正常发放', '超龄续发')
    UNION ALL
    SELECT identity, 'de_facto', '事实无人抚养儿童基本生活补贴'
    FROM listed_child WHERE de_facto AND benefit_status IN ('正常发放', '超龄续发')
    UNION ALL
    SELECT identity, 'severe_child', '重残重病困境儿童生活费'
    FROM listed_child WHERE category IN ('重残儿童', '重病儿童') AND benefit_status IN ('正常发放', '超龄续发')
    UNION ALL
    SELECT identity, 'destitute', '特困供养金' FROM relief_member WHERE relief_kind = '特困' AND grade <= 'B'
    UNION ALL
    SELECT identity, 'minimum_living', '低保金' FROM relief_member WHERE relief_kind = '低保' AND grade <= 'B'
    UNION ALL
    SELECT identity, program, program_title FROM paid_month
    WHERE grade <= 'B' AND month > month_add(month_of($as_of), -$recent_months)
    UNION ALL
    SELECT identity, program, program_title FROM subsidy_month
    WHERE grade <= 'B' AND month > month_add(month_of($as_of), -$recent_months)
)
SELECT identity, program, min(title) AS title FROM told GROUP BY identity, program
