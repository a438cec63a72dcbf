//! County codes since 1980: which existed when, and the names that went with them.

use rustc_hash::FxHashMap;

use super::rows::TableText;
use crate::diag::Diagnostic;

/// Whether a six-digit code existed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegionKnown {
    /// In no year of the table.
    Never,
    /// In other years than the one asked for.
    OtherYears,
    /// In the year asked for.
    Then,
}

/// One line of the history.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) code: u32,
    /// Index into the names.
    pub(super) province: u16,
    pub(super) city: u16,
    pub(super) county: u16,
    first: u16,
    last: u16,
    pub(super) current: u32,
}

/// History of county codes.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    rows: Vec<Region>,
    names: Vec<Box<str>>,
    /// One bit for each six-digit number: a code of some year.
    ever: Vec<u64>,
    /// One bit for each four-digit prefix of a code.
    prefectures: Vec<u64>,
}

/// Codes of residence permits for people of Hong Kong, Macau and Taiwan stand in no county table.
const PERMIT_CODES: [u32; 3] = [810_000, 820_000, 830_000];

impl Regions {
    /// Whether the code existed, and whether it did in `year`. The codes of residence permits
    /// (810000, 820000, 830000) exist in every year.
    pub fn known(&self, code: u32, year: i32) -> RegionKnown {
        if PERMIT_CODES.contains(&code) {
            return RegionKnown::Then;
        }
        let start = self.rows.partition_point(|row| row.code < code);
        let mut found = RegionKnown::Never;
        for row in self.rows[start..].iter().take_while(|row| row.code == code) {
            if (i32::from(row.first)..=i32::from(row.last)).contains(&year) {
                return RegionKnown::Then;
            }
            found = RegionKnown::OtherYears;
        }
        found
    }

    /// Whether a resident number may begin with the code: a county code of some year, a permit code, or the
    /// prefecture itself (`…00`, and `…01` for its 市辖区), with which numbers were given out too.
    pub fn plausible(&self, code: u32) -> bool {
        bit(&self.ever, code)
            || PERMIT_CODES.contains(&code)
            || (code % 100 <= 1 && bit(&self.prefectures, code / 100))
    }

    /// First and last year of a code over all its lines.
    pub fn years(&self, code: u32) -> Option<(u16, u16)> {
        let start = self.rows.partition_point(|row| row.code < code);
        let lines = self.rows[start..].iter().take_while(|row| row.code == code);
        lines.fold(None, |span, row| {
            let (first, last) = span.unwrap_or((row.first, row.last));
            Some((first.min(row.first), last.max(row.last)))
        })
    }

    /// The present code of the county that had this code in some year (the latest such line).
    pub fn current(&self, code: u32) -> Option<u32> {
        let start = self.rows.partition_point(|row| row.code < code);
        let lines = self.rows[start..].iter().take_while(|row| row.code == code);
        lines.max_by_key(|row| row.last).map(|row| row.current)
    }

    pub(super) fn rows(&self) -> &[Region] {
        &self.rows
    }

    pub(super) fn name(&self, index: u16) -> &str {
        self.names.get(usize::from(index)).map_or("", |name| name)
    }

    pub(super) fn load(table: TableText<'_>, problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut regions = Self {
            ever: vec![0; 1_000_000 / 64 + 1],
            prefectures: vec![0; 10_000 / 64 + 1],
            ..Self::default()
        };
        let mut index: FxHashMap<&str, u16> = FxHashMap::default();
        let mut names: Vec<Box<str>> = Vec::new();
        let mut intern = |text| -> Result<u16, String> {
            if let Some(&number) = index.get(text) {
                return Ok(number);
            }
            let number = u16::try_from(names.len()).map_err(|_| "more than 65,536 names")?;
            names.push(Box::from(text));
            index.insert(text, number);
            Ok(number)
        };
        let header = ["code", "province", "city", "county", "first_year", "last_year", "current_code"];
        let rows = table.tsv(&header, problems, |cells| {
            let number = |cell: &str| cell.parse::<u32>().map_err(|_| "not a number".to_owned());
            let year = |cell: &str| cell.parse::<u16>().map_err(|_| "not a year".to_owned());
            let code = number(cells[0])?;
            if !(100_000..1_000_000).contains(&code) {
                return Err("a county code has six digits".to_owned());
            }
            regions.rows.push(Region {
                code,
                province: intern(cells[1])?,
                city: intern(cells[2])?,
                county: intern(cells[3])?,
                first: year(cells[4])?,
                last: year(cells[5])?,
                current: number(cells[6])?,
            });
            regions.ever[code as usize / 64] |= 1 << (code % 64);
            regions.prefectures[code as usize / 100 / 64] |= 1 << (code / 100 % 64);
            Ok(())
        });
        regions.rows.sort_by_key(|row| (row.code, row.first, row.last));
        regions.names = names;
        (regions, rows)
    }
}

fn bit(bits: &[u64], at: u32) -> bool {
    bits.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_in_their_years_only() {
        let text = "code\tprovince\tcity\tcounty\tfirst_year\tlast_year\tcurrent_code\n\
                    991281\t甲省\t乙市\t丙市\t1995\t2024\t991281\n991226\t甲省\t乙市\t丙县\t1983\t1988\t991281\n";
        let mut problems = Vec::new();
        let (regions, rows) = Regions::load(TableText { file: "r", text }, &mut problems);
        assert_eq!((rows, problems.len()), (2, 0));
        let cases = [
            (991226, 1985, RegionKnown::Then),
            (991226, 1990, RegionKnown::OtherYears),
            (991227, 1990, RegionKnown::Never),
            (810000, 1990, RegionKnown::Then),
        ];
        for (code, year, expected) in cases {
            assert_eq!(regions.known(code, year), expected, "{code} {year}");
        }
        let plausible = [991226, 991200, 991201, 830000].map(|code| regions.plausible(code));
        assert_eq!(plausible, [true; 4]);
        assert!(![991202, 990000, 0, 999_999].into_iter().any(|code| regions.plausible(code)));
        assert_eq!((regions.years(991226), regions.current(991226)), (Some((1983, 1988)), Some(991281)));
    }
}
