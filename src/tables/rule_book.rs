//! The rule book: every rule that was agreed on, with its priority and the data it needs. Which of them are
//! written is not stored here: the folder of rules tells.

use std::collections::BTreeSet;

use super::rows::TableText;
use crate::diag::Diagnostic;

/// When a rule is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// First release.
    First,
    /// Second release.
    Second,
    /// Later.
    Later,
    /// No clue of its own: draws people by lot, so that what the lists miss can be estimated.
    SpotCheck,
}

impl Priority {
    /// All, the most wanted first.
    pub const ALL: [Self; 4] = [Self::First, Self::Second, Self::Later, Self::SpotCheck];

    /// The mark of the rule book.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::First => "★",
            Self::Second => "☆",
            Self::Later => "·",
            Self::SpotCheck => "抽",
        }
    }
}

/// One rule of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookEntry {
    /// Rule id; never used again for another rule.
    pub rule: String,
    /// Name for people.
    pub title: String,
    /// List it belongs to.
    pub list: String,
    /// When it is wanted.
    pub priority: Priority,
    /// Extracts that a rule still to be written would read.
    pub reads: Vec<String>,
    /// Data that no contract delivers and without which it cannot be written; empty when all is there.
    pub needs: String,
}

/// All rules that were agreed on, in the order of the book.
#[derive(Clone, Debug, Default)]
pub struct RuleBook {
    /// Its rules.
    pub entries: Vec<BookEntry>,
}

impl RuleBook {
    pub(super) fn load(table: TableText<'_>, problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut entries: Vec<BookEntry> = Vec::new();
        let mut seen = BTreeSet::new();
        let header = ["rule", "title", "list", "priority", "reads", "needs"];
        let rows = table.csv(&header, problems, |cells| {
            if cells[..3].iter().any(|cell| cell.is_empty()) {
                return Err("rule, title and list must be filled".to_owned());
            }
            let priority = Priority::ALL.into_iter().find(|priority| priority.mark() == cells[3]);
            let priority = priority.ok_or("priority is none of ★, ☆, ·, 抽")?;
            if !seen.insert(cells[0].to_owned()) {
                return Err(format!("rule {} stands twice", cells[0]));
            }
            entries.push(BookEntry {
                rule: cells[0].to_owned(),
                title: cells[1].to_owned(),
                list: cells[2].to_owned(),
                priority,
                reads: cells[4].split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
                needs: cells[5].to_owned(),
            });
            Ok(())
        });
        (Self { entries }, rows)
    }

    /// The entry of a rule.
    pub fn entry(&self, rule: &str) -> Option<&BookEntry> {
        self.entries.iter().find(|entry| entry.rule == rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> (RuleBook, Vec<u32>) {
        let text = format!("rule,title,list,priority,reads,needs\n{rows}");
        let mut problems = Vec::new();
        let (book, _) = RuleBook::load(TableText { file: "b.csv", text: &text }, &mut problems);
        (book, problems.iter().map(|problem| problem.spot.line).collect())
    }

    #[test]
    fn rules_keep_their_order_and_tell_what_they_need() {
        let (book, problems) = read("b,乙,l,☆,x|y,\na,甲,l,★,,某数据\n");
        assert!(problems.is_empty(), "{problems:?}");
        let words: Vec<(&str, &str)> =
            book.entries.iter().map(|e| (e.rule.as_str(), e.priority.mark())).collect();
        assert_eq!(words, [("b", "☆"), ("a", "★")]);
        assert_eq!(book.entry("b").unwrap().reads, ["x", "y"]);
        assert_eq!(book.entry("a").unwrap().needs, "某数据");
    }

    #[test]
    fn faulty_rows_are_told_with_their_line() {
        assert_eq!(read("a,甲,l,★,,\na,甲,l,★,,\nb,乙,l,!,,\nc,,l,★,,\n").1, [3, 4, 5]);
    }
}
