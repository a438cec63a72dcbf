//! Approvals of full numbers: a recipient whose row of the disclosure table grants numbers of persons in full gets
//! them only while somebody has approved it on record; else they are masked, and the run says so.
//!
//! `full_approvals.csv`: recipient, class, who approved, when, until when, the document. `look_approvals.csv`: the
//! same for accounts that look at values in full on a screen or in a page. Rule book G11: opening or exporting a
//! list of full numbers needs an approval record.

use std::collections::{BTreeMap, BTreeSet};

use super::Desk;
use super::disclosure::{Disclosure, Sheet, Show};
use super::template::{ColumnSource, ListTemplate};
use crate::diag::{Diagnostic, Level, Spot, did_you_mean};
use crate::domain::Day;

/// What somebody approved, for a time.
#[derive(Clone, Debug)]
struct Approval {
    /// For whom: a recipient, an account.
    whom: String,
    /// Class of the disclosure table; empty for a look, which shows all.
    class: String,
    by: String,
    on: Day,
    until: Day,
    document: String,
}

impl Approval {
    fn holds(&self, day: Day) -> bool {
        (self.on..=self.until).contains(&day)
    }

    /// For registers and logs.
    fn words(&self) -> String {
        let document = if self.document.is_empty() { String::new() } else { format!("，{}", self.document) };
        format!("{} {} 批准，至 {}{document}", self.by, self.on.iso(), self.until.iso())
    }
}

/// All approvals, in the tables' order.
#[derive(Clone, Debug, Default)]
pub(super) struct Approvals {
    exports: Vec<Approval>,
    looks: Vec<Approval>,
}

const CODE: &str = "full_approval";
const FILE: &str = "full_approvals.csv";
/// Stands for all accounts.
const EVERYBODY: &str = "*";

/// Reports what is wrong with a line: its column, what, and what may have been meant.
type Report<'r> = dyn FnMut(&str, String, Option<&str>) + 'r;

/// The part that both tables have; `None` when it has no days.
fn approval(
    sheet: &Sheet,
    row: &[String],
    (whom, class): (&str, &str),
    report: &mut Report<'_>,
) -> Option<Approval> {
    let cell = |heading: &str| sheet.cell(row, heading).to_owned();
    let by = cell("approved_by");
    if by.is_empty() {
        report("approved_by", "somebody has to have approved it".to_owned(), None);
    }
    let mut day = |column: &str| {
        let text = cell(column);
        let day = Day::parse_iso(&text);
        if day.is_none() {
            report(column, format!("`{text}` is no day; write it as 2026-11-20"), None);
        }
        day
    };
    let (on, until) = (day("approved_on"), day("valid_until"));
    let (on, until) = (on?, until?);
    if until < on {
        report("valid_until", "it ends before it begins".to_owned(), None);
    }
    let (whom, class) = (whom.to_owned(), class.to_owned());
    Some(Approval { whom, class, by, on, until, document: cell("document") })
}

impl Approvals {
    pub(super) fn load(
        (exports, looks): (&Sheet, &Sheet),
        disclosure: &Disclosure,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let exports = Self::exports(exports, disclosure, problems);
        let looks = looks.rows.iter().enumerate().filter_map(|(at, row)| {
            let mut report = looks.reporter(at, CODE, problems);
            let account = looks.cell(row, "account");
            if account.is_empty() {
                report("account", format!("name an account, or {EVERYBODY} for all of them"), None);
            }
            approval(looks, row, (account, ""), &mut report)
        });
        Self { looks: looks.collect(), exports }
    }

    fn exports(sheet: &Sheet, disclosure: &Disclosure, problems: &mut Vec<Diagnostic>) -> Vec<Approval> {
        let mut approvals = Vec::new();
        for (at, row) in sheet.rows.iter().enumerate() {
            let mut report = sheet.reporter(at, CODE, problems);
            let (recipient, class) = (sheet.cell(row, "recipient"), sheet.cell(row, "class"));
            let ids = || disclosure.recipients().iter().map(|known| known.id.as_str());
            if !ids().any(|id| id == recipient) {
                let message = format!("no recipient `{recipient}` in recipients.csv");
                report("recipient", message, did_you_mean(recipient, ids()));
            }
            if !disclosure.classes().any(|known| known == class) {
                let message = format!("disclosure.csv has no class `{class}`");
                report("class", message, did_you_mean(class, disclosure.classes()));
            }
            approvals.extend(approval(sheet, row, (recipient, class), &mut report));
        }
        approvals
    }

    /// Grants in full for which there is no line at all, for whoever writes the tables.
    pub(super) fn check(
        &self,
        templates: &[ListTemplate],
        disclosure: &Disclosure,
        problems: &mut Vec<Diagnostic>,
    ) {
        for recipient in disclosure.recipients() {
            for class in number_classes(templates) {
                let full = disclosure.show(&recipient.id, class) == Show::Full;
                let known = |line: &Approval| line.whom == recipient.id && line.class == class;
                if full && !self.exports.iter().any(known) {
                    let spot = Spot { column: recipient.id.clone(), ..Spot::file("disclosure.csv") };
                    let message =
                        format!("`{class}` is granted in full, and {FILE} has no approval: it is masked");
                    problems.push(Diagnostic::new(
                        Level::Warning,
                        "full_numbers_not_approved",
                        spot,
                        message,
                    ));
                }
            }
        }
    }

    fn on(&self, recipient: &str, class: &str, day: Day) -> Option<&Approval> {
        let of = |approval: &&Approval| approval.whom == recipient && approval.class == class;
        self.exports.iter().filter(of).find(|approval| approval.holds(day))
    }
}

/// Classes of the columns in which numbers of persons stand.
fn number_classes(templates: &[ListTemplate]) -> BTreeSet<&str> {
    let columns = templates.iter().flat_map(|template| &template.column);
    let numbers =
        columns.filter(|c| matches!(c.source, ColumnSource::ResidentId | ColumnSource::CandidateId));
    numbers.map(|column| column.class.as_str()).collect()
}

impl Desk {
    /// The desk as it may work on a day: numbers in full only for those who are approved to have them, with what
    /// there is to say about each of them.
    #[must_use]
    pub fn on(&self, day: Day) -> (Self, Vec<Diagnostic>) {
        let mut desk = Self { disclosure: self.disclosure.on(day), ..self.clone() };
        desk.in_force = BTreeMap::new();
        let mut said = Vec::new();
        for (list, recipient) in self.disclosure.lapsed(day) {
            let spot = Spot { column: recipient.to_owned(), ..Spot::file("list_recipients.csv") };
            let message = format!("`{recipient}` gets no list `{list}` on {}", day.iso());
            said.push(Diagnostic::new(Level::Info, "list_recipient_lapsed", spot, message));
        }
        let held = desk.disclosure.clone();
        for recipient in held.recipients() {
            for class in number_classes(&self.templates) {
                if held.show(&recipient.id, class) != Show::Full {
                    continue;
                }
                let spot = Spot { column: recipient.id.clone(), ..Spot::file(FILE) };
                let title = &recipient.title;
                let told = if let Some(approval) = self.approvals.on(&recipient.id, class, day) {
                    desk.in_force.insert(recipient.id.clone(), approval.words());
                    let (by, on, until) = (&approval.by, approval.on.iso(), approval.until.iso());
                    let message =
                        format!("{title} gets `{class}` in full: approved by {by} on {on}, until {until}");
                    Diagnostic::new(Level::Info, "full_numbers_approved", spot, message)
                } else {
                    desk.disclosure.lower(&recipient.id, class);
                    let message = format!(
                        "{title} gets `{class}` masked although disclosure.csv grants it in full: no approval holds on {}",
                        day.iso()
                    );
                    Diagnostic::new(Level::Warning, "full_numbers_not_approved", spot, message)
                };
                said.push(told);
            }
        }
        (desk, said)
    }

    /// The approval that lets an account look at values in full on a day, in words; `None` where there is none.
    pub fn look_approval(&self, account: &str, day: Day) -> Option<String> {
        let of = |approval: &&Approval| approval.whom == account || approval.whom == EVERYBODY;
        self.approvals.looks.iter().filter(of).find(|approval| approval.holds(day)).map(Approval::words)
    }

    /// The approval under which a recipient's files hold numbers in full, in words; empty where they do not.
    pub fn export_approval(&self, recipient: &str) -> String {
        self.in_force.get(recipient).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: &str = "look_approvals.csv";

    fn desk(approvals: &str) -> Result<Desk, Vec<Diagnostic>> {
        let folder = tempfile::tempdir().unwrap();
        let bundled = include_str!("../../schemas/tables/disclosure.csv");
        let other = bundled.replace("education,full,full,masked", "education,full,full,full");
        assert_ne!(bundled, other);
        std::fs::write(folder.path().join("disclosure.csv"), other).unwrap();
        let head = "recipient,class,approved_by,approved_on,valid_until,document\n";
        std::fs::write(folder.path().join(FILE), format!("{head}{approvals}")).unwrap();
        Desk::load(None, Some(folder.path()))
    }

    #[test]
    fn numbers_are_in_full_only_while_an_approval_holds_and_the_run_says_which() {
        let check = |approvals: &str, day: &str, show: Show, code: &str| {
            let (desk, said) = desk(approvals).unwrap().on(Day::parse_iso(day).unwrap());
            let codes: Vec<&str> = said.iter().map(|one| one.code).collect();
            let shown = desk.disclosure.show("education", "id_number");
            assert_eq!((shown, codes), (show, vec![code]), "{approvals} {day}");
            // Nothing else is touched.
            assert_eq!(desk.disclosure.show("education", "identity"), Show::Full);
        };
        let line = "education,id_number,周某,2026-11-01,2026-12-31,\n";
        check(line, "2026-11-01", Show::Full, "full_numbers_approved");
        check(line, "2026-12-31", Show::Full, "full_numbers_approved");
        check(line, "2027-01-01", Show::Masked, "full_numbers_not_approved");
        check(line, "2026-10-31", Show::Masked, "full_numbers_not_approved");
        check("", "2026-11-20", Show::Masked, "full_numbers_not_approved");
        check(
            "town,id_number,周某,2026-11-01,2026-12-31,\n",
            "2026-11-20",
            Show::Masked,
            "full_numbers_not_approved",
        );
        let (_, said) = Desk::load(None, None).unwrap().on(Day::from_ymd(2026, 11, 20).unwrap());
        assert_eq!(said, Vec::new(), "the bundled table grants nobody numbers in full");
    }

    #[test]
    fn an_account_looks_only_while_an_approval_for_it_or_for_all_holds() {
        let folder = tempfile::tempdir().unwrap();
        let table = "account,approved_by,approved_on,valid_until,document\n\
                     wang,周某,2026-11-01,2026-11-30,某民〔2026〕1号\n*,李某,2026-12-24,2026-12-24,\n";
        std::fs::write(folder.path().join(LOOKS), table).unwrap();
        let desk = Desk::load(None, Some(folder.path())).unwrap();
        let asked = |account: &str, day: &str| desk.look_approval(account, Day::parse_iso(day).unwrap());
        let words = "周某 2026-11-01 批准，至 2026-11-30，某民〔2026〕1号";
        assert_eq!(asked("wang", "2026-11-30").as_deref(), Some(words));
        assert_eq!(asked("wang", "2026-12-01"), None);
        assert_eq!(asked("wangmou", "2026-11-30"), None);
        assert_eq!(asked("wangmou", "2026-12-24").as_deref(), Some("李某 2026-12-24 批准，至 2026-12-24"));
        assert_eq!(Desk::load(None, None).unwrap().look_approval("wang", Day::from_days(20_000)), None);
        std::fs::write(folder.path().join(LOOKS), format!("{table},,2026-13-01,2026-12-24,\n")).unwrap();
        let problems = Desk::load(None, Some(folder.path())).unwrap_err();
        let told: Vec<(u32, &str)> = problems.iter().map(|p| (p.spot.line, p.spot.column.as_str())).collect();
        assert_eq!(told, [(4, "account"), (4, "approved_by"), (4, "approved_on")]);
    }

    #[test]
    fn a_grant_in_full_without_a_line_is_told_when_the_tables_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let bundled = include_str!("../../schemas/tables/disclosure.csv");
        let other = bundled.replace("town,full,full,masked", "town,full,full,full");
        std::fs::write(folder.path().join("disclosure.csv"), other).unwrap();
        let (_, problems) = Desk::read(None, Some(folder.path()));
        let told: Vec<(&str, &str)> = problems.iter().map(|p| (p.code, p.spot.column.as_str())).collect();
        assert_eq!(told, [("full_numbers_not_approved", "town")]);
        assert_eq!(Desk::read(None, None).1, Vec::new());
    }

    #[test]
    fn a_line_that_cannot_be_is_told_with_its_column() {
        let wrong = "educatio,id_number,周某,2026-11-01,2026-12-31,\neducation,id,,2026-12-01,2026-11-30,\n\
                     education,id_number,周某,gestern,2026-12-31,\n";
        let problems = desk(wrong).unwrap_err();
        let told: Vec<(u32, &str)> = problems.iter().map(|p| (p.spot.line, p.spot.column.as_str())).collect();
        let expected = [
            (2, "recipient"),
            (3, "class"),
            (3, "approved_by"),
            (3, "valid_until"),
            (4, "approved_on"),
            // Not one line is left that approves the grant.
            (0, "education"),
        ];
        assert_eq!(told, expected);
    }
}
