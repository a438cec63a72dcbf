//! Errors of whole files, which no single cell shows: numbers rounded by a spreadsheet, a column pasted
//! one row off. They are told before mentions are made, so that nothing believes the numbers.

use super::column::{Column, Detail, IdColumn};
use super::tally::{Fault, Tally};
use crate::domain::{Contract, IdState, ResidentId, Sex};

/// A file with fewer usable cells shows no signature.
const CELLS_MIN: u32 = 10;

/// Cells seen and cells that show the signature, for one file.
#[derive(Clone, Copy, Default)]
struct Share {
    cells: u32,
    signs: u32,
}

impl Share {
    fn add(&mut self, sign: bool) {
        self.cells += 1;
        self.signs += u32::from(sign);
    }

    fn reaches(self, percent: u32) -> bool {
        self.cells >= CELLS_MIN && u64::from(self.signs) * 100 >= u64::from(self.cells) * u64::from(percent)
    }
}

/// Marks the numbers of files whose columns show a signature. `place` gives file, sheet and row.
pub(super) fn mark(
    contract: &Contract,
    columns: &mut [Column],
    files: usize,
    place: impl Fn(usize) -> (u16, u16, u32),
    tally: &mut Tally,
) {
    for field in 0..columns.len() {
        let mut detail = std::mem::replace(&mut columns[field].detail, Detail::None);
        if let Detail::Ids(ids) = &mut detail {
            mark_rounded(ids, files, &place, |row| tally.add(place(row), field, Fault::IdLostPrecisionBatch));
            for (birth, sex) in owners(contract, field) {
                let other = Beside { birth: &columns[birth], sex: sex.map(|sex| &columns[sex]) };
                mark_shifted(ids, &other, files, &place, |row| {
                    tally.add(place(row), field, Fault::ColumnShiftSuspected);
                });
            }
        }
        columns[field].detail = detail;
    }
}

/// Birth-date and sex fields of the mentions whose number is `field`.
fn owners(contract: &Contract, field: usize) -> Vec<(usize, Option<usize>)> {
    let index = |name: &Option<String>| name.as_ref().and_then(|name| contract.field.get_index_of(name));
    contract
        .mention
        .iter()
        .filter(|mention| index(&mention.resident_id) == Some(field))
        .filter_map(|mention| Some((index(&mention.birth_date)?, index(&mention.sex))))
        .collect()
}

/// Numbers of eighteen digits, as a spreadsheet would have stored them.
fn digits_only(ids: &IdColumn, row: usize) -> Option<ResidentId> {
    ids.digits(row).filter(|number| number.chars()[17] != b'X')
}

/// Where nine of ten numbers end in 000, those are rounded, also the few whose check digit fits.
fn mark_rounded(
    ids: &mut IdColumn,
    files: usize,
    place: impl Fn(usize) -> (u16, u16, u32),
    mut found: impl FnMut(usize),
) {
    let rounded = |ids: &IdColumn, row: usize| {
        ids.state[row] == IdState::LostPrecision
            || digits_only(ids, row).is_some_and(|number| number.chars()[15..] == *b"000")
    };
    let mut shares = vec![Share::default(); files];
    for row in 0..ids.state.len() {
        if ids.state[row] == IdState::LostPrecision || digits_only(ids, row).is_some() {
            shares[usize::from(place(row).0)].add(rounded(ids, row));
        }
    }
    for row in 0..ids.state.len() {
        if shares[usize::from(place(row).0)].reaches(90) && rounded(ids, row) {
            ids.state[row] = IdState::LostPrecision;
            found(row);
        }
    }
}

/// What stands beside a number and should agree with it.
struct Beside<'a> {
    birth: &'a Column,
    sex: Option<&'a Column>,
}

impl Beside<'_> {
    /// Whether birth date or sex in the row contradict the number; `None` without a birth date.
    fn contradicts(&self, number: ResidentId, row: usize) -> Option<bool> {
        let birth = self.birth.day(row)?;
        let sex = self.sex.map_or(Sex::Unknown, |column| sex_of(column.str(row)));
        Some(number.birth() != Some(birth) || (sex != Sex::Unknown && number.sex() != sex))
    }
}

/// Sex of a standardised cell.
pub(super) fn sex_of(text: Option<&str>) -> Sex {
    match text {
        Some("男") => Sex::Male,
        Some("女") => Sex::Female,
        _ => Sex::Unknown,
    }
}

/// Where most numbers contradict the birth date beside them, none of the file's is believed.
fn mark_shifted(
    ids: &mut IdColumn,
    beside: &Beside<'_>,
    files: usize,
    place: impl Fn(usize) -> (u16, u16, u32),
    mut found: impl FnMut(usize),
) {
    let judged =
        |state: IdState| matches!(state, IdState::Valid | IdState::Extended | IdState::ChecksumFailed);
    let mut shares = vec![Share::default(); files];
    for row in 0..ids.state.len() {
        if !judged(ids.state[row]) {
            continue;
        }
        let contradicts = ids.number(row).and_then(|number| beside.contradicts(number, row));
        if let Some(contradicts) = contradicts {
            shares[usize::from(place(row).0)].add(contradicts);
        }
    }
    for row in 0..ids.state.len() {
        if ids.state[row] != IdState::Missing && shares[usize::from(place(row).0)].reaches(60) {
            ids.state[row] = IdState::Malformed;
            ids.packed[row] = 0;
            found(row);
        }
    }
}
