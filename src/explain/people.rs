//! Rows, the persons they were held to be, and the links between them, as the run's artifacts tell.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use serde::Serialize;

use super::ExplainError;
use super::run::FinishedRun;
use super::table::{Cells, each_row};
use crate::diag::did_you_mean;
use crate::link;

/// Name of a mention for life: extract, row key, role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Extract id.
    pub extract: String,
    /// Row key.
    pub row_key: String,
    /// Role.
    pub role: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.extract, self.row_key, self.role)
    }
}

impl Serialize for Named {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A mention with its place and the person it was held to be.
#[derive(Clone, Debug, Serialize)]
pub struct MentionRow {
    /// Its name for life.
    pub mention: Named,
    /// Delivered file.
    pub file: String,
    /// Sheet; empty for text files.
    pub sheet: String,
    /// Row number as Excel shows it.
    pub row: u32,
    /// Person.
    pub identity: i64,
    /// Probability that it is that person.
    pub probability: f64,
    /// Grade of that.
    pub grade: String,
}

const MENTION_COLUMNS: [&str; 9] =
    ["extract", "row_key", "role", "file", "sheet", "row", "identity_id", "link_probability", "grade"];

impl MentionRow {
    fn of(cells: &Cells<'_>) -> Self {
        Self {
            mention: Named { extract: cells.owned(0), row_key: cells.owned(1), role: cells.owned(2) },
            file: cells.owned(3),
            sheet: cells.owned(4),
            row: cells.number(5),
            identity: cells.number(6),
            probability: cells.number(7),
            grade: cells.owned(8),
        }
    }

    /// Where it stands: file, sheet and row number as lists print them.
    pub fn place(&self) -> String {
        place(&self.file, &self.sheet, self.row)
    }
}

/// File, sheet and row number in words.
pub(super) fn place(file: &str, sheet: &str, row: u32) -> String {
    if sheet.is_empty() { format!("{file} 第{row}行") } else { format!("{file}〔{sheet}〕第{row}行") }
}

/// All mentions that `wanted` admits, in the order of the artifact.
pub(super) fn mentions(
    run: &FinishedRun,
    wanted: impl Fn(&Cells<'_>) -> bool,
) -> Result<Vec<MentionRow>, ExplainError> {
    let mut found = Vec::new();
    each_row(&run.artifact("mentions.parquet"), &MENTION_COLUMNS, |cells| {
        if wanted(cells) {
            found.push(MentionRow::of(cells));
        }
    })?;
    Ok(found)
}

/// All mentions of some persons.
pub(super) fn mentions_of(
    run: &FinishedRun,
    identities: &BTreeSet<i64>,
) -> Result<Vec<MentionRow>, ExplainError> {
    mentions(run, |cells| identities.contains(&cells.number(6)))
}

/// The mention that somebody names: `extract:row_key:role`, or `file:row:role` with the row number as
/// lists print it (`sheet!row` in workbooks). The role may be left out when the row names one person.
pub(super) fn find(run: &FinishedRun, text: &str) -> Result<MentionRow, ExplainError> {
    let (head, rest) = text.split_once(':').unwrap_or((text, ""));
    let asked = if run.extracts().any(|extract| extract == head) {
        Asked::Key(head)
    } else if run.files().any(|(file, _)| file == head) {
        Asked::File(head)
    } else {
        let known: Vec<&str> = run.extracts().chain(run.files().map(|(file, _)| file)).collect();
        let help = match did_you_mean(head, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write extract:row_key:role or file:row:role".to_owned(),
        };
        let message = format!("the run has no extract and no file `{head}`");
        return Err(ExplainError::asked(message, Some(help)));
    };
    let (before, role) = rest.rsplit_once(':').map_or((rest, None), |(row, role)| (row, Some(role)));
    let rows = mentions(run, |cells| asked.is(cells, rest) || (role.is_some() && asked.is(cells, before)))?;
    // A row key may hold a colon itself: the whole rest is tried first.
    let whole: Vec<&MentionRow> = rows.iter().filter(|row| asked.names(row, rest)).collect();
    let (row, role, of_row) = if whole.is_empty() {
        (before, role, rows.iter().filter(|row| asked.names(row, before)).collect())
    } else {
        (rest, None, whole)
    };
    match of_row.as_slice() {
        [] => Err(not_found(run, &asked, row)?),
        [one] if role.is_none_or(|role| role == one.mention.role) => Ok((*one).clone()),
        several => {
            let roles: Vec<&str> = several.iter().map(|row| row.mention.role.as_str()).collect();
            let named = several.iter().find(|row| role == Some(row.mention.role.as_str()));
            named.map(|row| (*row).clone()).ok_or_else(|| role_unclear(text, role, &roles))
        }
    }
}

/// How a row is named.
enum Asked<'a> {
    /// By extract and row key.
    Key(&'a str),
    /// By file and row number.
    File(&'a str),
}

impl Asked<'_> {
    fn is(&self, cells: &Cells<'_>, row: &str) -> bool {
        match self {
            Self::Key(extract) => cells.text(0) == *extract && cells.text(1) == row,
            Self::File(file) => cells.text(3) == *file && is_row(row, cells.text(4), cells.text(5)),
        }
    }

    fn names(&self, mention: &MentionRow, row: &str) -> bool {
        match self {
            Self::Key(_) => mention.mention.row_key == row,
            Self::File(_) => is_row(row, &mention.sheet, &mention.row.to_string()),
        }
    }
}

/// Whether `12` or `sheet!12` names a row.
fn is_row(asked: &str, sheet: &str, row: &str) -> bool {
    match asked.rsplit_once('!') {
        Some((named, number)) => named == sheet && number == row,
        None => asked == row,
    }
}

fn role_unclear(text: &str, role: Option<&str>, roles: &[&str]) -> ExplainError {
    let message = match role {
        Some(role) => format!("nobody is named in the role `{role}` of this row"),
        None => format!("the row names {} persons", roles.len()),
    };
    let row = role.and_then(|role| text.strip_suffix(role)).map_or(text, |row| row.trim_end_matches(':'));
    let roles: Vec<String> = roles.iter().map(|role| format!("`{row}:{role}`")).collect();
    ExplainError::asked(message, Some(format!("ask for {}", roles.join(" or "))))
}

/// The error for a row that is not there, with the nearest one that is.
fn not_found(run: &FinishedRun, asked: &Asked<'_>, row: &str) -> Result<ExplainError, ExplainError> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    each_row(&run.artifact("mentions.parquet"), &MENTION_COLUMNS, |cells| match asked {
        Asked::Key(extract) if cells.text(0) == *extract => drop(known.insert(cells.owned(1))),
        Asked::File(file) if cells.text(3) == *file => drop(known.insert(cells.owned(5))),
        _ => {}
    })?;
    let (head, what) = match asked {
        Asked::Key(extract) => (extract, "row key"),
        Asked::File(file) => (file, "row"),
    };
    if known.is_empty() {
        let message = format!("`{head}` names nobody, so there is nothing to compare");
        return Ok(ExplainError::asked(message, None));
    }
    let near = did_you_mean(row, known.iter().map(String::as_str));
    let help = near.map(|near| format!("did you mean `{head}:{near}`?"));
    Ok(ExplainError::asked(format!("`{head}` has no {what} `{row}` in which somebody is named"), help))
}

/// One link of a chain.
#[derive(Clone, Debug, Serialize)]
pub struct Hop {
    /// Where it starts.
    pub from: Named,
    /// Where it leads.
    pub to: Named,
    /// Name of the pass.
    pub pass: String,
    /// The pass in Chinese.
    pub pass_title: &'static str,
    /// Weight in bits.
    pub weight: f64,
    /// Probability.
    pub probability: f64,
    /// Grade.
    pub grade: String,
}

/// Links among some mentions: a forest, one tree for each person.
pub(super) struct Forest {
    near: BTreeMap<Named, Vec<Hop>>,
}

const SIDES: [&str; 6] =
    ["left_extract", "left_row_key", "left_role", "right_extract", "right_row_key", "right_role"];

/// The two mentions of a row of `links`, `review_pairs`, or `near_misses`.
pub(super) fn ends(cells: &Cells<'_>) -> (Named, Named) {
    let end = |at: usize| Named {
        extract: cells.owned(at),
        row_key: cells.owned(at + 1),
        role: cells.owned(at + 2),
    };
    (end(0), end(3))
}

impl Forest {
    /// Reads the links among `mentions`.
    pub(super) fn read(run: &FinishedRun, mentions: &[MentionRow]) -> Result<Self, ExplainError> {
        let known: BTreeSet<&Named> = mentions.iter().map(|row| &row.mention).collect();
        let mut near: BTreeMap<Named, Vec<Hop>> = BTreeMap::new();
        let columns: Vec<&str> =
            SIDES.into_iter().chain(["pass", "weight", "probability", "grade"]).collect();
        each_row(&run.artifact("links.parquet"), &columns, |cells| {
            let (left, right) = ends(cells);
            if !known.contains(&left) || !known.contains(&right) {
                return;
            }
            for (from, to) in [(&left, &right), (&right, &left)] {
                near.entry(from.clone()).or_default().push(Hop {
                    from: from.clone(),
                    to: to.clone(),
                    pass: cells.owned(6),
                    pass_title: link::pass_title(cells.text(6)),
                    weight: cells.number(7),
                    probability: cells.number(8),
                    grade: cells.owned(9),
                });
            }
        })?;
        Ok(Self { near })
    }

    /// Every link once, from its lower end.
    pub(super) fn hops(&self) -> Vec<&Hop> {
        self.near.values().flatten().filter(|hop| hop.from < hop.to).collect()
    }

    /// The links that lead from one mention to another; empty when none do.
    pub(super) fn chain(&self, from: &Named, to: &Named) -> Vec<Hop> {
        let mut came: BTreeMap<&Named, &Hop> = BTreeMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(here) = open.pop_front() {
            for hop in self.near.get(here).into_iter().flatten() {
                if hop.to != *from && !came.contains_key(&hop.to) {
                    came.insert(&hop.to, hop);
                    open.push_back(&hop.to);
                }
            }
        }
        let mut chain = Vec::new();
        let mut at = to;
        while let Some(hop) = came.get(at) {
            chain.push((*hop).clone());
            at = &hop.from;
        }
        chain.reverse();
        chain
    }
}
