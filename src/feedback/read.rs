//! A file that came back, row by row, by clue number.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use indexmap::IndexMap;

use super::{FileFacts, Listed, base_name};
use crate::contract::{self, Form, FormRefusal, Limits, normalised_heading};
use crate::domain::{
    Completeness, Contract, Encoding, Field, FieldKind, Format, OnUnknownCode, Tolerance, sha256_of,
};
use crate::field::text;
use crate::report::{AnswerField, ColumnSource, Desk};

/// A file that came back.
pub(super) struct Received {
    pub(super) facts: FileFacts,
    /// Rows in which something was answered.
    pub(super) rows: Vec<Filled>,
    /// What is not taken, with its place in the file.
    pub(super) listed: Vec<(u64, Listed)>,
}

/// A row in which something was answered. No `Debug`: cells hold what people wrote.
pub(super) struct Filled {
    /// Place in the file, for the order in which things are told.
    pub(super) order: u64,
    file: String,
    sheet: String,
    row: u32,
    /// Clue number as it stands there.
    pub(super) clue: String,
    /// Name of the clue number's cell.
    pub(super) clue_cell: String,
    /// Answer cells that are filled, by normalised heading: text and name of the cell.
    pub(super) cells: BTreeMap<String, (String, String)>,
    /// Names of all answer cells, by normalised heading.
    names: BTreeMap<String, String>,
    /// Names of the cells that hold formulas.
    pub(super) formulas: Vec<String>,
    /// Heading of each field, as the templates name them.
    headings: BTreeMap<AnswerField, Vec<String>>,
}

impl Filled {
    /// The name of the cell in which a field stands; of the clue number where there is none.
    pub(super) fn cell_of(&self, field: AnswerField) -> String {
        let headings = self.headings.get(&field).into_iter().flatten();
        let named = headings.filter_map(|heading| self.names.get(heading)).find(|name| !name.is_empty());
        named.unwrap_or(&self.clue_cell).clone()
    }

    /// Something about this row that is not taken.
    pub(super) fn list(&self, cell: &str, reason: &str) -> Listed {
        let cell = if cell.is_empty() { self.row.to_string() } else { cell.to_owned() };
        Listed { file: self.file.clone(), sheet: self.sheet.clone(), cell, reason: reason.to_owned() }
    }
}

/// Limits of a file that came back: a workbook of 20,000 rows has a twentieth of this.
const LIMITS: Limits = Limits {
    file_bytes_max: 48 << 20,
    rows_max: 500_000,
    zip_unpacked_max: 1 << 30,
    zip_held_max: 256 << 20,
    xls_bytes_max: 48 << 20,
    text_bytes_max: 256 << 20,
    quarantined_rows_max: 20_000,
    ..Limits::FOR_A_COUNTY
};

const CLUE: &str = "clue";

/// Reads a file.
pub(super) fn read(path: &Path, desk: &Desk) -> Received {
    let name = base_name(path);
    let mut facts = FileFacts {
        name: name.clone(),
        sha256: String::new(),
        read: false,
        rows: 0,
        unanswered: 0,
        skipped_sheets: Vec::new(),
    };
    let refused = |facts: FileFacts, sheet: &str, cell: String, reason: String| {
        let listed = Listed { file: facts.name.clone(), sheet: sheet.to_owned(), cell, reason };
        Received { facts, rows: Vec::new(), listed: vec![(0, listed)] }
    };
    match File::open(path).and_then(sha256_of) {
        Ok((digest, _)) => facts.sha256 = digest,
        Err(_) => return refused(facts, "", String::new(), "文件无法读取".to_owned()),
    }
    let contract = form_contract(desk);
    match contract::read_form(path, &name, &contract, &LIMITS) {
        Ok(form) => {
            facts.read = true;
            sort(form, &contract, desk, facts)
        }
        Err(refusal) => {
            let row = if refusal.row == 0 { String::new() } else { refusal.row.to_string() };
            let reason = refusal_words(&refusal);
            refused(facts, &refusal.sheet, row, reason)
        }
    }
}

/// The reader's words are those of deliveries; where a form needs others, they stand here.
fn refusal_words(refusal: &FormRefusal) -> String {
    match refusal.code {
        "format_undeclared" => "只接收 xlsx、xls、csv 文件，请另存后重报".to_owned(),
        "header_missing" => "找不到表头：没有一个工作表同时有“线索编号”和填写列".to_owned(),
        _ => refusal.reason.clone(),
    }
}

/// Headings of clue numbers and of all answer columns, over all lists.
fn form_contract(desk: &Desk) -> Contract {
    let of_clue = desk.templates.iter().flat_map(|template| &template.column);
    let mut clue: Vec<String> = Vec::new();
    for column in of_clue.filter(|column| column.source == ColumnSource::Clue) {
        if !clue.contains(&column.title) {
            clue.push(column.title.clone());
        }
    }
    let mut field: IndexMap<String, Field> = IndexMap::new();
    field.insert(CLUE.to_owned(), text_field(clue, true));
    for answer in desk.templates.iter().flat_map(|template| &template.answer) {
        let id = normalised_heading(&answer.title);
        field.entry(id).or_insert_with(|| text_field(vec![answer.title.clone()], false));
    }
    Contract {
        title: "核查反馈".to_owned(),
        owner: String::new(),
        version: 1,
        grain: String::new(),
        files: Vec::new(),
        formats: vec![Format::Xlsx, Format::Xls, Format::Csv],
        encodings: vec![Encoding::Utf8, Encoding::Gb18030],
        key: Vec::new(),
        cumulative_since: None,
        town_field: None,
        towns: Vec::new(),
        hidden_sheets: Vec::new(),
        completeness: Completeness::Optional,
        field,
        mention: Vec::new(),
        id_history: None,
        tolerance: Tolerance::default(),
    }
}

fn text_field(headers: Vec<String>, required: bool) -> Field {
    Field {
        headers,
        kind: FieldKind::Text,
        table: None,
        required,
        checks: Vec::new(),
        on_unknown: OnUnknownCode::Keep,
        null_share_max: None,
        class: None,
        label_class: IndexMap::new(),
    }
}

/// Rows with an answer, rows without, and what the reader held back.
fn sort(form: Form, contract: &Contract, desk: &Desk, mut facts: FileFacts) -> Received {
    let order = |row: u32| u64::from(row);
    let mut listed: Vec<(u64, Listed)> = form
        .held
        .iter()
        .map(|held| {
            let cell = if held.cell.is_empty() { held.row.to_string() } else { held.cell.clone() };
            let listed = Listed {
                file: facts.name.clone(),
                sheet: held.sheet.clone(),
                cell,
                reason: held.reason.clone(),
            };
            (order(held.row), listed)
        })
        .collect();
    facts.skipped_sheets.clone_from(&form.skipped);
    let headings = headings(desk);
    let mut rows = Vec::new();
    for row in form.rows {
        facts.rows += 1;
        let ids = || contract.field.keys().skip(1);
        let filled = ids().zip(row.cells.iter().skip(1)).zip(row.names.iter().skip(1));
        let cells: BTreeMap<String, (String, String)> = filled
            .map(|((id, cell), name)| (id.clone(), (text::clean(cell).into_owned(), name.clone())))
            .filter(|(_, (cell, _))| !cell.is_empty())
            .collect();
        let formulas: Vec<String> =
            row.formulas.iter().filter_map(|&at| row.names.get(at).cloned()).collect();
        if cells.is_empty() && formulas.is_empty() {
            facts.unanswered += 1;
            continue;
        }
        rows.push(Filled {
            order: order(row.row),
            file: facts.name.clone(),
            sheet: row.sheet,
            row: row.row,
            clue: row.cells.first().cloned().unwrap_or_default(),
            clue_cell: row.names.first().cloned().unwrap_or_default(),
            cells,
            names: ids().cloned().zip(row.names.into_iter().skip(1)).collect(),
            formulas,
            headings: headings.clone(),
        });
    }
    listed.sort();
    Received { facts, rows, listed }
}

/// Normalised headings of each field over all lists.
fn headings(desk: &Desk) -> BTreeMap<AnswerField, Vec<String>> {
    let mut headings: BTreeMap<AnswerField, Vec<String>> = BTreeMap::new();
    for answer in desk.templates.iter().flat_map(|template| &template.answer) {
        let known = headings.entry(answer.field).or_default();
        let heading = normalised_heading(&answer.title);
        if answer.field != AnswerField::Other && !known.contains(&heading) {
            known.push(heading);
        }
    }
    headings
}
