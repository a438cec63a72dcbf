//! Properties of all texts: no cleaner panics, and cleaning what is clean changes nothing. Every kind of field has
//! its property here.

use proptest::prelude::*;

use super::cases::{TABLES, as_of};
use super::{
    address, card_number, code, date, integer, money, month, name, phone, resident_id, roll_number, sex, text,
};
use crate::domain::{Place, ResidentId};

/// Texts of the characters that the cleaners treat specially, besides any text at all.
fn dirty() -> impl Strategy<Value = String> {
    let special = "王梓涵张毛宝之子女李某曾用名原無无张張蕭喆·•．.?？*□■〓（()）【】[]×Xx 0123456789０１９年月日号组队社区村镇启东市\
                   江苏省汇龙民胜十二拾贰廿&#;-—/、:,+GJLEgj\u{200B}\u{A0}\u{3000}\u{FEFF}\u{E123}\u{E81E}\u{FFFD}\u{2ED3}⿰⿲々\u{F90A}𠮷zhāng";
    let chars: Vec<char> = special.chars().collect();
    prop_oneof![
        any::<String>(),
        prop::collection::vec(prop::sample::select(chars), 0..24)
            .prop_map(|chars| chars.into_iter().collect()),
    ]
}

/// Numbers with the right check digit over any digits.
fn number() -> impl Strategy<Value = ResidentId> {
    (0_u64..100_000_000_000_000_000).prop_map(ResidentId::from_body)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names_are_idempotent(raw in dirty()) {
        let Some(once) = name::standardise(&raw, &TABLES).name else { return Ok(()) };
        let again = name::standardise(&once.display, &TABLES);
        prop_assert!(again.former.is_none());
        let twice = again.name.map(|name| (name.key, name.display, name.form));
        prop_assert_eq!(twice, Some((once.key, once.display, once.form)));
    }

    #[test]
    fn keys_hold_no_space_dot_or_foldable_variant(raw in dirty()) {
        let clean = name::standardise(&raw, &TABLES);
        for name in clean.name.iter().chain(&clean.former) {
            prop_assert!(!name.key.is_empty() && !name.display.is_empty());
            prop_assert!(name.key.chars().all(|c| !c.is_whitespace() && c != '·' && TABLES.variants.fold(c) == c));
        }
    }

    #[test]
    fn numbers_are_graded_alike_however_they_are_read(raw in dirty()) {
        let once = resident_id::grade(&raw, &TABLES.regions, as_of());
        if let Some(id) = once.id {
            let again = resident_id::grade(&id.text(), &TABLES.regions, as_of());
            prop_assert_eq!(again.id.map(ResidentId::packed), Some(id.packed()));
            prop_assert!(again.birth == once.birth && again.sex == once.sex);
        }
    }

    #[test]
    fn a_number_survives_the_dirt_around_it(id in number(), before in "[ \u{A0}\u{200B}\t']{0,3}", wide in any::<bool>()) {
        let plain = id.text();
        let body: String = if wide {
            plain.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
        } else {
            plain.to_lowercase()
        };
        let clean = resident_id::grade(&plain, &TABLES.regions, as_of());
        let dirty = resident_id::grade(&format!("{before}{body}"), &TABLES.regions, as_of());
        prop_assert!(clean == dirty);
    }

    #[test]
    fn a_single_wrong_digit_is_never_valid(id in number(), at in 0_usize..17, further in 1_u8..10) {
        let mut chars = id.chars();
        chars[at] = b'0' + (chars[at] - b'0' + further) % 10;
        let text = String::from_utf8(chars.to_vec()).unwrap();
        let graded = resident_id::grade(&text, &TABLES.regions, as_of());
        prop_assert!(graded.state < crate::domain::IdState::Extended);
    }

    #[test]
    fn dates_read_again_are_the_same(raw in dirty()) {
        if let Some(day) = date::parse(&raw).day {
            prop_assert!(date::parse(&day.iso()).day == Some(day));
        }
    }

    // From 1860 to the last day before 2099-12-31, which means "without end".
    #[test]
    fn every_day_is_read_in_every_form(days in -40_000_i32..47_481) {
        let day = crate::domain::Day::from_days(days);
        let (y, m, d) = day.ymd();
        for text in [
            format!("{y}{m:02}{d:02}"), format!("{y}-{m}-{d}"), format!("{y}.{m:02}.{d:02}"), format!("{y}/{m}/{d}"),
            format!("{y}年{m}月{d}日"), format!("{y}-{m:02}-{d:02} 00:00:00"),
        ] {
            prop_assert!(date::parse(&text).day == Some(day), "{}", text);
        }
    }

    #[test]
    fn standard_texts_read_again_are_the_same(raw in dirty()) {
        if let Some(value) = month::parse(&raw).value() {
            prop_assert_eq!(month::parse(&month::text(value)).value(), Some(value));
        }
        if let Some(value) = phone::parse(&raw).value() {
            prop_assert!(phone::parse(&value.text()).value() == Some(value));
        }
        if let Some(value) = card_number::parse(&raw).value() {
            prop_assert!(card_number::parse(&value.text).value() == Some(value.clone()));
        }
        if let Some(value) = roll_number::parse(&raw).value() {
            prop_assert!(roll_number::parse(&value.text).value() == Some(value.clone()));
        }
        if let Some(value) = sex::parse(&raw).value() {
            prop_assert_eq!(sex::parse(sex::label(value).unwrap_or_default()).value(), Some(value));
        }
        let clean = text::clean(&raw).into_owned();
        prop_assert_eq!(text::clean(&clean).into_owned(), clean);
    }

    #[test]
    fn amounts_read_again_are_the_same(fen in -1_000_000_000_i64..1_000_000_000) {
        let sign = if fen < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100);
        prop_assert_eq!(money::parse_fen(&text).value(), Some(fen));
    }

    #[test]
    fn numbers_of_all_kinds_read_again_are_the_same(raw in dirty(), digits in "[-+]?[0-9０-９,.]{0,9}元?") {
        for raw in [raw, digits] {
            if let Some(value) = integer::parse(&raw).value() {
                prop_assert_eq!(integer::parse(&value.to_string()).value(), Some(value));
            }
            if let Some(fen) = money::parse_fen(&raw).value() {
                let sign = if fen < 0 { "-" } else { "" };
                let text = format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
                prop_assert_eq!(money::parse_fen(&text).value(), Some(fen));
            }
        }
    }

    #[test]
    fn codes_looked_up_again_are_the_same(raw in dirty(), before in "[ \u{3000}]{0,2}", which in any::<prop::sample::Index>()) {
        for table in TABLES.codes.values() {
            let labels: Vec<&str> = table.labels().collect();
            let label = labels[which.index(labels.len())];
            let code = table.code(label).unwrap_or_default();
            for written in [format!("{before}{label}"), format!("{code}{before}-{before}{label}")] {
                prop_assert_eq!(code::lookup(&written, table).value(), Some(label), "{}", written);
            }
            if let Some(found) = code::lookup(&raw, table).value() {
                prop_assert_eq!(code::lookup(found, table).value(), Some(found));
            }
        }
    }

    #[test]
    fn addresses_written_out_and_read_again_are_the_same(
        raw in dirty(), which in any::<prop::sample::Index>(), group in 0_u16..1000,
    ) {
        let gazetteer = &TABLES.gazetteer;
        let village = u16::try_from(1 + which.index(gazetteer.village_count())).unwrap();
        let told = Place { town: gazetteer.village_town(village), village, group, outside: false };
        for place in [told, address::parse(&raw, gazetteer).place] {
            let group = if place.group > 0 { format!("{}组", place.group) } else { String::new() };
            let text = format!("{}{}{group}", gazetteer.town_name(place.town), gazetteer.village_name(place.village));
            let again = address::parse(&text, gazetteer).place;
            prop_assert!(again == Place { outside: false, ..place }, "{}", text);
        }
    }

    #[test]
    fn places_are_whole(raw in dirty()) {
        let place = address::parse(&raw, &TABLES.gazetteer).place;
        prop_assert!(place.village == 0 || TABLES.gazetteer.village_town(place.village) == place.town);
        prop_assert!(!place.outside || (place.town, place.village) == (0, 0));
        prop_assert!(place.group < 1000);
    }

    #[test]
    fn nothing_panics(raw in dirty()) {
        let _ = integer::parse(&raw).value();
        let _ = money::parse_fen(&raw).value();
        for table in TABLES.codes.values() {
            let _ = code::lookup(&raw, table).value();
        }
        let _ = address::resolve(Some(&raw), Some(&raw), [raw.as_str()], &TABLES.gazetteer);
    }
}
