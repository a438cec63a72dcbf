//! The golden cases of `fixtures/cases/`: what a delivery may hold and what must come of it.

use std::path::Path;
use std::sync::LazyLock;

use super::Cell;
use super::date::DateNote;
use crate::domain::{Day, IdState, NameForm};
use crate::tables::Tables;

/// The tables of the repository, read once for all tests of this module.
pub(super) static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::load(None).expect("the bundled tables are sound"));

/// Rows of a case file, with the line for messages. Field texts are made up; nothing personal.
fn rows(file: &str) -> Vec<(u64, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases").join(file);
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows: Vec<_> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let line = record.position().unwrap().line();
            (line, record.iter().map(str::to_owned).collect())
        })
        .collect();
    assert!(rows.len() > 10, "{file} holds cases");
    rows
}

/// Fails with all mismatches at once.
fn report(file: &str, mismatches: &[String]) {
    assert!(mismatches.is_empty(), "{file}:\n{}", mismatches.join("\n"));
}

pub(super) fn as_of() -> Day {
    Day::from_ymd(2026, 11, 23).unwrap()
}

#[test]
fn resident_numbers() {
    let mut wrong = Vec::new();
    for (line, row) in rows("ids.csv") {
        let [case, raw, state, id, birth] = row.as_slice() else { panic!("five columns") };
        let graded = super::resident_id::grade(raw, &TABLES.regions, as_of());
        let found = match graded.state {
            IdState::Missing => "missing",
            IdState::Malformed => "malformed",
            IdState::LostPrecision => "lost",
            IdState::OtherDocument => "other",
            IdState::Implausible => "implausible",
            IdState::ChecksumFailed => "checksum",
            IdState::Extended => "extended",
            IdState::Valid => "valid",
        };
        let text = graded.id.map_or(String::new(), crate::domain::ResidentId::text);
        let born = graded.birth.map_or(String::new(), Day::iso);
        if (found, &text) != (state.as_str(), id) || (!birth.is_empty() && *birth != born) {
            wrong.push(format!("{line} {case}: {found} {text} {born} ({:?})", graded.note));
        }
    }
    report("ids.csv", &wrong);
}

#[test]
fn dates() {
    let mut wrong = Vec::new();
    for (line, row) in rows("dates.csv") {
        let [raw, day, note] = row.as_slice() else { panic!("three columns") };
        let parsed = super::date::parse(raw);
        let found = match parsed.note {
            DateNote::Plain => "plain",
            DateNote::Serial => "serial",
            DateNote::Empty => "empty",
            DateNote::Unlimited => "unlimited",
            DateNote::MonthOnly => "month_only",
            DateNote::YearOnly => "year_only",
            DateNote::YearLast => "year_last",
            DateNote::ShortYear => "short_year",
            DateNote::Impossible => "impossible",
            DateNote::Unreadable => "unreadable",
        };
        let iso = parsed.day.map_or(String::new(), Day::iso);
        if (found, &iso) != (note.as_str(), day) {
            wrong.push(format!("{line} {raw}: {iso} {found}"));
        }
    }
    report("dates.csv", &wrong);
}

#[test]
fn names() {
    let mut wrong = Vec::new();
    for (line, row) in rows("names.csv") {
        let [raw, key, display, form, former] = row.as_slice() else { panic!("five columns") };
        let clean = super::name::standardise(raw, &TABLES);
        let found = clean.name.as_ref().map_or("none", |name| match name.form {
            NameForm::Full => "full",
            NameForm::WithLost => "lost",
            NameForm::Newborn => "newborn",
            NameForm::Placeholder => "placeholder",
        });
        let found_key = clean.name.as_ref().map_or("", |name| &name.key);
        let found_display = clean.name.as_ref().map_or("", |name| &name.display);
        let found_former = clean.former.as_ref().map_or("", |name| &name.key);
        if [found_key, found_display, found, found_former] != [key, display, form, former] {
            wrong.push(format!("{line} {raw}: {found_key} | {found_display} | {found} | {found_former}"));
        }
    }
    report("names.csv", &wrong);
}

#[test]
fn addresses() {
    let mut wrong = Vec::new();
    for (line, row) in rows("addresses.csv") {
        let [raw, town, village, group, outside] = row.as_slice() else { panic!("five columns") };
        let place = super::address::parse(raw, &TABLES.gazetteer).place;
        let found = [
            TABLES.gazetteer.town_name(place.town).to_owned(),
            TABLES.gazetteer.village_name(place.village).to_owned(),
            place.group.to_string(),
            if place.outside { "yes" } else { "no" }.to_owned(),
        ];
        if found != [town.clone(), village.clone(), group.clone(), outside.clone()] {
            wrong.push(format!("{line} {raw}: {found:?}"));
        }
    }
    report("addresses.csv", &wrong);
}

#[test]
fn simple_kinds() {
    fn shown<T>(cell: Cell<T>, text: impl Fn(T) -> String) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Unreadable(_) => "!".to_owned(),
            Cell::Value(value) => text(value),
        }
    }
    let mut wrong = Vec::new();
    for (line, row) in rows("simple.csv") {
        let [kind, raw, expected] = row.as_slice() else { panic!("three columns") };
        let found = match kind.as_str() {
            "month" => shown(super::month::parse(raw), super::month::text),
            "money" => shown(super::money::parse_fen(raw), |fen| fen.to_string()),
            "phone" => shown(super::phone::parse(raw), super::phone::Phone::text),
            "sex" => {
                shown(super::sex::parse(raw), |sex| super::sex::label(sex).unwrap_or_default().to_owned())
            }
            "integer" => shown(super::integer::parse(raw), |n| n.to_string()),
            "card" => shown(super::card_number::parse(raw), |card| card.text),
            "roll" => shown(super::roll_number::parse(raw), |roll| roll.text),
            other => panic!("unknown kind {other}"),
        };
        if found != *expected {
            wrong.push(format!("{line} {kind} {raw}: {found}"));
        }
    }
    report("simple.csv", &wrong);
}

#[test]
fn cells_come_before_addresses_and_addresses_fill_gaps() {
    /// Town cell, village cell, addresses; town, village and group; whether outside.
    type Case<'a> = (Option<&'a str>, Option<&'a str>, &'a [&'a str], [&'a str; 3], bool);
    let gazetteer = &TABLES.gazetteer;
    let cases: [Case<'_>; 7] = [
        (Some("汇龙镇"), Some("城北村"), &[], ["汇龙镇", "城北村委会", "0"], false),
        (Some("汇龙"), None, &["汇龙镇城北村3组"], ["汇龙镇", "城北村委会", "3"], false),
        (
            Some("汇龙镇"),
            Some("城北"),
            &["北新镇三和村2组", "城北村3组"],
            ["汇龙镇", "城北村委会", "3"],
            false,
        ),
        (None, Some("三和村委会"), &[], ["北新镇", "三和村委会", "0"], false),
        (None, None, &["安徽省阜阳市", "北新镇三和村2组"], ["北新镇", "三和村委会", "2"], false),
        (None, None, &["安徽省阜阳市"], ["", "", "0"], true),
        (Some("寅阳镇"), Some("胜丰村"), &[], ["圆陀角旅游度假区", "胜丰村委会", "0"], false),
    ];
    for (town, village, addresses, expected, outside) in cases {
        let place = super::address::resolve(town, village, addresses.iter().copied(), gazetteer);
        let group = place.group.to_string();
        let found = [gazetteer.town_name(place.town), gazetteer.village_name(place.village), &group];
        assert_eq!((found, place.outside), (expected, outside), "{town:?} {village:?} {addresses:?}");
    }
}
