//! Writes extracts as they stream in: CSV in three encodings, workbooks with titles, town sheets, merged
//! cells, hidden sheets and sums; counts rows and digests for the manifests.

use std::fmt::Write as _;
use std::fs::{File, create_dir_all, read};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::agencies::{Mention, Row};
use super::calendar::Calendar;
use super::columns::Columns;
use super::layout::{Extract, Format};
use super::pen::{Cell, Written};
use crate::domain::{Day, ResidentId};

/// What went wrong while writing.
#[derive(Debug)]
pub enum SynthError {
    /// A file or folder could not be written; the path says which.
    Io(PathBuf, std::io::Error),
    /// A workbook could not be written.
    Workbook(PathBuf, XlsxError),
    /// A Parquet file could not be written.
    Columns(PathBuf, ParquetError),
    /// The options make no county.
    Options(&'static str),
    /// Worker threads could not be started.
    Threads(String),
}

impl std::fmt::Display for SynthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, cause) => write!(f, "write {}: {cause}", path.display()),
            Self::Workbook(path, cause) => write!(f, "write workbook {}: {cause}", path.display()),
            Self::Columns(path, cause) => write!(f, "write Parquet {}: {cause}", path.display()),
            Self::Options(what) => write!(f, "simulate: {what}"),
            Self::Threads(cause) => write!(f, "start worker threads: {cause}"),
        }
    }
}

impl std::error::Error for SynthError {}

/// Someone named in a data row, counted from the first data row of the part.
pub(crate) struct Named {
    row: usize,
    role: &'static str,
    person: u64,
    slip: Slip,
}

/// What a row shows to be wrong with the number of somebody named in it.
#[derive(Clone, Copy, Default)]
struct Slip {
    /// No valid number, or one that the row itself denies.
    bad: bool,
    /// A grown-up's number in a child's cell.
    grown_up: bool,
    /// Somebody else's valid number, in the first cell of the row.
    borrowed: Option<ResidentId>,
    /// The valid number of the first person of the row, whosever it is.
    number: Option<ResidentId>,
}

/// The rows of one extract from one chunk, ready for its file.
pub(crate) enum Part {
    /// Encoded lines.
    Lines { bytes: Vec<u8>, rows: usize, named: Vec<Named> },
    /// Rows for a workbook or for columns.
    Rows(Vec<Row>),
}

/// A delivered file.
pub(crate) struct Delivered {
    /// Base name.
    pub(crate) name: String,
    /// Data rows.
    pub(crate) rows: usize,
    /// SHA-256 in hex.
    pub(crate) digest: String,
}

/// A cell where everything is text.
pub(crate) fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) if number.fract().abs() < f64::EPSILON => format!("{number:.0}"),
        Cell::Number(number) => number.to_string(),
        Cell::Date(day) => day.iso(),
    }
}

fn push_line(text: &mut String, cells: impl Iterator<Item = String>, end: &str) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            let _ = write!(text, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str(end);
}

fn filled(row: &Row, mention: &Mention) -> bool {
    let has = |column: usize| row.cells.get(column).is_some_and(|c| *c != Cell::Empty);
    has(mention.name) || has(mention.id)
}

fn slip(row: &Row, nth: usize, mention: &Mention) -> Slip {
    if row.cells.get(mention.id).is_none_or(|c| *c == Cell::Empty) {
        return Slip::default();
    }
    let first = nth == 0;
    let number = match mention.written {
        Written::Number(number) => Some(number),
        _ => None,
    };
    Slip {
        bad: mention.shows_error(),
        grown_up: mention.shows_grown_up(row),
        borrowed: if first { mention.misplaced(row) } else { None },
        number: number.filter(|_| first),
    }
}

/// Everybody named in a row, with what is wrong with their numbers.
fn named(row: &Row) -> impl Iterator<Item = (&Mention, Slip)> {
    let all = row.mentions.iter().enumerate().filter(|(_, mention)| filled(row, mention));
    all.map(|(nth, mention)| (mention, slip(row, nth, mention)))
}

/// Turns a chunk's rows into a part.
pub(crate) fn part(format: Format, rows: Vec<Row>) -> Part {
    if format.workbook() || format == Format::Columns {
        return Part::Rows(rows);
    }
    let mut text = String::with_capacity(rows.len() * 160);
    let mut named = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        push_line(&mut text, row.cells.iter().map(cell_text), line_end(format));
        for (mention, slip) in self::named(row) {
            named.push(Named { row: index, role: mention.role, person: mention.person, slip });
        }
    }
    Part::Lines { bytes: encode(format, &text), rows: rows.len(), named }
}

fn line_end(format: Format) -> &'static str {
    if format == Format::Gb { "\r\n" } else { "\n" }
}

fn encode(format: Format, text: &str) -> Vec<u8> {
    if format == Format::Gb {
        encoding_rs::GB18030.encode(text).0.into_owned()
    } else {
        text.as_bytes().to_vec()
    }
}

/// Headings as the file shows them: some offices spell them a little differently.
fn headings(extract: Extract, file: usize) -> Vec<String> {
    let mut out: Vec<String> = extract.layout().columns.split(',').map(str::to_owned).collect();
    for heading in &mut out {
        let new = match (extract, heading.as_str()) {
            (Extract::SocialRelief | Extract::HomeTeaching, "身份证号" | "身份证件号") => {
                "身份证号码"
            }
            (Extract::DisabilityCard, "身份证号") => "公民身份号码",
            (Extract::SocialRelief | Extract::DropoutLedger, "镇(街道)") => "镇（街道）",
            (Extract::SocialRelief, "村(社区)") => "村（社区）",
            (Extract::CareAgreement, "状态") => "状 态",
            (Extract::StudentRoll, "姓名") if file % 3 == 1 => "姓 名",
            _ => continue,
        };
        new.clone_into(heading);
    }
    out
}

/// The order in which a file shows the columns.
fn order(extract: Extract) -> Vec<usize> {
    let count = extract.layout().columns.split(',').count();
    match extract {
        Extract::HomeTeaching => (0..count).rev().collect(),
        _ => (0..count).collect(),
    }
}

enum Target {
    Closed,
    Lines(Box<BufWriter<File>>, Sha256),
    Book(Box<Workbook>),
    Columns(Box<Columns>),
}

/// Writes one extract.
pub(crate) struct Sink {
    extract: Extract,
    format: Format,
    folder: PathBuf,
    date: Day,
    target: Target,
    file_name: String,
    sheet_name: String,
    town: &'static str,
    /// The next row, counted from 1 as Excel shows it.
    next_row: usize,
    /// Data rows of the file and of the sheet.
    rows: usize,
    sheet_rows: usize,
    sheets: usize,
    runs: Vec<(usize, usize, &'static str)>,
    /// The last data row of a text file.
    last_line: Vec<u8>,
    /// No slips of an export by hand.
    tidy: bool,
    /// Files finished so far.
    pub(crate) delivered: Vec<Delivered>,
    /// Lines for `truth.csv` since they were last taken.
    pub(crate) truth: String,
    /// Persons with a wrong number, since they were last taken.
    pub(crate) slips: Slips,
    /// Number → who was paid under it first, and whether somebody else was too.
    payees: FxHashMap<u64, (u64, bool)>,
}

/// Persons whose numbers came to stand wrongly.
#[derive(Default)]
pub(crate) struct Slips {
    /// The row shows that the number is wrong.
    pub(crate) bad: Vec<u64>,
    /// The row shows that it is a grown-up's.
    pub(crate) grown_up: Vec<u64>,
    /// It is a valid number of somebody else, who may be registered here.
    pub(crate) borrowed: Vec<(u64, ResidentId)>,
    /// Somebody else is paid under it as well.
    pub(crate) shared: Vec<u64>,
}

impl Sink {
    /// A sink for an extract below the output folder.
    pub(crate) fn new(
        extract: Extract,
        format: Format,
        out: &Path,
        date: Day,
        tidy: bool,
    ) -> Result<Self, SynthError> {
        let folder = out.join(extract.layout().agency);
        create_dir_all(&folder).map_err(|e| SynthError::Io(folder.clone(), e))?;
        Ok(Self {
            extract,
            format,
            folder,
            date,
            target: Target::Closed,
            file_name: String::new(),
            sheet_name: String::new(),
            town: "",
            next_row: 1,
            rows: 0,
            sheet_rows: 0,
            sheets: 0,
            runs: Vec::new(),
            last_line: Vec::new(),
            tidy,
            delivered: Vec::new(),
            truth: String::new(),
            slips: Slips::default(),
            payees: FxHashMap::default(),
        })
    }

    /// Appends a part; `town` is the town of its chunk.
    pub(crate) fn append(&mut self, part: &Part, town: &'static str) -> Result<(), SynthError> {
        match part {
            Part::Lines { bytes, rows, named } => self.lines(bytes, *rows, named),
            Part::Rows(rows) if self.format == Format::Columns => self.columns(rows),
            Part::Rows(rows) => rows.iter().try_for_each(|row| self.row(row, town)),
        }
    }

    fn name_of_file(&self, town: &str, part: usize) -> String {
        let layout = self.extract.layout();
        let (y, m, d) = self.date.ymd();
        let extension = match self.format {
            Format::Columns => "parquet",
            format if format.workbook() => "xlsx",
            _ => "csv",
        };
        let middle = match (self.format, part) {
            (Format::TownFiles, 0) => format!("_{town}"),
            (Format::TownFiles, nth) => format!("_{town}{}", nth + 1),
            (_, 0) => String::new(),
            (_, nth) => format!("_{}", nth + 1),
        };
        format!("{}{middle}_{y:04}{m:02}{d:02}.{extension}", layout.stem)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.file_name)
    }

    fn lines(&mut self, bytes: &[u8], rows: usize, named: &[Named]) -> Result<(), SynthError> {
        if matches!(self.target, Target::Closed) {
            self.open_lines()?;
        }
        self.put(bytes)?;
        if rows > 0 {
            let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let start = body.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            self.last_line = bytes[start..].to_vec();
        }
        for named in named {
            self.note(self.next_row + named.row, named.role, named.person, named.slip);
        }
        self.next_row += rows;
        self.rows += rows;
        Ok(())
    }

    fn open_lines(&mut self) -> Result<(), SynthError> {
        self.file_name = self.name_of_file("", 0);
        let path = self.path();
        let file = File::create(&path).map_err(|e| SynthError::Io(path, e))?;
        self.target = Target::Lines(Box::new(BufWriter::with_capacity(1 << 18, file)), Sha256::new());
        let format = self.format;
        let mut text = String::new();
        if format == Format::Utf8Bom {
            text.push('\u{feff}');
        }
        push_line(&mut text, headings(self.extract, 0).into_iter(), line_end(format));
        self.put(&encode(format, &text))?;
        self.next_row = 2;
        Ok(())
    }

    /// Rows of a Parquet file are counted as if a header stood above.
    fn columns(&mut self, rows: &[Row]) -> Result<(), SynthError> {
        if matches!(self.target, Target::Closed) {
            self.file_name = self.name_of_file("", 0);
            let columns = Columns::create(&self.path(), headings(self.extract, 0))?;
            self.target = Target::Columns(Box::new(columns));
            self.next_row = 2;
        }
        if let Target::Columns(columns) = &mut self.target {
            columns.write(rows)?;
        }
        for row in rows {
            for (mention, slip) in named(row) {
                self.note(self.next_row, mention.role, mention.person, slip);
            }
            self.next_row += 1;
        }
        self.rows += rows.len();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), SynthError> {
        let path = self.path();
        if let Target::Lines(file, digest) = &mut self.target {
            digest.update(bytes);
            file.write_all(bytes).map_err(|e| SynthError::Io(path, e))?;
        }
        Ok(())
    }

    fn note(&mut self, row: usize, role: &str, person: u64, slip: Slip) {
        let id = self.extract.layout().id;
        let _ = writeln!(self.truth, "{id},{},{},{row},{role},{person}", self.file_name, self.sheet_name);
        if slip.bad {
            self.slips.bad.push(person);
        }
        if slip.grown_up {
            self.slips.grown_up.push(person);
        }
        if let Some(number) = slip.borrowed {
            self.slips.borrowed.push((person, number));
        }
        if let Some(number) = slip.number.filter(|_| self.extract == Extract::BenefitPayment) {
            self.pay_under(number, person);
        }
    }

    /// One number under which two people are paid: the first row with it stands for both.
    fn pay_under(&mut self, number: ResidentId, person: u64) {
        let first = self.payees.entry(number.packed()).or_insert((person, false));
        if first.0 != person && !first.1 {
            first.1 = true;
            self.slips.shared.push(first.0);
        }
    }

    fn row(&mut self, row: &Row, town: &'static str) -> Result<(), SynthError> {
        let format = self.format;
        let limit = if format == Format::TownFiles { 80_000 } else { 500_000 };
        let other_town = self.town != town;
        match &self.target {
            Target::Closed => self.open_book(town, 0)?,
            _ if format == Format::TownFiles && other_town => {
                self.close()?;
                self.open_book(town, 0)?;
            }
            _ if self.rows >= limit => {
                self.close()?;
                let part = self
                    .delivered
                    .iter()
                    .filter(|d| d.name.contains(town) || format != Format::TownFiles)
                    .count();
                self.open_book(town, part)?;
            }
            _ if format == Format::TownSheets && other_town => {
                self.total_row()?;
                self.open_sheet(town)?;
            }
            _ => {}
        }
        self.town = town;
        self.rows += 1;
        self.sheet_rows += 1;
        let at = self.next_row;
        self.write_cells(row, at, town)?;
        for (mention, slip) in named(row) {
            self.note(at, mention.role, mention.person, slip);
        }
        self.next_row += 1;
        Ok(())
    }

    fn open_book(&mut self, town: &'static str, part: usize) -> Result<(), SynthError> {
        self.file_name = self.name_of_file(town, part);
        let mut book = Workbook::new();
        let (y, m, d) = self.date.ymd();
        let year = u16::try_from(y).unwrap_or(2000);
        let month = u8::try_from(m).unwrap_or(1);
        let day = u8::try_from(d).unwrap_or(1);
        if let Ok(created) = ExcelDateTime::from_ymd(year, month, day) {
            book.set_properties(&DocProperties::new().set_creation_datetime(&created));
        }
        self.target = Target::Book(Box::new(book));
        self.sheets = 0;
        self.open_sheet(town)
    }

    fn open_sheet(&mut self, town: &'static str) -> Result<(), SynthError> {
        let layout = self.extract.layout();
        let name = match self.format {
            Format::TownSheets => town.chars().take(30).collect(),
            _ => "Sheet1".to_owned(),
        };
        self.sheet_name.clone_from(&name);
        let titled = matches!(self.format, Format::TownSheets | Format::Titled);
        let (y, m, _) = self.date.ymd();
        let title = format!("启东市{}（{y}年{m}月）", layout.stem);
        let heads = headings(self.extract, self.delivered.len());
        let order = order(self.extract);
        let extra = self.extra_column();
        let width = u16::try_from(order.len()).unwrap_or(1);
        let constant = self.format != Format::Titled;
        self.with_book(|book| {
            let sheet =
                if constant { book.add_worksheet_with_constant_memory()? } else { book.add_worksheet() };
            sheet.set_name(&name)?;
            let top = u32::from(titled);
            if titled {
                sheet.write(0, 0, title)?;
            }
            for (column, &source) in (0_u16..).zip(&order) {
                sheet.write(top, column, &heads[source])?;
            }
            if extra {
                sheet.write(top, width, "备注")?;
            }
            Ok(())
        })?;
        self.town = town;
        self.sheets += 1;
        self.sheet_rows = 0;
        self.next_row = if titled { 3 } else { 2 };
        Ok(())
    }

    /// Some files carry a column that no contract knows.
    fn extra_column(&self) -> bool {
        match self.extract {
            Extract::EducationAid => true,
            Extract::StudentRoll => self.delivered.len() % 3 == 1,
            _ => false,
        }
    }

    fn with_book<T>(
        &mut self,
        act: impl FnOnce(&mut Workbook) -> Result<T, XlsxError>,
    ) -> Result<T, SynthError> {
        let path = self.path();
        match &mut self.target {
            Target::Book(book) => act(book).map_err(|e| SynthError::Workbook(path, e)),
            _ => Err(SynthError::Options("a workbook was written to before it was opened")),
        }
    }

    fn write_cells(&mut self, row: &Row, at: usize, town: &'static str) -> Result<(), SynthError> {
        let extract = self.extract;
        let running = self.sheet_rows;
        let line = u32::try_from(at - 1).unwrap_or(u32::MAX);
        if extract == Extract::DropoutLedger {
            match self.runs.last_mut() {
                Some(run) if run.2 == town && run.1 + 1 == at => run.1 = at,
                _ => self.runs.push((at, at, town)),
            }
        }
        let numbered = extract.column("序号");
        let index = self.sheets - 1;
        let order = order(extract);
        let extra = self.extra_column();
        self.with_book(|book| {
            let sheet = book.worksheet_from_index(index)?;
            for (column, &source) in (0_u16..).zip(&order) {
                if source == numbered {
                    sheet.write(line, column, running as f64)?;
                } else {
                    write_cell(sheet, line, column, &row.cells[source])?;
                }
            }
            if extra && running % 40 == 3 {
                sheet.write(line, u16::try_from(order.len()).unwrap_or(0), "已核对")?;
            }
            Ok(())
        })
    }

    /// 合计 at the end of a sheet.
    fn total_row(&mut self) -> Result<(), SynthError> {
        if self.format != Format::TownSheets {
            return Ok(());
        }
        let line = u32::try_from(self.next_row - 1).unwrap_or(u32::MAX);
        let (index, count) = (self.sheets - 1, self.sheet_rows);
        self.with_book(|book| {
            let sheet = book.worksheet_from_index(index)?;
            sheet.write(line, 0, "合计")?;
            sheet.write(line, 2, format!("{count}人"))?;
            Ok(())
        })
    }

    /// Finishes the open file.
    pub(crate) fn close(&mut self) -> Result<(), SynthError> {
        let path = self.path();
        let digest = match std::mem::replace(&mut self.target, Target::Closed) {
            Target::Closed => return Ok(()),
            Target::Lines(file, digest) => {
                self.target = Target::Lines(file, digest);
                self.slips()?;
                let Target::Lines(mut file, digest) = std::mem::replace(&mut self.target, Target::Closed)
                else {
                    return Ok(());
                };
                file.flush().map_err(|e| SynthError::Io(path.clone(), e))?;
                digest.finalize()
            }
            Target::Columns(columns) => {
                columns.finish()?;
                Sha256::digest(read(&path).map_err(|e| SynthError::Io(path, e))?)
            }
            Target::Book(book) => {
                self.target = Target::Book(book);
                self.total_row()?;
                self.finish_book()?;
                self.target = Target::Closed;
                Sha256::digest(read(&path).map_err(|e| SynthError::Io(path, e))?)
            }
        };
        let digest = digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        self.delivered.push(Delivered { name: self.file_name.clone(), rows: self.rows, digest });
        self.rows = 0;
        self.town = "";
        Ok(())
    }

    /// What an export by hand leaves at the end of a file: the last row once more, and a row that was cut
    /// off. Neither is a fact, so neither is in the truth.
    fn slips(&mut self) -> Result<(), SynthError> {
        let line = std::mem::take(&mut self.last_line);
        if self.tidy || self.extract != Extract::VisitLog || line.contains(&b'"') {
            return Ok(());
        }
        let Some(cut) = line.iter().position(|&byte| byte == b',') else { return Ok(()) };
        self.put(&line)?;
        self.put(&line[..cut])?;
        self.put(line_end(self.format).as_bytes())?;
        self.rows += 2;
        self.next_row += 2;
        Ok(())
    }

    fn finish_book(&mut self) -> Result<(), SynthError> {
        let path = self.path();
        let runs = std::mem::take(&mut self.runs);
        let hidden = self.extract == Extract::ChildRoster;
        self.with_book(|book| {
            let line = |row: usize| u32::try_from(row - 1).unwrap_or(u32::MAX);
            for (first, last, town) in runs.iter().filter(|run| run.1 > run.0) {
                let format = CellFormat::new();
                book.worksheet_from_index(0)?.merge_range(line(*first), 1, line(*last), 1, town, &format)?;
            }
            if hidden {
                let sheet = book.add_worksheet();
                sheet.set_name("代码表")?.set_hidden(true);
                for (row, text) in (0_u32..).zip(["儿童类别", "社会散居孤儿", "事实无人抚养儿童", "困境儿童"])
                {
                    sheet.write(row, 0, text)?;
                }
            }
            book.save(&path)
        })
    }

    /// Makes sure that an extract without a single row still comes as a file with only a header.
    pub(crate) fn finish(&mut self) -> Result<(), SynthError> {
        if matches!(self.target, Target::Closed) && self.delivered.is_empty() {
            match self.format {
                Format::Columns => self.columns(&[])?,
                format if format.workbook() => self.open_book("汇龙镇", 0)?,
                _ => self.open_lines()?,
            }
        }
        self.close()
    }
}

/// What comes when somebody saves the page instead of the table: refused, and nothing is lost by it.
pub(crate) fn spoilt(out: &Path, calendar: &Calendar) -> Result<(), SynthError> {
    let layout = Extract::EmergencyEvent.layout();
    let (y, m, d) = calendar.others.ymd();
    let name = format!("{}_补报_{y:04}{m:02}{d:02}.csv", layout.stem);
    let path = out.join(layout.agency).join(name);
    let page = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>登录</title></head>\n\
                <body>登录已超时，请重新登录后下载。</body></html>\n";
    std::fs::write(&path, page).map_err(|e| SynthError::Io(path, e))
}

fn write_cell(sheet: &mut Worksheet, line: u32, column: u16, cell: &Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => {
            sheet.write_string(line, column, text)?;
        }
        Cell::Number(number) => {
            sheet.write_number(line, column, *number)?;
        }
        Cell::Date(day) => {
            let format = CellFormat::new().set_num_format("yyyy/m/d");
            sheet.write_number_with_format(line, column, f64::from(day.days() + 25_569), &format)?;
        }
    }
    Ok(())
}
