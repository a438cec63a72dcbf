//! Approvals of full numbers: a recipient whose row of the disclosure table grants numbers of persons in full gets
//! them only while somebody has approved it on record; else they are masked, and the run says so.
//!
//! `full_approvals.csv`: recipient, class, who approved, when, until when, the document. Rule book G11: opening or
//! exporting a list of full numbers needs an approval record.

use std::collections::BTreeSet;

use super::Desk;
use super::disclosure::{Disclosure, Sheet, Show};
use super::template::{ColumnSource, ListTemplate};
use crate::diag::{Diagnostic, Level, Spot, did_you_mean};
use crate::domain::Day;

/// A line of `full_approvals.csv`.
#[derive(Clone, Debug)]
struct Approval {
    recipient: String,
    class: String,
    by: String,
    on: Day,
    until: Day,
}

/// All approvals, in the table's order.
#[derive(Clone, Debug, Default)]
pub(super) struct Approvals(Vec<Approval>);

const FILE: &str = "full_approvals.csv";

impl Approvals {
    pub(super) fn load(sheet: &Sheet, disclosure: &Disclosure, problems: &mut Vec<Diagnostic>) -> Self {
        let mut approvals = Vec::new();
        for (at, row) in sheet.rows.iter().enumerate() {
            let cell = |heading: &str| sheet.cell(row, heading).to_owned();
            let mut report = |column: &str, message: String, near: Option<&str>| {
                let spot = Spot { column: column.to_owned(), ..sheet.spot(at) };
                let mut problem = Diagnostic::error("full_approval", spot, message);
                problem.help = near.map(|near| format!("did you mean `{near}`?"));
                problems.push(problem);
            };
            let (recipient, class, by) = (cell("recipient"), cell("class"), cell("approved_by"));
            let ids = || disclosure.recipients().iter().map(|known| known.id.as_str());
            if !ids().any(|id| id == recipient) {
                let message = format!("no recipient `{recipient}` in recipients.csv");
                report("recipient", message, did_you_mean(&recipient, ids()));
            }
            if !disclosure.classes().any(|known| known == class) {
                let message = format!("disclosure.csv has no class `{class}`");
                report("class", message, did_you_mean(&class, disclosure.classes()));
            }
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
            if let (Some(on), Some(until)) = (on, until) {
                if until < on {
                    report("valid_until", "it ends before it begins".to_owned(), None);
                }
                approvals.push(Approval { recipient, class, by, on, until });
            }
        }
        Self(approvals)
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
                let known = |line: &Approval| line.recipient == recipient.id && line.class == class;
                if full && !self.0.iter().any(known) {
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
        let of = |approval: &&Approval| approval.recipient == recipient && approval.class == class;
        self.0.iter().filter(of).find(|approval| (approval.on..=approval.until).contains(&day))
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
        let mut desk = self.clone();
        let mut said = Vec::new();
        for recipient in self.disclosure.recipients() {
            for class in number_classes(&self.templates) {
                if self.disclosure.show(&recipient.id, class) != Show::Full {
                    continue;
                }
                let spot = Spot { column: recipient.id.clone(), ..Spot::file(FILE) };
                let title = &recipient.title;
                let told = if let Some(approval) = self.approvals.on(&recipient.id, class, day) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
