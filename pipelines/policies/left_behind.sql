-- ---
-- title = "农村留守儿童关爱服务"
-- order = 11
-- class = "custody"
-- basis = ["three_year_plan", "minor_protection_law#22"]
-- reads = ["student_roll"]
-- optional_reads = ["child_roster", "population", "move_out", "death_cancellation", "death_certificate", "cremation", "birth_registration", "judgment", "disability_card", "prison_term", "custody", "serious_illness"]
-- gap_rules = ["u_left_behind_unlisted"]
-- enjoyed = { title = "名册登记为农村留守儿童", seen_in = ["child_roster"] }
-- [conditions]
-- alive = { title = "在世", denied_in = ["death_cancellation"] }
-- under_age = { title = "在留守儿童年龄以内（参数，默认未满16周岁）", missing = "出生日期" }
-- rural = { title = "农业户口", missing = "户口性质" }
-- parents_away = { title = "父母双方外出，或一方外出另一方无监护能力", seen_in = ["student_roll", "child_roster"], missing = "学籍或名册的留守登记" }
-- not_moved = { title = "户籍未迁往市外", denied_in = ["move_out"] }
-- ---
WITH told AS (
    SELECT identity,
           bool_or(father_state = '外出务工' AND mother_state = '外出务工') AS both_away
    FROM listed_child
    GROUP BY identity
)
SELECT c.identity,
       c.subject_extract,
       c.subject_role,
       c.subject_row_key,
       c.left_behind AS enjoyed,
       c.alive,
       c.age < $under_age AS under_age,
       coalesce(r.household_kind, c.register_kind) = '农业' AS rural,
       CASE WHEN r.left_behind IN $double_codes OR l.both_away THEN true
            WHEN r.left_behind IN $single_codes THEN r.parent_unable
            WHEN c.left_behind OR r.left_behind IS NULL THEN NULL
            ELSE false END AS parents_away,
       c.not_moved,
       concat_ws('；', CASE WHEN r.left_behind IN $single_codes THEN '单亲留守，另一方有死亡、重残等情形，需先核实监护能力' END,
                 CASE WHEN r.match_grade > 'B' THEN '学籍与本人的匹配较弱，疑似同人待确认' END) AS doubt,
       CASE WHEN c.listed THEN '名册已按' || c.category || '登记' END AS unlisted,
       r.row_key AS evidence_student_roll
FROM policy_child c
LEFT JOIN left_behind_pupil r ON r.identity = c.identity
LEFT JOIN told l ON l.identity = c.identity
