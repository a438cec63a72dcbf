//! Files that came back: published workbooks filled in, every way in which people send them, every damage.

mod books;
mod county;
mod damaged;
mod saved;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx, open_workbook};
use doudi::domain::{Case, Day, Evidence, Finding, FindingParts, Grade, IdentityId};
use doudi::feedback::{Import, ImportEnv, plan};
use doudi::ledger::{CaseRecord, Ledger, Night, RuleRun, RunFacts};

use crate::report::{Demo, as_of};

/// An office with a ledger of one night and the workbooks that were published from it.
pub(crate) struct Office {
    pub(crate) demo: Demo,
    pub(crate) ledger: Ledger,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) day: Day,
    /// Lists of its two rules.
    lists: [&'static str; 2],
}

fn finding(rule: &str, list: &str, at: i64, annex: bool) -> Finding {
    let row_key = format!("row{at}");
    let parts = FindingParts {
        rule: rule.into(),
        list: list.into(),
        subject: ("child_roster".into(), "child".into(), row_key.clone()),
        identity: IdentityId(at),
        event: "2026-2027".into(),
        confidence: 0.95,
        grade: if annex { Grade::C } else { Grade::A },
        reason: "需核实的情形".into(),
        details: Vec::new(),
    };
    let mut finding =
        Finding::new(parts, vec![Evidence { extract: "child_roster".into(), row_key }]).unwrap();
    if annex {
        finding.annex = true;
        finding.annex_reason = "姓名同音".into();
        finding.candidates = vec![("student_roll".into(), format!("pupil{at}"), "pupil".into())];
    }
    finding
}

impl Office {
    /// Four cases of each of two lists, and one of the annex.
    pub(crate) fn open() -> Self {
        Self::open_on(["dropout", "exit"])
    }

    /// The same on two other lists.
    pub(crate) fn open_on(lists: [&'static str; 2]) -> Self {
        let mut demo = Demo::new(0);
        for (rule, list) in [("d_no_roll", lists[0]), ("e_dead", lists[1])] {
            let rule = demo.rules.iter_mut().find(|known| known.id == rule).unwrap();
            list.clone_into(&mut rule.list);
        }
        let mut office = Self {
            demo,
            lists,
            ledger: Ledger::in_memory().unwrap(),
            folder: tempfile::tempdir().unwrap(),
            day: as_of(),
        };
        office.night();
        office
    }

    /// The findings of every night.
    fn findings(&self) -> Vec<Finding> {
        let [first, second] = self.lists;
        let mut findings: Vec<Finding> = (1..5).map(|at| finding("d_no_roll", first, at, false)).collect();
        findings.extend((5..9).map(|at| finding("e_dead", second, at, false)));
        findings.push(finding("d_no_roll", first, 9, true));
        findings
    }

    /// Runs the night of `day` and publishes it.
    pub(crate) fn night(&mut self) {
        let rules = BTreeMap::from(["d_no_roll", "e_dead"].map(|rule| (rule.to_owned(), RuleRun::Complete)));
        let run_id = format!("run-{}", self.day.iso());
        let night = Night {
            run_id: &run_id,
            as_of: self.day,
            rules: &rules,
            gaps: &BTreeSet::new(),
            editions: &BTreeMap::new(),
            titles: &BTreeMap::new(),
        };
        let plan = self.ledger.reconcile(&night, &self.findings()).unwrap();
        let facts = RunFacts {
            plan_hash: "p".into(),
            register: "r".into(),
            committed: "now".into(),
            account: "a".into(),
        };
        self.ledger.commit(&plan, &facts, &[], &[]).unwrap();
        self.demo.cases = plan.cases;
        self.demo.day = self.day;
        self.demo.publish(self.folder.path());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A published workbook.
    pub(crate) fn book(&self, name: &str) -> PathBuf {
        self.path(&format!("lists/{name}_{}.xlsx", self.day.iso()))
    }

    /// The case of the finding with this number.
    pub(crate) fn case(&self, at: i64) -> &Case {
        self.demo.cases.iter().find(|case| case.finding.identity.0 == at).unwrap()
    }

    pub(crate) fn clue(&self, at: i64) -> &str {
        &self.case(at).number
    }

    pub(crate) fn record(&self, at: i64) -> CaseRecord {
        self.ledger.state().unwrap().by_number(self.clue(at)).unwrap().1.clone()
    }

    pub(crate) fn preview(&self, files: &[PathBuf]) -> Import {
        let env = ImportEnv { desk: &self.demo.desk, day: self.day, now: "2026-11-20T09:00:00+08:00".into() };
        plan(&self.ledger, files, &env).unwrap()
    }

    pub(crate) fn import(&mut self, files: &[PathBuf]) -> Import {
        let import = self.preview(files);
        import.commit(&mut self.ledger).unwrap();
        self.ledger.verify().unwrap();
        import
    }

    pub(crate) fn events(&self) -> usize {
        self.ledger.events().unwrap().len()
    }
}

/// Counts of what was taken, by word.
pub(crate) fn counts(import: &Import) -> BTreeMap<&'static str, u64> {
    import.counts().into_iter().map(|(taken, count)| (taken.word(), count)).collect()
}

/// Answers by clue number: heading and text.
pub(crate) type Answers<'a> = BTreeMap<&'a str, Vec<(&'a str, &'a str)>>;

/// A published workbook with answers in its cells: the cells are written where they stand, everything else
/// stays as it is. Gives how many cells were filled.
pub(crate) fn fill(book: &Path, filled: &Path, answers: &Answers<'_>) -> usize {
    let mut sheets: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut read: Xlsx<_> = open_workbook(book).unwrap();
    for (at, name) in read.sheet_names().into_iter().enumerate() {
        let range = read.worksheet_range(&name).unwrap();
        let Some(headings) =
            range.rows().nth(2).map(|row| row.iter().map(Data::to_string).collect::<Vec<_>>())
        else {
            continue;
        };
        let column = |heading: &str| headings.iter().position(|h| h == heading);
        let Some(clue) = column("线索编号") else { continue };
        for (row, cells) in range.rows().enumerate().skip(3) {
            let Some(answers) = answers.get(cells[clue].to_string().as_str()) else { continue };
            for (heading, text) in answers {
                let column = column(heading).unwrap_or_else(|| panic!("{name} has no column {heading}"));
                let cell = format!("{}{}", letters(column), row + 1);
                sheets
                    .entry(format!("xl/worksheets/sheet{}.xml", at + 1))
                    .or_default()
                    .push((cell, (*text).into()));
            }
        }
    }
    let written = sheets.values().map(Vec::len).sum();
    let mut archive = zip::ZipArchive::new(std::fs::File::open(book).unwrap()).unwrap();
    let mut out = zip::ZipWriter::new(std::fs::File::create(filled).unwrap());
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some(cells) = sheets.get(&name) {
            bytes = with_cells(String::from_utf8(bytes).unwrap(), cells).into_bytes();
        }
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap();
    written
}

fn with_cells(mut xml: String, cells: &[(String, String)]) -> String {
    for (cell, text) in cells {
        let start = xml.find(&format!("<c r=\"{cell}\"")).unwrap_or_else(|| panic!("no cell {cell}"));
        let end = start + xml[start..].find("/>").unwrap();
        let head = xml[start..end].trim_end().to_owned();
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        xml.replace_range(start..end + 2, &format!("{head} t=\"inlineStr\"><is><t>{text}</t></is></c>"));
    }
    xml
}

pub(crate) fn letters(column: usize) -> String {
    let last = char::from(b'A' + u8::try_from(column % 26).unwrap());
    if column < 26 { last.to_string() } else { format!("{}{last}", letters(column / 26 - 1)) }
}
