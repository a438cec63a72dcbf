//! Looks through an XLS workbook before a reader opens it: chains of sectors that run in circles,
//! streams that point outside, and tables that would need more memory than the file is worth.

use crate::guard::{Limits, Refusal};

/// First bytes of an OLE compound file.
pub(super) const MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

const END_OF_CHAIN: u32 = 0xffff_fffe;
const FIRST_SPECIAL: u32 = 0xffff_fffa;

fn broken(message: &str) -> Refusal {
    Refusal::new(
        "file_truncated",
        format!("workbook is broken or cut off: {message}"),
        "文件损坏或不完整（工作簿打不开）",
    )
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Follows a chain of sectors; a chain longer than the file is a circle.
fn chain(
    start: u32,
    table: &[u32],
    sector: impl Fn(u32) -> Option<(usize, usize)>,
    source: &[u8],
    most: usize,
) -> Result<Vec<u8>, Refusal> {
    let (mut out, mut at, mut steps) = (Vec::new(), start, 0_usize);
    while at != END_OF_CHAIN && out.len() < most {
        steps += 1;
        if steps > table.len() + 1 {
            return Err(broken("a chain of sectors runs in a circle"));
        }
        let (from, to) = sector(at).ok_or_else(|| broken("a sector lies outside the file"))?;
        out.extend_from_slice(source.get(from..to.min(source.len())).unwrap_or_default());
        let index = usize::try_from(at).unwrap_or(usize::MAX);
        at = *table.get(index).ok_or_else(|| broken("a sector lies outside the table"))?;
    }
    out.truncate(most);
    Ok(out)
}

/// Checks the container and the records of the workbook in it.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let stream = workbook_stream(bytes)?;
    let mut starts = Vec::new();
    let mut encrypted = false;
    records(&stream, 0, |kind, data| {
        match kind {
            0x0085 => starts.extend(word(data, 0)),
            0x002f => encrypted |= half(data, 0) != Some(0),
            _ => {}
        }
        Ok(())
    })?;
    if encrypted {
        return Err(Refusal::new("encrypted", "workbook is encrypted", "文件已加密"));
    }
    if starts.len() > limits.sheets_max {
        let message = format!("more than {} sheets", limits.sheets_max);
        return Err(Refusal::new("too_many_sheets", message, "工作表过多"));
    }
    let mut cells = 0_u64;
    for start in starts {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let mut sheet = Extent::default();
        records(&stream, start, |kind, data| sheet.record(kind, data))?;
        cells += sheet.cells();
        if cells > limits.xls_cells_max {
            let message = "sheets need more cells than a sound XLS workbook has";
            return Err(Refusal::new("sheet_too_large", message, "工作表范围异常，过大"));
        }
    }
    Ok(())
}

/// The rectangle a sheet needs.
#[derive(Default)]
struct Extent {
    declared: u64,
    rows: Option<(u16, u16)>,
    columns: Option<(u16, u16)>,
}

impl Extent {
    fn record(&mut self, kind: u16, data: &[u8]) -> Result<(), Refusal> {
        match kind {
            0x0200 => {
                let corners = match data.len() {
                    10 => [0, 2, 4, 6].map(|at| half(data, at).map(u32::from)),
                    14 | 16 => [
                        word(data, 0),
                        word(data, 4),
                        half(data, 8).map(u32::from),
                        half(data, 10).map(u32::from),
                    ],
                    _ => return Err(broken("a sheet's dimensions")),
                };
                let [Some(top), Some(bottom), Some(left), Some(right)] = corners else {
                    return Err(broken("a sheet's dimensions"));
                };
                if bottom < top || right > 0x4000 {
                    return Err(broken("a sheet's dimensions"));
                }
                let left = if left > 0xff || right < left { 0 } else { left };
                self.declared = u64::from(bottom - top + 1) * u64::from(right.saturating_sub(left) + 1);
            }
            0x0203 | 0x0204 | 0x00d6 | 0x0205 | 0x027e | 0x00fd | 0x0006 => {
                self.cell(half(data, 0), half(data, 2));
            }
            0x00bd => {
                self.cell(half(data, 0), half(data, 2));
                self.cell(half(data, 0), half(data, data.len().saturating_sub(2)));
            }
            _ => {}
        }
        Ok(())
    }

    fn cell(&mut self, row: Option<u16>, column: Option<u16>) {
        let wider = |range: Option<(u16, u16)>, value: u16| {
            range.map_or((value, value), |(low, high)| (low.min(value), high.max(value)))
        };
        if let (Some(row), Some(column)) = (row, column) {
            self.rows = Some(wider(self.rows, row));
            self.columns = Some(wider(self.columns, column));
        }
    }

    fn cells(&self) -> u64 {
        let span = |range: Option<(u16, u16)>| range.map_or(0, |(low, high)| u64::from(high - low) + 1);
        self.declared.max(span(self.rows) * span(self.columns))
    }
}

/// Walks the records of a substream up to its end.
fn records(
    stream: &[u8],
    start: usize,
    mut each: impl FnMut(u16, &[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let (mut at, mut depth) = (start, 0_u32);
    loop {
        let (Some(kind), Some(len)) = (half(stream, at), half(stream, at + 2)) else {
            return if at == stream.len() { Ok(()) } else { Err(broken("a record breaks off")) };
        };
        let end = at + 4 + usize::from(len);
        let data = stream.get(at + 4..end).ok_or_else(|| broken("a record breaks off"))?;
        match kind {
            0x0809 => depth += 1,
            0x000a if depth <= 1 => return Ok(()),
            0x000a => depth -= 1,
            _ => each(kind, data)?,
        }
        at = end;
    }
}

/// The stream `Workbook` (or `Book`) of the compound file.
fn workbook_stream(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let header = || broken("header");
    let size = match half(bytes, 30).ok_or_else(header)? {
        9 => 512_usize,
        12 => 4096,
        _ => return Err(header()),
    };
    if !bytes.starts_with(MAGIC) || bytes.len() < size {
        return Err(header());
    }
    let sectors = bytes.len().div_ceil(size);
    let sector = |id: u32| {
        let id = usize::try_from(id).ok().filter(|id| *id < sectors)?;
        Some(((id + 1) * size, (id + 2) * size))
    };
    let fat = sector_table(bytes, sectors, sector)?;
    let directory = chain(word(bytes, 48).ok_or_else(header)?, &fat, sector, bytes, usize::MAX)?;
    let entries: Vec<&[u8]> = directory.as_chunks::<128>().0.iter().map(<[u8; 128]>::as_slice).collect();
    let find = |name: &str| entries.iter().find(|entry| entry_name(entry).eq_ignore_ascii_case(name));
    let entry = find("Workbook").or_else(|| find("Book")).ok_or_else(|| {
        Refusal::new(
            "wrong_content",
            "OLE file without a workbook (encrypted or another program's)",
            "文件不是 Excel 工作簿，或已加密",
        )
    })?;
    let start = |entry: &[u8]| word(entry, 116).ok_or_else(header);
    let length = |entry: &[u8]| word(entry, 120).map_or(0, |len| usize::try_from(len).unwrap_or(0));
    if length(entry) >= 4096 {
        return chain(start(entry)?, &fat, sector, bytes, length(entry));
    }
    let root = entries.first().copied().ok_or_else(header)?;
    let mini = chain(start(root)?, &fat, sector, bytes, length(root))?;
    let table = chain(word(bytes, 60).ok_or_else(header)?, &fat, sector, bytes, usize::MAX)?;
    let table: Vec<u32> = words(&table).collect();
    let mini_sector = |id: u32| {
        let id = usize::try_from(id).ok().filter(|id| id * 64 < mini.len())?;
        Some((id * 64, (id + 1) * 64))
    };
    chain(start(entry)?, &table, mini_sector, &mini, length(entry))
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
}

fn entry_name(entry: &[u8]) -> String {
    let units = entry[..64].as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
    char::decode_utf16(units.take_while(|&unit| unit != 0)).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

/// The table that says which sector follows which.
fn sector_table(
    bytes: &[u8],
    sectors: usize,
    sector: impl Fn(u32) -> Option<(usize, usize)>,
) -> Result<Vec<u32>, Refusal> {
    let mut ids: Vec<u32> = words(&bytes[76..512]).collect();
    let (mut next, mut steps) = (word(bytes, 68).unwrap_or(END_OF_CHAIN), 0);
    while next < FIRST_SPECIAL {
        steps += 1;
        let place = sector(next).and_then(|(from, to)| bytes.get(from..to));
        let place = place.filter(|_| steps <= sectors).ok_or_else(|| broken("table of sectors"))?;
        ids.extend(words(place));
        next = ids.pop().unwrap_or(END_OF_CHAIN);
    }
    let mut table = Vec::new();
    for id in ids.into_iter().filter(|id| *id < FIRST_SPECIAL) {
        let place = sector(id).and_then(|(from, to)| bytes.get(from..to));
        table.extend(words(place.ok_or_else(|| broken("table of sectors"))?));
        if table.len() > sectors + 2 * 4096 {
            return Err(broken("table of sectors"));
        }
    }
    Ok(table)
}
