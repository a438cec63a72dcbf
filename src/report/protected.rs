//! Children below an age (`protected.csv`): who may see which of their values in full.
//!
//! Rule book G3: personal information of children below 14 is sensitive whatever it says, so it is always in the
//! protected class and masked by default. What the matrix grants in full comes masked, unless this table grants it
//! to the recipient by name. A person whose age nobody knows counts as a child.

use std::collections::{BTreeMap, BTreeSet};

use super::disclosure::Sheet;
use super::gate::About;
use crate::diag::{Diagnostic, Spot, did_you_mean};

/// Stands for all recipients.
const EVERYBODY: &str = "*";

/// A line of `protected.csv`.
#[derive(Clone, Debug)]
struct Line {
    below: i32,
    granted: BTreeSet<String>,
}

/// Protected classes by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Protected(BTreeMap<String, Line>);

impl Protected {
    /// Reads the table, which has a line for each class of the matrix.
    pub(super) fn load(
        sheet: &Sheet,
        (classes, recipients): (&BTreeSet<String>, &[&str]),
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut lines = BTreeMap::new();
        for (at, row) in sheet.rows.iter().enumerate() {
            let mut report = sheet.reporter(at, "protected", problems);
            let class = sheet.cell(row, "class");
            if !classes.contains(class) {
                let near = did_you_mean(class, classes.iter().map(String::as_str));
                report("class", format!("disclosure.csv has no class `{class}`"), near);
            }
            let age = sheet.cell(row, "below_age");
            let below = age.parse().ok().filter(|age| (0..=150).contains(age)).unwrap_or_else(|| {
                report("below_age", format!("`{age}` is no age"), None);
                i32::MAX
            });
            if sheet.cell(row, "basis").is_empty() {
                report("basis", "say on which basis".to_owned(), None);
            }
            let named = sheet.cell(row, "granted").split('|').map(str::trim).filter(|id| !id.is_empty());
            let granted: BTreeSet<String> = named.map(str::to_owned).collect();
            for id in granted.iter().filter(|id| *id != EVERYBODY && !recipients.contains(&id.as_str())) {
                let near = did_you_mean(id, recipients.iter().copied());
                report("granted", format!("no recipient `{id}` in recipients.csv"), near);
            }
            lines.insert(class.to_owned(), Line { below, granted });
        }
        for class in classes.iter().filter(|class| !lines.contains_key(*class)) {
            let spot = Spot { column: class.clone(), ..sheet.spot(sheet.rows.len()) };
            let message = format!("there is no line for the class `{class}` of disclosure.csv");
            let help = "add one: below which age it is protected, and who may see it in full all the same";
            problems.push(Diagnostic::error("protected", spot, message).with_help(help));
        }
        Self(lines)
    }

    /// Whether the recipient sees the class of this person one step less than the matrix says.
    pub(super) fn lowers(&self, recipient: &str, class: &str, about: About) -> bool {
        // A class of which the table says nothing is protected for everybody.
        self.0.get(class).is_none_or(|line| {
            let granted = line.granted.contains(recipient) || line.granted.contains(EVERYBODY);
            about.is_below(line.below) && !granted
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::disclosure::{Disclosure, Show};
    use super::*;

    /// For each recipient the classes of which it sees the values of a child of 13, of 14, and of somebody without
    /// an age less than fully although the matrix, in which everything is granted in full, says otherwise.
    #[test]
    fn below_the_age_a_class_is_masked_unless_the_table_grants_it_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let bundled = include_str!("../../schemas/tables/disclosure.csv");
        let all_full: Vec<String> = bundled
            .lines()
            .enumerate()
            .map(|(at, line)| {
                if at == 0 {
                    line.to_owned()
                } else {
                    line.replace(",masked", ",full").replace(",no", ",full")
                }
            })
            .collect();
        std::fs::write(folder.path().join("disclosure.csv"), all_full.join("\n")).unwrap();
        let mut problems = Vec::new();
        let disclosure = Disclosure::load(Some(folder.path()), &mut problems);
        assert_eq!(problems, Vec::new());
        let lowered = |recipient: &str, about: About| -> String {
            let classes = disclosure.classes();
            let masked = classes.filter(|class| disclosure.show_of(recipient, class, about) == Show::Masked);
            masked.collect::<Vec<_>>().join(" ")
        };
        let sensitive = "assessment bank case contact custody disability employment hiv id_number illness \
                         money relative school screening staff watch_group";
        let but = |granted: &str| -> String {
            let granted: Vec<&str> = granted.split(' ').collect();
            let all = format!("address {sensitive}");
            let mut left: Vec<&str> =
                all.split_whitespace().filter(|class| !granted.contains(class)).collect();
            left.sort_unstable();
            left.join(" ")
        };
        let expected = [
            ("civil-affairs", "bank employment hiv id_number screening".to_owned()),
            (
                "civil-affairs-relief",
                but("address contact relative school watch_group money disability custody"),
            ),
            ("education", but("address contact school watch_group disability")),
            ("disability-federation", but("address contact disability")),
            ("public-security", but("")),
            ("justice", but("")),
            ("court", but("")),
            ("health", but("screening")),
            ("medical-insurance", but("")),
            ("human-resources", but("")),
            ("emergency", but("")),
            ("women-federation", but("")),
            ("town", but("address contact relative school watch_group disability staff")),
            ("family", but("address watch_group money disability")),
        ];
        assert_eq!(
            expected.len() + 1,
            disclosure.recipients().len(),
            "all but the owner, who is one of them"
        );
        for (recipient, classes) in expected {
            assert_eq!(lowered(recipient, About::aged(13)), classes, "{recipient}");
            assert_eq!(lowered(recipient, About::aged(14)), "", "{recipient}");
            assert_eq!(lowered(recipient, About::unknown()), classes, "{recipient}");
            assert_eq!(lowered(recipient, About::nobody()), "", "{recipient}");
        }
    }

    #[test]
    fn the_bundled_table_takes_from_no_recipient_what_the_bundled_matrix_grants_it() {
        let mut problems = Vec::new();
        let disclosure = Disclosure::load(None, &mut problems);
        assert_eq!(problems, Vec::new());
        for recipient in disclosure.recipients() {
            for class in disclosure.classes() {
                let of_child = disclosure.show_of(&recipient.id, class, About::aged(3));
                assert_eq!(of_child, disclosure.show(&recipient.id, class), "{} {class}", recipient.id);
            }
        }
    }

    #[test]
    fn a_line_that_cannot_be_is_told_with_its_column_and_so_is_one_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let bundled = include_str!("../../schemas/tables/protected.csv");
        let wrong = bundled
            .replace("bank,14,,", "bank,child,,")
            .replace("hiv,14,,personal_information_law#28|personal_information_law#31,", "hivv,14,nobody,,");
        std::fs::write(folder.path().join("protected.csv"), wrong).unwrap();
        let mut problems = Vec::new();
        Disclosure::load(Some(folder.path()), &mut problems);
        let told: Vec<&str> = problems.iter().map(|problem| problem.spot.column.as_str()).collect();
        assert_eq!(told, ["below_age", "class", "basis", "granted", "hiv"]);
    }

    #[test]
    fn every_line_stands_on_a_basis_of_the_table_of_legal_bases() {
        let known = include_str!("../../schemas/tables/legal_basis.csv");
        let lines = include_str!("../../schemas/tables/protected.csv").lines().skip(1);
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        for line in lines {
            keys.extend(line.split(',').nth(3).unwrap().split('|'));
        }
        assert_eq!(keys.len(), 2);
        for key in keys {
            assert!(known.lines().any(|line| line.split(',').next() == Some(key)), "{key}");
        }
    }
}
