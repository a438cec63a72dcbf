//! How many rows of an arranged list stand in each group: one page, groups down, words of a column across.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::cover::column;
use super::list_sheet::head;
use super::look::{self, Look};
use super::{Book, BookList};
use crate::domain::{CaseStatus, IdentityId};
use crate::report::rows::ListRows;
use crate::report::template::Arrangement;

/// Figures of one group.
#[derive(Default)]
struct Group {
    /// Rows of the list, and of the annex.
    rows: [u32; 2],
    /// Who they are about.
    people: BTreeSet<IdentityId>,
    /// Rows of the list by the word that is counted.
    words: BTreeMap<String, u32>,
}

impl Group {
    fn add(&mut self, person: IdentityId, word: &str, annex: bool) {
        self.rows[usize::from(annex)] += 1;
        if !annex {
            self.people.insert(person);
            *self.words.entry(word.to_owned()).or_default() += 1;
        }
    }
}

/// Groups in order, the one without a name last, and all together. What was withdrawn does not count.
fn groups(list: &BookList<'_>, arrangement: &Arrangement) -> (BTreeMap<(bool, String), Group>, Group) {
    let mut groups: BTreeMap<(bool, String), Group> = BTreeMap::new();
    let mut all = Group::default();
    for (rows, annex) in [(&list.main, false), (&list.annex, true)] {
        let words = words(rows, &arrangement.count);
        for (at, section) in rows.sections.iter().enumerate() {
            if rows.status[at] == CaseStatus::Withdrawn {
                continue;
            }
            let word = words.get(at).filter(|word| !word.is_empty()).unwrap_or(&arrangement.uncounted);
            for group in [groups.entry((section.is_empty(), section.clone())).or_default(), &mut all] {
                group.add(rows.people[at], word, annex);
            }
        }
    }
    (groups, all)
}

/// The cells of the column with this title.
fn words(rows: &ListRows<'_>, title: &str) -> Vec<String> {
    let at = rows.columns.iter().position(|granted| granted.column().title == title);
    let cells = at.and_then(|at| rows.frame.columns()[at].str().ok());
    cells
        .map_or_else(Vec::new, |cells| cells.iter().map(|cell| cell.unwrap_or_default().to_owned()).collect())
}

/// Columns before the words.
const FIRST: [&str; 3] = ["线索（条）", "涉及儿童（人）", "待确认（另页）"];
/// Groups that still are read well on one page.
const ON_ONE_PAGE: usize = 60;

/// Writes the sheet.
pub(super) fn write(
    sheet: &mut Worksheet,
    look: &Look,
    book: &Book<'_>,
    (list, arrangement): (&BookList<'_>, &Arrangement),
) -> Result<(), XlsxError> {
    let (groups, all) = groups(list, arrangement);
    // The word for what is unknown stands last.
    let mut words: Vec<&str> = all.words.keys().map(String::as_str).collect();
    words.sort_by_key(|word| (*word == arrangement.uncounted, *word));
    sheet.set_name(&arrangement.sheet)?;
    let width = 1 + FIRST.len() + words.len();
    let title = format!("{} · {}（{}）", list.main.template.title, arrangement.sheet, book.receiver);
    head(sheet, look, book, &title, column(width.max(8)))?;
    let counted = words.iter().map(|word| format!("{}：{word}", arrangement.count));
    let titles = std::iter::once(arrangement.by.clone());
    let titles = titles.chain(FIRST.iter().map(|title| (*title).to_owned())).chain(counted);
    for (at, title) in titles.enumerate() {
        sheet.set_column_width(column(at), if at == 0 { 30.0 } else { 12.0 })?;
        sheet.write_string_with_format(2, column(at), title, &look.heading)?;
    }
    sheet.set_row_height(2, 44)?;
    let named = groups.iter().map(|((unknown, name), group)| {
        (if *unknown { &arrangement.nobody } else { name }, group, [&look.text, &look.number])
    });
    let total = "合计".to_owned();
    let lines = named.chain([(&total, &all, [&look.total, &look.total_number])]);
    for (row, (name, group, formats)) in (3..).zip(lines) {
        line(sheet, row, (name, group), &words, formats)?;
    }
    look::paper(sheet, &book.receiver, book.run_id);
    sheet.set_print_fit_to_pages(1, u16::from(groups.len() <= ON_ONE_PAGE));
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 1)?;
    sheet.protect();
    Ok(())
}

fn line(
    sheet: &mut Worksheet,
    row: u32,
    (name, group): (&str, &Group),
    words: &[&str],
    [text, number]: [&Format; 2],
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(row, 0, name, text)?;
    let people = u32::try_from(group.people.len()).unwrap_or(u32::MAX);
    let counted = words.iter().map(|word| group.words.get(*word).copied().unwrap_or_default());
    let figures = [group.rows[0], people, group.rows[1]].into_iter().chain(counted);
    for (at, figure) in figures.enumerate() {
        sheet.write_number_with_format(row, column(at + 1), figure, number)?;
    }
    Ok(())
}
