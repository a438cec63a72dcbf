//! Towns and villages of the county, found by name in a text.
//!
//! Names, not codes: two official lists give the same town different codes. The county itself is whatever
//! the table of divisions holds.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use super::areas::{Area, Areas};
use super::char_map::CharMap;
use super::prefixes::Prefixes;
use super::regions::Regions;
use super::rows::TableText;
use super::variants::Variants;
use crate::diag::Diagnostic;

#[derive(Clone, Debug)]
struct Village {
    name: Box<str>,
    town: u16,
}

/// Towns and villages; indices are 1-based, 0 is unknown.
#[derive(Clone, Debug, Default)]
pub struct Gazetteer {
    towns: Vec<Box<str>>,
    villages: Vec<Village>,
    town_words: Prefixes,
    /// Words of the villages of each town (by index − 1); value 0 is a word of several villages.
    by_town: Vec<Prefixes>,
    /// Words of all villages; value 0 is a word of several villages.
    by_county: Prefixes,
    areas: Areas,
    /// Variant characters of names in the gazetteer, `\0` where there is nothing to fold.
    fold: CharMap<char>,
}

impl Gazetteer {
    /// Official name of a town; empty for 0 or an index that does not exist.
    pub fn town_name(&self, town: u16) -> &str {
        usize::from(town).checked_sub(1).and_then(|at| self.towns.get(at)).map_or("", |name| name)
    }

    /// Official name of a village; empty for 0 or an index that does not exist.
    pub fn village_name(&self, village: u16) -> &str {
        self.village(village).map_or("", |village| &village.name)
    }

    /// The town of a village, 0 when unknown.
    pub fn village_town(&self, village: u16) -> u16 {
        self.village(village).map_or(0, |village| village.town)
    }

    /// Number of towns; indices run from 1 to this.
    pub fn town_count(&self) -> usize {
        self.towns.len()
    }

    /// Number of villages; indices run from 1 to this.
    pub fn village_count(&self) -> usize {
        self.villages.len()
    }

    /// The town that `text` begins with: bytes of its longest spelling, and index.
    pub fn town_at(&self, text: &str) -> Option<(usize, u16)> {
        self.town_words.longest(text)
    }

    /// The village that `text` begins with: bytes of its longest spelling, and index; index 0 when several
    /// villages are written so. With a `town` only its villages are looked at, with 0 all of the county.
    pub fn village_at(&self, text: &str, town: u16) -> Option<(usize, u16)> {
        match usize::from(town).checked_sub(1) {
            Some(at) => self.by_town.get(at)?.longest(text),
            None => self.by_county.longest(text),
        }
    }

    /// What `text` says first about province, city and county.
    pub fn area_at(&self, text: &str) -> Area {
        self.areas.at(text)
    }

    /// A character as the gazetteer writes it (匯 → 汇); all others unchanged.
    pub fn fold(&self, c: char) -> char {
        match self.fold.get(c) {
            '\0' => c,
            folded => folded,
        }
    }

    fn village(&self, village: u16) -> Option<&Village> {
        usize::from(village).checked_sub(1).and_then(|at| self.villages.get(at))
    }

    /// Reads the divisions (`code,level,name,town`) and the aliases (`alias,town,origin`).
    pub(super) fn load(
        divisions: TableText<'_>,
        aliases: TableText<'_>,
        regions: &Regions,
        variants: &Variants,
        problems: &mut Vec<Diagnostic>,
    ) -> (Self, [u64; 2]) {
        let mut gazetteer = Self::default();
        let mut own = BTreeSet::new();
        let mut index: BTreeMap<String, u16> = BTreeMap::new();
        let division_rows = divisions.csv(&["code", "level", "name", "town"], problems, |cells| {
            let code = cells[0].get(..6).and_then(|digits| digits.parse::<u32>().ok());
            own.insert(code.ok_or("a division code begins with six digits")?);
            match cells[1] {
                "town" => {
                    gazetteer.towns.push(cells[2].into());
                    let number =
                        u16::try_from(gazetteer.towns.len()).map_err(|_| "more than 65,535 towns")?;
                    if index.insert(cells[2].to_owned(), number).is_some() {
                        return Err("two towns have one name".to_owned());
                    }
                }
                "village" => {
                    let town = *index.get(cells[3]).ok_or("the town of a village must stand before it")?;
                    gazetteer.villages.push(Village { name: cells[2].into(), town });
                    u16::try_from(gazetteer.villages.len()).map_err(|_| "more than 65,535 villages")?;
                }
                _ => return Err("level must be town or village".to_owned()),
            }
            Ok(())
        });
        gazetteer.areas = Areas::build(regions, &own);
        for (name, &number) in &index {
            for word in town_words(gazetteer.areas.without_own(name)) {
                gazetteer.town_words.add(&word, number);
            }
            gazetteer.town_words.add(name, number);
        }
        let alias_rows = aliases.csv(&["alias", "town", "origin"], problems, |cells| {
            let town = *index.get(cells[1]).ok_or("unknown town")?;
            if index.contains_key(cells[0]) {
                return Err("the alias is the name of a town".to_owned());
            }
            for word in town_words(cells[0]) {
                gazetteer.town_words.add(&word, town);
            }
            Ok(())
        });
        gazetteer.index_villages();
        gazetteer.fold_characters(variants);
        (gazetteer, [division_rows, alias_rows])
    }

    /// Fills the village words. Of several villages with one word the better rank wins, a tie is ambiguous.
    fn index_villages(&mut self) {
        // (town or 0, word) → best rank and the villages that have it.
        let mut words: BTreeMap<(u16, String), (u8, BTreeSet<u16>)> = BTreeMap::new();
        for (number, village) in (1_u16..).zip(&self.villages) {
            for (word, rank) in village_words(&village.name) {
                for town in [0, village.town] {
                    let best = words.entry((town, word.clone())).or_insert((rank, BTreeSet::new()));
                    if rank < best.0 {
                        *best = (rank, BTreeSet::new());
                    }
                    if rank == best.0 {
                        best.1.insert(number);
                    }
                }
            }
        }
        self.by_town = vec![Prefixes::default(); self.towns.len()];
        for ((town, word), (_, villages)) in words {
            let number = if villages.len() == 1 { villages.first().copied().unwrap_or(0) } else { 0 };
            match usize::from(town).checked_sub(1) {
                Some(at) => self.by_town[at].add(&word, number),
                None => self.by_county.add(&word, number),
            }
        }
    }

    /// Collects the variants of characters that occur in names.
    fn fold_characters(&mut self, variants: &Variants) {
        let names = self.towns.iter().map(|name| &**name);
        let all = names.chain(self.villages.iter().map(|village| &*village.name));
        let used: BTreeSet<char> = all.flat_map(str::chars).collect();
        for c in ('\u{3400}'..='\u{9FFF}').chain('\u{F900}'..='\u{FAFF}') {
            let folded = variants.fold(std::iter::once(c).nfkc().next().unwrap_or(c));
            if folded != c && used.contains(&folded) && !used.contains(&c) {
                self.fold.set(c, folded);
            }
        }
    }
}

/// Spellings of a town: with its own kind, another kind, or none.
fn town_words(name: &str) -> Vec<String> {
    const KINDS: [&str; 3] = ["街道", "镇", "乡"];
    let Some(stem) = KINDS.iter().find_map(|kind| name.strip_suffix(kind)) else {
        return vec![name.to_owned()];
    };
    let mut words =
        vec![name.to_owned(), stem.to_owned(), format!("{stem}街道办事处"), format!("{stem}镇人民政府")];
    words.extend(KINDS.iter().map(|kind| format!("{stem}{kind}")));
    words
}

/// Spellings of a village with their rank: 0 says its kind, 1 is usual, 2 says another kind, 3 is loose.
fn village_words(official: &str) -> Vec<(String, u8)> {
    let plain: String = official.nfkc().collect();
    let name = plain.split('(').next().unwrap_or_default();
    let kinds = [("社区居委会", false), ("居委会", false), ("村委会", true), ("社区", false)];
    let (stem, rural) = kinds
        .iter()
        .find_map(|(kind, rural)| Some((name.strip_suffix(kind)?, *rural)))
        .unwrap_or((name, false));
    let stem = if stem.is_empty() { name } else { stem };
    let own: &[&str] = if rural {
        &["村委会", "村民委员会", "村村民委员会", "村村委会"]
    } else {
        &["居委会", "社区居委会", "社区居民委员会", "居民委员会", "社区"]
    };
    let usual: &[&str] = if rural { &["", "村"] } else { &["", "居"] };
    let other: &[&str] = if rural { &["社区", "居委会", "大队"] } else { &["村", "村委会"] };
    let mut words = vec![(name.to_owned(), 0), (official.to_owned(), 0)];
    let mut add = |stem: &str, endings: &[&str], rank: u8| {
        if stem.chars().count() >= 2 {
            words.extend(endings.iter().map(|ending| (format!("{stem}{ending}"), rank)));
        }
    };
    add(stem, own, 0);
    add(stem, usual, 1);
    add(stem, other, 2);
    if let Some(shorter) = stem.strip_suffix('村') {
        add(shorter, &["", "村委会"], 1);
    }
    if let Some(shorter) = stem.strip_suffix('镇') {
        add(shorter, if rural { &["村"] } else { &["社区", "居委会"] }, 2);
        add(shorter, &[""], 3);
    }
    words
}
