-- ---
-- title = "每个登记为事实无人抚养、按有据可查的父母现状对照已不成立的未成年人一行：双方现状、依据。没有数据的一方不作判断"
-- ---
-- Only contrary evidence speaks: the roll itself calls a parent well, the sentence is served outside or is too
-- short, a court has restored or revoked, the roll's own term is over. An ended custody is another rule's matter.
WITH outside AS (
    SELECT p.subject_identity AS parent, min(p.row_key) AS prison_row
    FROM prison_term p
    JOIN custody_effects e ON e.source = 'prison_term' AND e.label = p.enforcement AND NOT e.held
    WHERE p.subject_identity IS NOT NULL AND p.subject_grade <= 'B' AND p.term_from <= $as_of
      AND (p.released_on IS NULL OR p.released_on > $as_of)
    GROUP BY p.subject_identity
),
short AS (
    SELECT identity AS parent, min(CASE source WHEN 'prison_term' THEN row_key END) AS prison_row,
           min(CASE source WHEN 'custody' THEN row_key END) AS custody_row
    FROM parent_state
    WHERE NOT counts AND grade <= 'B'
    GROUP BY identity
),
ever_held AS (SELECT DISTINCT parent FROM custody_period),
sides AS (
    SELECT r.row_key, r.identity, r.category, r.side, r.unproven_parent, r.parent, r.population_row, r.birth_row,
           coalesce(r.recorded_state, '未登记') AS recorded_state, s.class AS held_class, s.label AS held_label,
           CASE WHEN s.class IS NOT NULL THEN NULL
                WHEN r.class = 'N' THEN '名册登记为' || r.recorded_state
                WHEN r.code IN ('JAIL', 'REST') AND o.parent IS NOT NULL THEN '社区矫正，不在押'
                WHEN r.code IN ('JAIL', 'REST', 'DRUG') AND t.parent IS NOT NULL THEN '在押期限不满6个月'
                WHEN c.parent IS NOT NULL THEN '法院已恢复监护资格或撤销宣告'
                WHEN r.class = 'H' AND r.recorded_until < $as_of AND h.parent IS NULL
                THEN '名册登记截止 ' || CAST(r.recorded_until AS VARCHAR) END AS contrary,
           CASE WHEN s.class IS NULL AND coalesce(r.class, 'U') <> 'N' AND r.code IN ('JAIL', 'REST', 'DRUG')
                THEN coalesce(o.prison_row, t.prison_row) END AS prison_row,
           CASE WHEN s.class IS NULL AND r.code IN ('JAIL', 'REST', 'DRUG') AND o.parent IS NULL THEN t.custody_row END AS custody_row,
           CASE WHEN s.class IS NULL AND c.parent IS NOT NULL THEN c.judgment_row END AS judgment_row
    FROM recorded_parent r
    LEFT JOIN parent_standing s ON s.identity = r.parent
    LEFT JOIN court_end c ON c.parent = r.parent AND c.code = r.code AND c.grade <= 'B'
    LEFT JOIN outside o ON o.parent = r.parent
    LEFT JOIN short t ON t.parent = r.parent
    LEFT JOIN ever_held h ON h.parent = r.parent
    WHERE r.de_facto AND r.benefit_status <> '已停发'
),
classed AS (
    SELECT *, CASE WHEN held_class IS NOT NULL THEN held_class WHEN contrary IS NOT NULL THEN 'N' END AS class,
           coalesce(held_label, contrary, recorded_state || '（未见佐证变化）') AS told
    FROM sides
),
both_sides AS (
    SELECT f.row_key, f.identity, f.category, f.class AS father_class, m.class AS mother_class,
           f.told AS father_told, m.told AS mother_told, f.parent AS father, m.parent AS mother,
           coalesce(f.contrary, m.contrary) IS NOT NULL AS contradicted,
           f.prison_row AS father_prison, f.custody_row AS father_custody, f.judgment_row AS father_judgment,
           m.prison_row AS mother_prison, m.custody_row AS mother_custody, m.judgment_row AS mother_judgment
    FROM classed f
    JOIN classed m ON m.row_key = f.row_key AND m.side = 'mother'
    WHERE f.side = 'father'
),
possible AS (
    -- A side that nobody knows may be in any state: only what fails for all of them fails.
    SELECT DISTINCT b.row_key
    FROM both_sides b
    JOIN parent_state_matrix x
      ON x.eligible
     AND x.father_class = coalesce(b.father_class, x.father_class)
     AND x.mother_class = coalesce(b.mother_class, x.mother_class)
)
SELECT b.* FROM both_sides b
LEFT JOIN possible p ON p.row_key = b.row_key
WHERE p.row_key IS NULL AND b.contradicted
