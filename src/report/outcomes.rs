//! What an answer means: reasons and dispositions of each list, as two tables.
//!
//! `outcomes.csv`: for each list and reason the results it goes with, whose data are wrong (`corrects`: a
//! recipient, `subject` for the owner of the subject's row, `evidence` for the owners of the other rows),
//! what it proves for linkage, how long it keeps the case silent. A line without a label says what a result
//! means when no reason is given; a line of the list `*` holds for every list.
//! `dispositions.csv`: what may be done, and which of it takes a second person.

use std::collections::BTreeSet;

use super::disclosure::{Disclosure, Sheet};
use super::template::ListTemplate;
use crate::diag::{Diagnostic, Spot, did_you_mean};
use crate::domain::Outcome;

/// For how long an answer keeps a case silent, as the table says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceRule {
    /// Until the fact changes.
    Fact,
    /// Through the day in 证明有效期至, which has to be filled in.
    Proof,
    /// For so many days from the day it was checked.
    Days(u32),
    /// Confirmed: not silent, with the office until it is not found any more.
    Gone,
}

/// A line of `outcomes.csv`.
#[derive(Clone, Debug)]
pub struct OutcomeCode {
    /// List; `*`: every list.
    pub list: String,
    /// Word of the drop-down; empty: when no reason was given.
    pub label: String,
    /// Stable id.
    pub code: String,
    /// Results it goes with.
    pub results: Vec<Outcome>,
    /// Whose data are wrong: recipient ids, `subject`, `evidence`.
    pub corrects: Vec<String>,
    /// Whether it says that the rows are one person, or that they are not.
    pub proves: Option<bool>,
    /// How long it keeps a case silent.
    pub silence: SilenceRule,
    /// Disclosure class of the label.
    pub class: String,
}

/// A line of `dispositions.csv`.
#[derive(Clone, Debug)]
struct Disposition {
    list: String,
    label: String,
    needs_approval: bool,
}

/// Reasons and dispositions of all lists.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    codes: Vec<OutcomeCode>,
    dispositions: Vec<Disposition>,
}

/// Owner of the subject's row, and owners of the other rows, in the column `corrects`.
pub const SUBJECT: &str = "subject";
/// Owners of the evidence rows beside the subject's.
pub const EVIDENCE: &str = "evidence";

impl Outcomes {
    pub(super) fn load(codes: &Sheet, dispositions: &Sheet, problems: &mut Vec<Diagnostic>) -> Self {
        let mut outcomes = Self::default();
        for (at, row) in codes.rows.iter().enumerate() {
            match outcome(codes, row) {
                Ok(code) => outcomes.codes.push(code),
                Err((column, message)) => {
                    let spot = Spot { column: column.to_owned(), ..codes.spot(at) };
                    problems.push(Diagnostic::error("outcome_code", spot, message));
                }
            }
        }
        for (at, row) in dispositions.rows.iter().enumerate() {
            let cell = |heading| dispositions.cell(row, heading);
            let needs_approval = match cell("needs_approval") {
                "yes" => true,
                "no" => false,
                other => {
                    let spot = Spot { column: "needs_approval".to_owned(), ..dispositions.spot(at) };
                    let message = format!("`{other}` is none of yes, no");
                    problems.push(Diagnostic::error("disposition", spot, message));
                    true
                }
            };
            let (list, label) = (cell("list").to_owned(), cell("label").to_owned());
            outcomes.dispositions.push(Disposition { list, label, needs_approval });
        }
        outcomes
    }

    /// What the tables name and nobody knows; reasons that stand twice for one result.
    pub(super) fn check(
        &self,
        (templates, all_read): (&[ListTemplate], bool),
        disclosure: &Disclosure,
        problems: &mut Vec<Diagnostic>,
    ) {
        let mut report = |column: &str, message: String, near: Option<&str>| {
            let spot = Spot { column: column.to_owned(), ..Spot::file("outcomes.csv") };
            let mut problem = Diagnostic::error("outcome_code", spot, message);
            problem.help = near.map(|near| format!("did you mean `{near}`?"));
            problems.push(problem);
        };
        let mut seen = BTreeSet::new();
        for code in &self.codes {
            if all_read && code.list != "*" && !templates.iter().any(|template| template.list == code.list) {
                let near = did_you_mean(&code.list, templates.iter().map(|t| t.list.as_str()));
                report("list", format!("no template for the list `{}`", code.list), near);
            }
            for whom in code.corrects.iter().filter(|whom| ![SUBJECT, EVIDENCE].contains(&whom.as_str())) {
                if !disclosure.recipients().iter().any(|recipient| recipient.id == *whom) {
                    let known = disclosure.recipients().iter().map(|r| r.id.as_str());
                    report("corrects", format!("no recipient `{whom}`"), did_you_mean(whom, known));
                }
            }
            if !disclosure.classes().any(|class| class == code.class) {
                report("class", format!("disclosure.csv has no class `{}`", code.class), None);
            }
            for result in &code.results {
                if !seen.insert((&code.list, &code.label, *result)) {
                    let message = format!("`{}` of `{}` stands twice for one result", code.code, code.list);
                    report("results", message, None);
                }
            }
        }
    }

    /// Words of the drop-down 原因分类 of a list, in the table's order.
    pub fn reasons(&self, list: &str) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for code in self.codes.iter().filter(|code| code.list == list && !code.label.is_empty()) {
            if !labels.contains(&code.label) {
                labels.push(code.label.clone());
            }
        }
        labels
    }

    /// Words of the drop-down 处理意见 of a list.
    pub fn dispositions(&self, list: &str) -> Vec<String> {
        let of_list = self.dispositions.iter().filter(|disposition| disposition.list == list);
        of_list.map(|disposition| disposition.label.clone()).collect()
    }

    /// What a reason means with a result; an empty label: what the result means alone.
    pub fn meaning(&self, list: &str, label: &str, result: Outcome) -> Option<&OutcomeCode> {
        let fits = |code: &&OutcomeCode, of: &str| {
            code.list == of && code.label == label && code.results.contains(&result)
        };
        let find = |of: &str| self.codes.iter().find(|code| fits(code, of));
        find(list).or_else(|| find("*"))
    }

    /// Whether what is to be done takes a second person.
    pub fn needs_approval(&self, list: &str, label: &str) -> bool {
        let line = self.dispositions.iter().find(|line| line.list == list && line.label == label);
        line.is_some_and(|line| line.needs_approval)
    }
}

fn outcome(sheet: &Sheet, row: &[String]) -> Result<OutcomeCode, (&'static str, String)> {
    let cell = |heading| sheet.cell(row, heading);
    let parts = |heading: &str| -> Vec<String> {
        sheet.cell(row, heading).split('|').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let results = parts("results")
        .iter()
        .map(|word| Outcome::of_title(word).ok_or_else(|| ("results", format!("`{word}` is no result"))))
        .collect::<Result<Vec<Outcome>, _>>()?;
    let days = cell("days");
    let silence = match (cell("silence"), days.parse::<u32>()) {
        ("fact", _) => SilenceRule::Fact,
        ("proof", _) => SilenceRule::Proof,
        ("gone", _) => SilenceRule::Gone,
        ("days", Ok(days)) => SilenceRule::Days(days),
        ("days", Err(_)) => return Err(("days", format!("`{days}` is no number of days"))),
        (other, _) => return Err(("silence", format!("`{other}` is none of fact, proof, days, gone"))),
    };
    let proves = match cell("proves") {
        "" => None,
        "same" => Some(true),
        "not_same" => Some(false),
        other => return Err(("proves", format!("`{other}` is none of same, not_same"))),
    };
    Ok(OutcomeCode {
        list: cell("list").to_owned(),
        label: cell("label").to_owned(),
        code: cell("code").to_owned(),
        results,
        corrects: parts("corrects"),
        proves,
        silence,
        class: cell("class").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Desk;

    #[test]
    fn every_list_has_reasons_for_every_result_and_knows_what_takes_two() {
        let desk = Desk::load(None, None).unwrap();
        for template in &desk.templates {
            let list = template.list.as_str();
            let reasons = desk.outcomes.reasons(list);
            for result in Outcome::ALL {
                let some = reasons.iter().any(|label| desk.outcomes.meaning(list, label, result).is_some());
                assert!(some, "{list} has no reason for {}", result.title());
            }
            for label in &reasons {
                let known = Outcome::ALL.iter().any(|r| desk.outcomes.meaning(list, label, *r).is_some());
                assert!(known, "{list} {label}");
            }
            assert!(!desk.outcomes.dispositions(list).is_empty(), "{list}");
        }
        assert!(desk.outcomes.needs_approval("exit", "停发"));
        assert!(!desk.outcomes.needs_approval("exit", "继续享受"));
        assert!(desk.outcomes.meaning("dropout", "", Outcome::Refuted).is_none(), "a reason is asked for");
        let alone = desk.outcomes.meaning("dropout", "", Outcome::Unverifiable).unwrap();
        assert_eq!(alone.silence, SilenceRule::Days(30));
        let other = desk.outcomes.meaning("exit", "同名误认", Outcome::Refuted).unwrap();
        assert_eq!((other.proves, other.silence), (Some(false), SilenceRule::Fact));
        assert!(desk.outcomes.meaning("exit", "同名误认", Outcome::Confirmed).is_none());
    }

    #[test]
    fn what_is_wrong_in_the_tables_is_told_with_its_column() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "outcomes.csv",
            "list,label,code,results,corrects,proves,silence,days,class,note\n\
             exit,a,a,属实,,,gone,,plain,\nexit,b,b,对,,,gone,,plain,\nexit,c,c,属实,,,days,many,plain,\n\
             exit,d,d,属实,,,ever,,plain,\nexit,e,e,属实,,maybe,fact,,plain,\nexits,f,f,属实,,,fact,,plain,\n\
             exit,g,g,属实,educatio,,fact,,plain,\nexit,h,h,属实,,,fact,,plane,\nexit,a,i,属实,,,fact,,plain,\n",
        );
        write("dispositions.csv", "list,label,needs_approval\nexit,停发,sure\n");
        let problems = Desk::load(None, Some(folder.path())).unwrap_err();
        let told: Vec<&str> = problems.iter().map(|problem| problem.spot.column.as_str()).collect();
        let expected = [
            "results",
            "days",
            "silence",
            "proves",
            "needs_approval",
            "list",
            "corrects",
            "class",
            "results",
            // The notice of the bundled list has words for what this table lacks.
            "planned",
            "planned",
        ];
        assert_eq!(told, expected);
    }
}
