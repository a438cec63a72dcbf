//! What every pass needs: names looked at once, content keys of mentions, roles, frequencies.

use arrow::array::Array;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::settings::Settings;
use crate::comparator::person_name::{self, NameBook};
use crate::comparator::resident_id;
use crate::diag::{Diagnostic, Spot};
use crate::domain::{Day, Mention, MentionSet, NameId, Place, RecordSet, row_keys};
use crate::kernel::digest;
use crate::tables::Tables;

/// Mentions with everything the passes look up. Made once per run, read by all.
pub struct Prepared<'a> {
    pub(super) set: &'a MentionSet,
    pub(super) settings: &'a Settings,
    pub(super) names: NameBook<&'a Tables>,
    /// Digest of (extract, row key, role) of each mention: it names the mention for ever and decides
    /// every tie, so no result depends on the order of rows.
    pub(super) key: Vec<u64>,
    pub(super) roles: Vec<Vec<Role>>,
    /// Id of each extract and names of its roles.
    titles: Vec<(String, Vec<String>)>,
    pub(super) frequency: Frequency,
}

/// What the contracts say about a role.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Role {
    /// One bit of its own for roles whose rows are different persons; 0 for all others.
    pub(super) slot: u64,
    /// Whether its mentions are the population that frequencies are counted in.
    pub(super) reference: bool,
    /// Whether no column tells the sex, so that it can only come from the relation or the number.
    pub(super) sex_by_number: bool,
}

impl<'a> Prepared<'a> {
    /// Looks at all mentions once.
    ///
    /// # Errors
    /// When a record set has no `row_key` column of texts, or mentions of an extract that is not there.
    pub fn new(
        set: &'a MentionSet,
        records: &[RecordSet],
        tables: &'a Tables,
        settings: &'a Settings,
    ) -> Result<Self, Diagnostic> {
        let key = content_keys(set, records)?;
        let roles = roles(records, settings);
        let names = NameBook::new(&set.names, tables);
        let frequency = Frequency::count(set, &names, &roles);
        let titles = records
            .iter()
            .map(|set| {
                (set.extract.clone(), set.contract.mention.iter().map(|spec| spec.role.clone()).collect())
            })
            .collect();
        Ok(Self { set, settings, names, key, roles, titles, frequency })
    }

    /// Id of an extract and name of one of its roles.
    pub(super) fn title(&self, (extract, role): (u16, u8)) -> (&str, &str) {
        let known = self.titles.get(usize::from(extract));
        known.map_or(("", ""), |(extract, roles)| {
            (extract.as_str(), roles.get(usize::from(role)).map_or("", String::as_str))
        })
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.set.mentions.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn mention(&self, at: u32) -> &'a Mention {
        &self.set.mentions[at as usize]
    }

    /// The mentions of one extract with their indices.
    pub(super) fn of_extract(&self, extract: u16) -> impl Iterator<Item = (u32, &'a Mention)> + use<'a> {
        let range = self.set.of_extract(extract);
        (0..self.len()).skip(range.start).zip(&self.set.mentions[range])
    }

    pub(super) fn role(&self, mention: &Mention) -> Role {
        let roles = self.roles.get(usize::from(mention.extract));
        roles.and_then(|roles| roles.get(usize::from(mention.role))).copied().unwrap_or_default()
    }

    /// Digest of (extract, row key, role) of each mention: its name for ever, also in the register.
    pub fn keys(&self) -> &[u64] {
        &self.key
    }

    pub(super) fn key(&self, at: u32) -> u64 {
        self.key[at as usize]
    }

    pub(super) fn household(&self, at: u32) -> u32 {
        self.set.household.get(at as usize).copied().unwrap_or(0)
    }

    /// The mention's own number, when it can be trusted as it stands: packed + 1, else 0.
    pub(super) fn usable_id(mention: &Mention) -> u64 {
        match mention.id {
            Some(id) if resident_id::usable(mention.id_state) => id.packed() + 1,
            _ => 0,
        }
    }

    /// All mentions of the same row, this one included.
    pub(super) fn row(&self, at: u32) -> std::ops::Range<u32> {
        let here = self.mention(at);
        let same = |other: &Mention| other.extract == here.extract && other.row == here.row;
        let (mut start, mut end) = (at, at + 1);
        while start > 0 && same(self.mention(start - 1)) {
            start -= 1;
        }
        while end < self.len() && same(self.mention(end)) {
            end += 1;
        }
        start..end
    }

    /// The mention that this one is related to within its row.
    pub(super) fn subject(&self, at: u32) -> Option<u32> {
        let of = self.mention(at).of?;
        self.row(at).find(|&other| other != at && self.mention(other).role == of)
    }

    /// Level of two mentions' names, former names included.
    pub(super) fn name_level(&self, a: u32, b: u32) -> u8 {
        let names = |at: u32| (self.mention(at).name, self.mention(at).former_name);
        self.names.compare_with_former(names(a), names(b))
    }
}

/// The key of one mention; extract and role come as their digests.
pub(super) fn content_key(extract: u64, row_key: &str, role: u64) -> u64 {
    digest::chain(digest::chain(extract, digest::bytes(row_key.as_bytes())), role)
}

fn content_keys(set: &MentionSet, records: &[RecordSet]) -> Result<Vec<u64>, Diagnostic> {
    let mut columns = Vec::with_capacity(records.len());
    for record_set in records {
        let Some(column) = row_keys(&record_set.batch) else {
            let spot = Spot { column: "row_key".into(), ..Spot::file(record_set.extract.clone()) };
            return Err(Diagnostic::error(
                "row_key_missing",
                spot,
                "records without a text column `row_key`",
            ));
        };
        let extract = digest::bytes(record_set.extract.as_bytes());
        let mentions = &record_set.contract.mention;
        let roles: Vec<u64> = mentions.iter().map(|spec| digest::bytes(spec.role.as_bytes())).collect();
        columns.push((extract, roles, column));
    }
    let known = |mention: &Mention| {
        columns.get(usize::from(mention.extract)).is_some_and(|(_, roles, column)| {
            usize::from(mention.role) < roles.len() && (mention.row as usize) < column.len()
        })
    };
    if !set.mentions.par_iter().all(known) {
        let message = "mentions name a row or role that the records do not have";
        return Err(Diagnostic::error("mention_without_row", Spot::default(), message));
    }
    let keys = set.mentions.par_iter().map(|mention| {
        let (extract, roles, column) = &columns[usize::from(mention.extract)];
        content_key(*extract, column.value(mention.row as usize), roles[usize::from(mention.role)])
    });
    Ok(keys.collect())
}

fn roles(records: &[RecordSet], settings: &Settings) -> Vec<Vec<Role>> {
    let mut next = 0_u32;
    let mut slot = || {
        // With more than 64 such roles the last ones share a bit, which only forbids more.
        let bit = 1_u64 << next.min(63);
        next += 1;
        bit
    };
    records
        .iter()
        .map(|record_set| {
            let specs = &record_set.contract.mention;
            specs
                .iter()
                .map(|spec| Role {
                    slot: if spec.one_row_one_person { slot() } else { 0 },
                    sex_by_number: spec.sex.is_none(),
                    reference: settings.reference.as_deref().is_some_and(|reference| {
                        reference.split_once('.') == Some((record_set.extract.as_str(), spec.role.as_str()))
                    }),
                })
                .collect()
        })
        .collect()
}

/// How common names, birth dates and villages are in the population.
pub(super) struct Frequency {
    /// Persons counted.
    pub(super) total: f64,
    names: FxHashMap<u64, u32>,
    surnames: FxHashMap<u64, u32>,
    given: Vec<u32>,
    given_total: f64,
    births: FxHashMap<i32, u32>,
    villages: FxHashMap<u16, u32>,
    placed: f64,
}

impl Frequency {
    fn count(set: &MentionSet, book: &NameBook<&Tables>, roles: &[Vec<Role>]) -> Self {
        let is_reference =
            |mention: &Mention| roles[usize::from(mention.extract)][usize::from(mention.role)].reference;
        let any = set.mentions.par_iter().any(is_reference);
        let mut by_name = vec![0_u32; set.names.names().len()];
        let mut frequency = Self {
            total: 0.0,
            names: FxHashMap::default(),
            surnames: FxHashMap::default(),
            given: Vec::new(),
            given_total: 0.0,
            births: FxHashMap::default(),
            villages: FxHashMap::default(),
            placed: 0.0,
        };
        let counted = |mention: &Mention| if any { is_reference(mention) } else { mention.of.is_none() };
        for mention in set.mentions.iter().filter(|mention| counted(mention)) {
            frequency.total += 1.0;
            if let Some(count) = by_name.get_mut(mention.name.0 as usize) {
                *count += 1;
            }
            if let Some(birth) = mention.birth {
                *frequency.births.entry(birth.days()).or_insert(0) += 1;
            }
            if mention.place.village != 0 {
                *frequency.villages.entry(mention.place.village).or_insert(0) += 1;
                frequency.placed += 1.0;
            }
        }
        for (at, &count) in by_name.iter().enumerate().filter(|(_, count)| **count > 0) {
            frequency.add_name(book, NameId(u32::try_from(at).unwrap_or(u32::MAX)), count);
        }
        frequency
    }

    fn add_name(&mut self, book: &NameBook<&Tables>, name: NameId, count: u32) {
        if !book.tells(name) {
            return;
        }
        *self.names.entry(book.hash(name)).or_insert(0) += count;
        *self.surnames.entry(book.surname_hash(name)).or_insert(0) += count;
        for &code in &book.codes(name)[book.surname_len(name)..] {
            let code = usize::from(code);
            if self.given.len() <= code {
                self.given.resize(code + 1, 0);
            }
            self.given[code] += count;
            self.given_total += f64::from(count);
        }
    }

    /// Chance that another person has exactly this name.
    pub(super) fn of_name(&self, book: &NameBook<&Tables>, name: NameId) -> f64 {
        let seen = f64::from(self.names.get(&book.hash(name)).copied().unwrap_or(0));
        let total = self.total.max(1.0);
        let composed = self.of_kept(book, name, |_| true);
        (seen.max(composed * total * 0.2) + 0.5) / (total + 1.0)
    }

    /// Chance that another person has these characters of the name, the surname counted as one; the
    /// caller says by position which are kept. Lost characters are no evidence.
    fn of_kept(&self, book: &NameBook<&Tables>, name: NameId, kept: impl Fn(usize) -> bool) -> f64 {
        let (codes, surname) = (book.codes(name), book.surname_len(name));
        let mut chance = 1.0;
        let surname_hash = book.surname_hash(name);
        if surname_hash != 0 && (0..surname).all(&kept) {
            let seen = f64::from(self.surnames.get(&surname_hash).copied().unwrap_or(0));
            chance *= (seen + 0.5) / (self.total + 1.0);
        }
        for at in (surname..codes.len()).filter(|&at| kept(at) && !book.is_wild(codes[at])) {
            let seen = f64::from(self.given.get(usize::from(codes[at])).copied().unwrap_or(0));
            chance *= (seen + 0.5) / (self.given_total + 1.0);
        }
        chance.clamp(1e-12, 1.0)
    }

    /// Chance that a person who is not the one meant has a name at this level from `a`, where `b` is
    /// the name that was found there.
    pub(super) fn of_name_level(
        &self,
        book: &NameBook<&Tables>,
        a: NameId,
        b: NameId,
        level: u8,
    ) -> Option<f64> {
        // Shares of the characters that stand in the relation to a given one (IDENTITY.md part 8).
        let changed = match level {
            person_name::EXACT | person_name::FORMER => {
                return Some(self.of_name(book, a).max(self.of_name(book, b)));
            }
            person_name::VARIANT => 0.001,
            person_name::TONED => 0.0052,
            person_name::TONELESS => 0.0041,
            person_name::LOOK_ALIKE => 0.0014,
            person_name::DIALECT => 0.0020,
            person_name::SEVERAL => 0.0002,
            person_name::ORDER => 0.02,
            person_name::LOST | person_name::SURNAME | person_name::ONE_CHARACTER => 1.0,
            _ => return None,
        };
        let (p, q) = (book.codes(a), book.codes(b));
        let kept = if p.len() == q.len() {
            self.of_kept(book, a, |at| p[at] == q[at])
        } else {
            let shorter = if p.len() < q.len() { a } else { b };
            self.of_kept(book, shorter, |_| true)
        };
        Some((kept * changed).max(0.5 / (self.total + 1.0)).min(1.0))
    }

    /// Chance that another person has this birth date.
    pub(super) fn of_birth(&self, birth: Day) -> f64 {
        let seen = f64::from(self.births.get(&birth.days()).copied().unwrap_or(0));
        (seen.max(self.total / 40_000.0) + 0.5) / (self.total + 1.0)
    }

    /// Chance that another person lives in this village, when the place tells one.
    pub(super) fn of_village(&self, place: Place) -> Option<f64> {
        let seen = self.villages.get(&place.village).copied()?;
        (place.village != 0).then(|| (f64::from(seen) + 0.5) / (self.placed + 1.0))
    }
}
