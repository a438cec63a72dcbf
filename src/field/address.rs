//! Addresses: which town, village and group of the county, as far as the text tells.
//!
//! Grammar: `[province] [city] [county] [town] [village] [number + 组/队/社/小组] rest`. Names are matched whole
//! against the gazetteer, never corrected: hundreds of village names differ by one character.

use std::borrow::Cow;

use super::numeral;
use super::text::{is_invisible, narrow_char};
use crate::domain::Place;
use crate::tables::{Area, Gazetteer};

/// An address as a place and what was left over.
#[derive(Clone, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The place, as far as it was told.
    pub place: Place,
    /// The text behind the last part that was understood; personal.
    pub rest: Cow<'a, str>,
    /// The named town is not the village's own; the village's town was taken.
    pub town_differs: bool,
}

/// Characters that make a road, a bridge or a house of the name before them.
const NO_VILLAGE_BEFORE: [char; 13] =
    ['路', '街', '道', '巷', '弄', '桥', '苑', '庭', '大', '小', '中', '医', '公'];
/// Zones are called so by people who know which one is meant; the village tells it.
const ZONES: [&str; 3] = ["开发区", "园区", "度假区"];
const GROUP_WORDS: [&str; 5] = ["村民小组", "小组", "组", "队", "社"];

/// Reads an address. Empty text gives an unknown place.
pub fn parse<'a>(raw: &'a str, gazetteer: &Gazetteer) -> Parsed<'a> {
    let text = normal(raw, gazetteer);
    let mut reader = Reader { text: &text, at: 0, gazetteer };
    let mut place = Place::default();
    match gazetteer.area_at(&text) {
        Area::Own(at) | Area::Above(at) => reader.at = at,
        Area::Untold => {}
        Area::Elsewhere => {
            place.outside = true;
            return Parsed { place, rest: text, town_differs: false };
        }
    }
    let named = reader.town();
    let village = reader.village(named);
    place.town = named;
    if village > 0 {
        place.village = village;
        place.town = gazetteer.village_town(village);
    }
    place.group = reader.group();
    let town_differs = named > 0 && place.town != named;
    let at = reader.at;
    let rest = match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[at..]),
        Cow::Owned(text) => Cow::Owned(text[at..].to_owned()),
    };
    Parsed { place, rest, town_differs }
}

/// The place of a person from a town cell, a village cell and addresses, best first. The cells win; an address
/// fills what they leave open unless it names another town.
pub fn resolve<'a>(
    town: Option<&str>,
    village: Option<&str>,
    addresses: impl IntoIterator<Item = &'a str>,
    gazetteer: &Gazetteer,
) -> Place {
    let mut place = town.map(|cell| parse(cell, gazetteer).place).unwrap_or_default();
    if let Some(cell) = village {
        let text = normal(cell, gazetteer);
        let mut reader = Reader { text: &text, at: 0, gazetteer };
        if let Area::Own(at) | Area::Above(at) = gazetteer.area_at(&text) {
            reader.at = at;
        }
        let named = reader.town();
        let found = reader.village(if named > 0 { named } else { place.town });
        if found > 0 {
            place = Place {
                town: gazetteer.village_town(found),
                village: found,
                group: reader.group(),
                outside: false,
            };
        }
    }
    let mut outside = false;
    for address in addresses {
        let found = parse(address, gazetteer).place;
        outside |= found.outside;
        let agrees = place.town == 0 || found.town == place.town;
        if found.town == 0
            || !agrees
            || (place.village > 0 && found.village > 0 && found.village != place.village)
        {
            continue;
        }
        place.town = found.town;
        if place.village == 0 {
            place.village = found.village;
        }
        if place.group == 0 && found.village == place.village {
            place.group = found.group;
        }
        if place.village > 0 && place.group > 0 {
            break;
        }
    }
    place.outside = place.town == 0 && (outside || place.outside);
    place
}

/// Without spaces and invisible characters, narrow forms, variant characters as the gazetteer writes them.
fn normal<'a>(raw: &'a str, gazetteer: &Gazetteer) -> Cow<'a, str> {
    let one = |c: char| gazetteer.fold(narrow_char(c));
    let drop = |c: char| c.is_whitespace() || is_invisible(c) || matches!(c, ',' | '，' | '、' | '\'' | '"');
    if raw.chars().all(|c| !drop(c) && one(c) == c) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.chars().map(narrow_char).filter(|&c| !drop(c)).map(one).collect())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    gazetteer: &'a Gazetteer,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes the town, if one stands here and is not the beginning of a longer village name.
    fn town(&mut self) -> u16 {
        let rest = self.rest();
        let Some((length, town)) = self.gazetteer.town_at(rest) else { return 0 };
        let longer = self.gazetteer.village_at(rest, 0).is_some_and(|(village, _)| village > length);
        if longer || (is_bare(&rest[..length]) && rest[length..].starts_with(NO_VILLAGE_BEFORE)) {
            return 0;
        }
        self.at += length;
        town
    }

    /// Takes the village: within the town, else the only one of the county with that name, else behind a town
    /// name of old, else further on in the text where it says its kind.
    fn village(&mut self, town: u16) -> u16 {
        let rest = self.rest();
        if let Some((length, village)) = self.here(rest, town) {
            self.at += length;
            return village;
        }
        // A town that is no more, or a zone without its name, stands before the village: `久隆镇久西村`.
        let former = rest.char_indices().skip(1).take(4).find(|(_, c)| matches!(c, '镇' | '乡'));
        let former = former.map(|(at, kind)| at + kind.len_utf8());
        let zone = ZONES.iter().find(|zone| rest.starts_with(**zone)).map(|zone| zone.len());
        if let Some(behind) = former.or(zone)
            && let Some((length, village)) = self.here(&rest[behind..], town)
        {
            self.at += behind + length;
            return village;
        }
        if town == 0 {
            return 0;
        }
        for (start, _) in rest.char_indices().skip(1).take(24) {
            let Some((length, village)) = self.gazetteer.village_at(&rest[start..], town) else { continue };
            if village > 0 && !is_bare(&rest[start..start + length]) {
                self.at += start + length;
                return village;
            }
        }
        0
    }

    /// The village that `text` begins with.
    fn here(&self, text: &str, town: u16) -> Option<(usize, u16)> {
        let taken = |found: (usize, u16)| {
            let bare = is_bare(&text[..found.0]) && text[found.0..].starts_with(NO_VILLAGE_BEFORE);
            (!bare).then_some(found)
        };
        let within = if town > 0 { self.gazetteer.village_at(text, town).and_then(taken) } else { None };
        let found = within.or_else(|| self.gazetteer.village_at(text, 0).and_then(taken))?;
        // `久隆镇` is a village's name and an old town's: what follows decides.
        if text[..found.0].ends_with(['镇', '乡']) {
            let behind = &text[found.0..];
            let next = [town, 0].into_iter().find_map(|town| self.gazetteer.village_at(behind, town));
            if let Some((length, village)) = next.filter(|(_, village)| *village > 0) {
                return Some((found.0 + length, village));
            }
        }
        (found.1 > 0).then_some(found)
    }

    /// Takes the first number that a word for a group follows.
    fn group(&mut self) -> u16 {
        let rest = self.rest();
        let mut at = 0;
        while let Some(c) = rest[at..].chars().next() {
            let Some((value, bytes, _)) = numeral::leading(&rest[at..]) else {
                at += c.len_utf8();
                continue;
            };
            let behind = &rest[at + bytes..];
            let word = GROUP_WORDS.iter().find(|word| behind.starts_with(**word));
            if let Some(word) = word.filter(|_| !behind.starts_with("社区") && (1..1000).contains(&value)) {
                self.at += at + bytes + word.len();
                return u16::try_from(value).unwrap_or(0);
            }
            at += bytes;
        }
        0
    }
}

/// Whether a name does not say what it is the name of.
fn is_bare(name: &str) -> bool {
    !name.ends_with(['镇', '乡', '村', '区', '园', '会', '居', '处', '府', '队', '道', '院', '苑', '园'])
}
