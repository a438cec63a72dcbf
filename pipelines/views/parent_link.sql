-- ---
-- title = "每个未成年人每位父母一行：父母是谁、关系依据等级 L1–L3、依据所在的行。只有姓名没有证件号的父母不采用（L4）"
-- ---
WITH named AS (
    SELECT resident_identity AS child, father_identity AS parent, 'father' AS side, 'L1' AS link_grade,
           father_grade AS grade, 'population' AS source, row_key
    FROM population
    WHERE father_id IS NOT NULL AND resident_birth > add_months($as_of, -216)
    UNION ALL
    SELECT resident_identity, mother_identity, 'mother', 'L1', mother_grade, 'population', row_key
    FROM population
    WHERE mother_id IS NOT NULL AND resident_birth > add_months($as_of, -216)
    UNION ALL
    SELECT child_identity, father_identity, 'father', 'L1', father_grade, 'birth_registration', row_key
    FROM birth_registration
    WHERE father_id IS NOT NULL AND birth_date > add_months($as_of, -216)
    UNION ALL
    SELECT child_identity, mother_identity, 'mother', 'L1', mother_grade, 'birth_registration', row_key
    FROM birth_registration
    WHERE mother_id IS NOT NULL AND birth_date > add_months($as_of, -216)
    UNION ALL
    SELECT child_identity, father_identity, 'father', 'L2', father_grade, 'child_roster', row_key
    FROM child_roster
    WHERE father_id IS NOT NULL
    UNION ALL
    SELECT child_identity, mother_identity, 'mother', 'L2', mother_grade, 'child_roster', row_key
    FROM child_roster
    WHERE mother_id IS NOT NULL
    UNION ALL
    SELECT pupil_identity, member_1_identity, CASE member_1_relation WHEN '父亲' THEN 'father' ELSE 'mother' END,
           'L3', member_1_grade, 'student_roll', row_key
    FROM student_roll
    WHERE member_1_id IS NOT NULL AND member_1_relation IN ('父亲', '母亲')
    UNION ALL
    SELECT pupil_identity, member_2_identity, CASE member_2_relation WHEN '父亲' THEN 'father' ELSE 'mother' END,
           'L3', member_2_grade, 'student_roll', row_key
    FROM student_roll
    WHERE member_2_id IS NOT NULL AND member_2_relation IN ('父亲', '母亲')
),
linked AS (
    SELECT * FROM named WHERE child IS NOT NULL AND parent IS NOT NULL AND child <> parent AND grade < 'D'
),
-- Of each source one row stands for all: the first by key.
candidates AS (
    SELECT child, side, parent, min(link_grade) AS link_grade, min(grade) AS grade,
           min(CASE source WHEN 'population' THEN row_key END) AS population_row,
           min(CASE source WHEN 'birth_registration' THEN row_key END) AS birth_row,
           min(CASE source WHEN 'child_roster' THEN row_key END) AS roster_row,
           min(CASE source WHEN 'student_roll' THEN row_key END) AS roll_row
    FROM linked
    GROUP BY child, side, parent
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY child, side
        ORDER BY link_grade,
                 CAST(population_row IS NULL AS INT) + CAST(birth_row IS NULL AS INT)
                     + CAST(roster_row IS NULL AS INT) + CAST(roll_row IS NULL AS INT),
                 grade, parent
    ) AS choice
    FROM candidates
)
-- Only the papers that give the link its grade are shown: a weaker paper adds nothing to it, and the
-- other relatives it names, often without a number, would make the finding look weaker than it is.
SELECT child, side, parent, link_grade, grade,
       CASE link_grade WHEN 'L1' THEN population_row END AS population_row,
       CASE link_grade WHEN 'L1' THEN birth_row END AS birth_row,
       CASE link_grade WHEN 'L2' THEN roster_row END AS roster_row,
       CASE link_grade WHEN 'L3' THEN roll_row END AS roll_row
FROM ranked
WHERE choice = 1
