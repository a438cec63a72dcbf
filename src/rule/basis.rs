//! Legal basis as data: which text, how long it holds, whether its wording was seen.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Spot};
use crate::domain::Day;

/// Whether a text was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasisStatus {
    /// The wording was read.
    Sourced,
    /// Known from hearsay; to be read before it is quoted.
    ToVerify,
}

/// One line of the legal-basis table.
#[derive(Clone, Debug)]
pub struct LegalBasis {
    /// Key that rules name.
    pub key: String,
    /// Title of the text.
    pub title: String,
    /// 文号; empty where none was seen.
    pub number: String,
    /// Article; empty for the whole text.
    pub article: String,
    /// First day in force; `None` unknown or long ago.
    pub valid_from: Option<Day>,
    /// Last day in force; `None` still in force.
    pub valid_until: Option<Day>,
    /// Whether the wording was seen.
    pub status: BasisStatus,
}

impl LegalBasis {
    /// How lists print it, e.g. `《义务教育法》第十一条`.
    pub fn citation(&self) -> String {
        let number = if self.number.is_empty() { String::new() } else { format!("（{}）", self.number) };
        format!("《{}》{number}{}", self.title, self.article)
    }

    /// The citation with what has to be looked at before it is quoted on a day.
    pub fn cited_on(&self, day: Day) -> String {
        let doubts = self.doubts(day).into_iter().map(|doubt| format!("【待核实：{doubt}】"));
        format!("{}{}", self.citation(), doubts.collect::<String>())
    }

    /// What has to be looked at before it is quoted on a day: wording that nobody read, a day out of its time.
    pub fn doubts(&self, day: Day) -> Vec<&'static str> {
        let unread = (self.status == BasisStatus::ToVerify).then_some("条文待核对");
        let early = self.valid_from.is_some_and(|from| day < from).then_some("尚未生效");
        let over = self.valid_until.is_some_and(|until| until < day).then_some("已过有效期");
        unread.into_iter().chain(early).chain(over).collect()
    }

    /// Whether it is in force on a day.
    pub fn in_force(&self, day: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_until.is_none_or(|until| day <= until)
    }
}

/// Reads the table (CSV with the header `key,title,number,article,valid_from,valid_until,status`).
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub fn parse_basis(file: &str, text: &str) -> Result<BTreeMap<String, LegalBasis>, Vec<Diagnostic>> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let mut table = BTreeMap::new();
    let mut problems = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = u32::try_from(index + 2).unwrap_or(u32::MAX);
        let mut problem = |message: String| {
            problems.push(Diagnostic::error("legal_basis", Spot::line(file, line), message));
        };
        let Ok(record) = record else {
            problem("the line has another number of columns than the header".to_owned());
            continue;
        };
        match basis(&record) {
            Ok(basis) if table.contains_key(&basis.key) => {
                problem(format!("key `{}` stands twice", basis.key));
            }
            Ok(basis) => {
                table.insert(basis.key.clone(), basis);
            }
            Err(message) => problem(message),
        }
    }
    if problems.is_empty() { Ok(table) } else { Err(problems) }
}

fn basis(record: &csv::StringRecord) -> Result<LegalBasis, String> {
    let cell = |index: usize| record.get(index).unwrap_or_default().trim().to_owned();
    let day = |index: usize| match cell(index) {
        text if text.is_empty() => Ok(None),
        text => Day::parse_iso(&text).map(Some).ok_or_else(|| format!("`{text}` is no day")),
    };
    let status = match cell(6).as_str() {
        "sourced" => BasisStatus::Sourced,
        "to_verify" => BasisStatus::ToVerify,
        other => return Err(format!("status `{other}` is neither `sourced` nor `to_verify`")),
    };
    let basis = LegalBasis {
        key: cell(0),
        title: cell(1),
        number: cell(2),
        article: cell(3),
        valid_from: day(4)?,
        valid_until: day(5)?,
        status,
    };
    if basis.key.is_empty() || basis.title.is_empty() {
        return Err("key and title must be filled".to_owned());
    }
    Ok(basis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "key,title,number,article,valid_from,valid_until,status\n\
        a,某法,,第十一条,,,sourced\nb,某办法,甲发〔2013〕7号,,2013-09-01,2025-01-02,to_verify\n";

    #[test]
    fn a_basis_is_in_force_between_its_days() {
        let table = parse_basis("t.csv", TABLE).unwrap();
        let day = |text| Day::parse_iso(text).unwrap();
        assert_eq!(table["a"].citation(), "《某法》第十一条");
        assert_eq!(table["b"].citation(), "《某办法》（甲发〔2013〕7号）");
        assert!(table["b"].in_force(day("2025-01-02")) && !table["b"].in_force(day("2025-01-03")));
    }

    #[test]
    fn faults_are_told_with_their_line() {
        let text = format!("{TABLE}a,又一法,,,,,sourced\nc,丙,,,昨天,,sourced\n");
        let lines: Vec<u32> = parse_basis("t.csv", &text).unwrap_err().iter().map(|d| d.spot.line).collect();
        assert_eq!(lines, [4, 5]);
    }
}
