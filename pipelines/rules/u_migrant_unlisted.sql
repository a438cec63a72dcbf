-- ---
-- title = "流动儿童未登记"
-- condition = "非本市户籍、未满规定年龄，随监护人居住登记有效且满规定月数（只有学籍随迁标记的进附表），父母都不是本市户籍，名册上没有任何登记，没有死亡记录。"
-- list = "uncovered"
-- subject = "*"
-- reads = ["residence"]
-- absent_from = "child_roster.child"
-- optional_reads = ["student_roll", "population", "birth_registration", "move_out", "death_cancellation", "death_certificate", "cremation"]
-- whole = ["population"]
-- event = "none"
-- severity = "info"
-- basis = ["migrant_children_2024"]
-- recipients = ["civil-affairs", "town"]
-- due_days = 20
-- reason = "{{ age }} 岁，非本市户籍，{{ since }} 起{{ told }}，截至 {{ known_until }} 民政儿童名册无登记。疑似流动儿童未登记，待核查"
-- verify = ["是否随监护人居住", "是否已返回户籍地（居住登记未注销）", "父母一方是否为本市户籍"]
-- [params]
-- least_months = { default = 6, title = "居住满多少个月", status = "sourced" }
-- under_age = { default = 16, title = "流动儿童年龄上限", status = "sourced" }
-- listed_percent = { default = 50, title = "该镇居住登记儿童中已入名册的达到百分之多少才逐人列出（未达到的每镇只提示一行）", status = "design_choice" }
-- listed_least = { default = 5, title = "该镇至少已登记多少名才逐人列出", status = "design_choice" }
-- [columns]
-- age = { title = "年龄" }
-- since = { title = "起始日期" }
-- told = { title = "依据", class = "address" }
-- ---
-- A town that has hardly begun its register is told so in one line: hundreds of children are no list.
WITH local_person AS (SELECT DISTINCT resident_identity AS identity FROM population WHERE cancel_state = '正常'),
told AS (
    SELECT child_identity AS identity, 'residence' AS extract, 'child' AS role, row_key, resides_from AS since,
           coalesce(child_town, town, '本市') AS town, 1 AS rank
    FROM residence
    WHERE status = '有效' AND child_identity IS NOT NULL
    UNION ALL
    -- A minor who is registered alone has not moved with anybody; the school only tells since when it knows the pupil.
    SELECT p.identity, 'student_roll', 'pupil', p.row_key, month_first_day(p.entry_month), CAST(NULL AS VARCHAR), 2
    FROM present_pupil p
    JOIN student_roll s ON s.row_key = p.row_key
    WHERE s.migrant_child = '是'
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY identity ORDER BY rank, since, row_key) AS nth FROM told
),
earliest AS (
    SELECT t.*, i.birth
    FROM ranked t
    JOIN identity i ON i.identity = t.identity
    WHERE t.nth = 1
),
child AS (
    SELECT e.*, r.identity IS NOT NULL AS listed
    FROM earliest e
    LEFT JOIN listed_child r ON r.identity = e.identity AND r.nth = 1
    WHERE age_on(e.birth, $as_of) < $under_age
      AND months_between(e.since, $known_until) >= $least_months
      AND NOT EXISTS (SELECT 1 FROM local_person p WHERE p.identity = e.identity)
      -- With a parent who is registered here the child has not come from elsewhere with its guardians.
      AND NOT EXISTS (SELECT 1 FROM parent_link l JOIN local_person p ON p.identity = l.parent WHERE l.child = e.identity)
      AND NOT EXISTS (SELECT 1 FROM death d WHERE d.identity = e.identity)
),
register AS (
    SELECT town, count(*) AS children, sum(CASE WHEN listed THEN 1 ELSE 0 END) AS listed,
           min(CASE WHEN NOT listed THEN row_key END) AS row_key
    FROM child
    WHERE extract = 'residence'
    GROUP BY town
),
kept AS (
    SELECT *, listed >= $listed_least AND listed * 100 >= children * $listed_percent AS begun FROM register
)
SELECT c.row_key AS subject_row_key,
       c.extract AS subject_extract,
       c.role AS subject_role,
       '' AS event,
       age_on(c.birth, $as_of) AS age,
       c.since,
       '随监护人在' || c.town || '登记居住' AS told,
       $known_until AS known_until,
       CASE WHEN NOT k.begun
            THEN c.town || '居住登记满 ' || CAST($least_months AS VARCHAR) || ' 个月的流动儿童 ' || CAST(k.children AS VARCHAR)
                 || ' 名，名册仅登记 ' || CAST(k.listed AS VARCHAR) || ' 名，请先确认本镇登记范围，暂以一名儿童代表' END AS annex_reason
FROM child c
JOIN kept k ON k.town = c.town
WHERE c.extract = 'residence' AND NOT c.listed AND (k.begun OR c.row_key = k.row_key)
UNION ALL
SELECT c.row_key, c.extract, c.role, '', age_on(c.birth, $as_of), c.since, '学籍登记为进城务工人员随迁子女', $known_until,
       '只有学籍登记，无居住登记，居住时间和监护人待核实'
FROM child c
WHERE c.extract = 'student_roll' AND NOT c.listed
  AND EXISTS (SELECT 1 FROM kept k WHERE k.begun)
