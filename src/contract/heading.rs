//! Which column holds which field: headings are compared after normalisation, so that spaces,
//! the width of brackets, case and marks of required columns do not matter.

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use crate::domain::Contract;

/// A heading without what does not matter: NFKC, no white space, no zero-width characters, no
/// asterisk, no colon at the end, lower case.
pub fn normalise(heading: &str) -> String {
    let counts = |c: &char| !c.is_whitespace() && !is_invisible(*c) && *c != '*';
    let mut out: String = if heading.chars().all(is_composed) {
        heading.chars().filter(counts).map(|c| c.to_ascii_lowercase()).collect()
    } else {
        heading.nfkc().filter(counts).flat_map(char::to_lowercase).collect()
    };
    while out.ends_with(':') {
        out.pop();
    }
    out
}

/// Characters of most headings: NFKC leaves a text of them alone, and only letters of ASCII have two cases.
const fn is_composed(c: char) -> bool {
    c.is_ascii() || matches!(c, '\u{4e00}'..='\u{9fff}')
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// The normalised heading without its bracketed parts; empty when nothing is left.
fn without_brackets(normalised: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::new();
    for c in normalised.chars() {
        match c {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// The contract's headings, normalised once.
pub(super) struct Headings {
    /// Which fields have a heading, each with its rank there, best first.
    ranks: FxHashMap<String, Vec<(usize, usize)>>,
    /// Which fields have a heading that reads so without its bracketed parts.
    bare: FxHashMap<String, Vec<usize>>,
    required: Vec<bool>,
}

/// Where the fields are in one sheet or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnPlan {
    /// For each contract field the column, when there is one.
    pub(super) column_of: Vec<Option<usize>>,
    /// Number of columns of the header row.
    pub(super) width: usize,
    /// Headings that no field lists, as delivered.
    pub(super) dropped: Vec<String>,
    /// Fields recognised only after bracketed parts were left out: column index of each.
    pub(super) loose: Vec<usize>,
    /// Headings that name a field already found in another column.
    pub(super) repeated: Vec<String>,
}

impl ColumnPlan {
    /// How many fields were found.
    pub(super) fn found(&self) -> usize {
        self.column_of.iter().flatten().count()
    }
}

impl Headings {
    pub(super) fn new(contract: &Contract) -> Self {
        let mut ranks: FxHashMap<String, Vec<(usize, usize)>> = FxHashMap::default();
        let mut bare: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (field, described) in contract.field.values().enumerate() {
            for (rank, heading) in described.headers.iter().enumerate() {
                let heading = normalise(heading);
                let without = without_brackets(&heading);
                if !without.is_empty() {
                    bare.entry(without).or_default().push(field);
                }
                ranks.entry(heading).or_default().push((rank, field));
            }
        }
        Self { ranks, bare, required: contract.field.values().map(|field| field.required).collect() }
    }

    /// Number of fields.
    pub(super) const fn fields(&self) -> usize {
        self.required.len()
    }

    /// Whether a row with this many recognised headings can be a header at all: two fields and a
    /// third of the required ones, so that a note or a legend is not taken for a table.
    pub(super) fn plausible(&self, plan: &ColumnPlan) -> bool {
        let required = self.required.iter().filter(|needed| **needed).count();
        plan.found() >= 2.min(self.fields()) && plan.found() * 3 >= required
    }

    /// Fields (indices) that are required and have no column.
    pub(super) fn missing_required(&self, plan: &ColumnPlan) -> Vec<usize> {
        (0..self.fields()).filter(|&f| self.required[f] && plan.column_of[f].is_none()).collect()
    }

    /// Matches one row of cells with the fields. Official names win over synonyms, exact matches
    /// over those without bracketed parts, the first column over later ones.
    pub(super) fn plan<'c>(&self, cells: impl IntoIterator<Item = &'c str>) -> ColumnPlan {
        let raw: Vec<&str> = cells.into_iter().collect();
        let texts: Vec<String> = raw.iter().map(|cell| normalise(cell)).collect();
        let mut column_of = vec![None; self.fields()];
        let mut taken = vec![false; texts.len()];
        let mut meant: Vec<(usize, usize, usize)> = Vec::new();
        for (column, text) in texts.iter().enumerate() {
            let fields = self.ranks.get(text).into_iter().flatten();
            meant.extend(fields.map(|&(rank, field)| (rank, field, column)));
        }
        meant.sort_unstable();
        for (_, field, column) in meant {
            if column_of[field].is_none() && !taken[column] {
                column_of[field] = Some(column);
                taken[column] = true;
            }
        }
        let loose = self.plan_loosely(&texts, &mut column_of, &mut taken);
        let left = |column: &usize| !taken[*column] && !texts[*column].is_empty();
        let repeated =
            (0..texts.len()).filter(left).filter(|&column| self.ranks.contains_key(&texts[column]));
        let repeated = repeated.map(|column| raw[column].to_owned()).collect();
        let dropped = (0..texts.len()).filter(left).map(|column| raw[column].trim().to_owned()).collect();
        ColumnPlan { column_of, width: raw.len(), dropped, loose, repeated }
    }

    /// Second chance for fields without a column: `金额(元)` for `金额`.
    fn plan_loosely(
        &self,
        texts: &[String],
        column_of: &mut [Option<usize>],
        taken: &mut [bool],
    ) -> Vec<usize> {
        let mut meant: Vec<(usize, usize)> = Vec::new();
        for (column, text) in texts.iter().enumerate().filter(|(column, _)| !taken[*column]) {
            let fields = self.bare.get(&without_brackets(text)).into_iter().flatten();
            meant.extend(fields.map(|&field| (field, column)));
        }
        meant.sort_unstable();
        let mut loose = Vec::new();
        for (field, column) in meant {
            if column_of[field].is_none() && !taken[column] {
                column_of[field] = Some(column);
                taken[column] = true;
                loose.push(column);
            }
        }
        loose
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample;

    #[test]
    fn what_does_not_matter_is_left_out() {
        for (heading, expected) in [
            ("镇（街道）", "镇(街道)"),
            (" 姓 名 *", "姓名"),
            ("\u{feff}身份证号：", "身份证号"),
            ("ＩＤ", "id"),
        ] {
            assert_eq!(normalise(heading), expected, "{heading}");
        }
    }

    #[test]
    fn synonyms_any_order_and_extra_columns() {
        let contract = sample::contract();
        let headings = Headings::new(&contract);
        let plan = headings.plan(["备注", "镇（街道）", "公民身份号码", "姓 名", "编号"]);
        assert_eq!(plan.column_of, [Some(4), Some(3), Some(2), Some(1), None]);
        assert_eq!(plan.dropped, ["备注"]);
        assert!(headings.missing_required(&plan).is_empty());
        assert!(headings.plausible(&plan));
    }

    #[test]
    fn the_official_name_wins_over_a_synonym_and_brackets_are_a_second_chance() {
        let headings = Headings::new(&sample::contract());
        let plan = headings.plan(["编号", "姓名", "公民身份号码", "身份证号", "金额(元)"]);
        assert_eq!(plan.column_of, [Some(0), Some(1), Some(3), None, Some(4)]);
        assert_eq!(plan.repeated, ["公民身份号码"]);
        assert_eq!(plan.loose, [4]);
    }

    #[test]
    fn one_word_in_a_legend_is_no_header() {
        let headings = Headings::new(&sample::contract());
        assert!(!headings.plausible(&headings.plan(["说明", "姓名"])));
    }
}
