//! Mentions: one person named in one row in one role, with its comparable values as small numbers.

use super::{Day, Relation, ResidentId};

/// Sex as GB/T 2261.1 tells it; 0 and 9 of the standard are both `Unknown`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Sex {
    /// Not told.
    #[default]
    Unknown = 0,
    /// 男.
    Male = 1,
    /// 女.
    Female = 2,
}

/// What could be made of the text in a resident-number cell; ordered from nothing to best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum IdState {
    /// The cell was empty or held a word for "none" (`无`, `0`).
    #[default]
    Missing = 0,
    /// Not a number of any known kind (wrong length, letters, all ones …).
    Malformed = 1,
    /// Excel rounded it: the first 15 digits stand, the last three are lost.
    LostPrecision = 2,
    /// A passport or another document that is no resident number.
    OtherDocument = 3,
    /// Eighteen characters of the right shape, but date or region cannot be.
    Implausible = 4,
    /// Eighteen characters, plausible parts, wrong check digit: a typo is likely.
    ChecksumFailed = 5,
    /// Came as 15 digits and was extended; such a number has no check digit of its own.
    Extended = 6,
    /// Checksum, date and region all right.
    Valid = 7,
}

impl IdState {
    /// All states; the position is the number.
    pub const ALL: [Self; 8] = [
        Self::Missing,
        Self::Malformed,
        Self::LostPrecision,
        Self::OtherDocument,
        Self::Implausible,
        Self::ChecksumFailed,
        Self::Extended,
        Self::Valid,
    ];

    /// The word that stands for it in artifacts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::LostPrecision => "lost_precision",
            Self::OtherDocument => "other_document",
            Self::Implausible => "implausible",
            Self::ChecksumFailed => "checksum_failed",
            Self::Extended => "extended",
            Self::Valid => "valid",
        }
    }
}

/// An index into [`NamePool`]; names are shared, so equal keys have equal ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NameId(pub u32);

impl NameId {
    /// No name given.
    pub const NONE: Self = Self(u32::MAX);

    /// Whether a name was given.
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }
}

/// What kind of text stood in a name cell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum NameForm {
    /// A full personal name.
    #[default]
    Full = 0,
    /// At least one character was lost (`?`, `□`, private use …); it is `\u{FFFD}` in the key.
    WithLost = 1,
    /// A newborn's stand-in (`张毛毛`, `王某之子`): the surname may hold, the rest is no evidence.
    Newborn = 2,
    /// No name evidence at all (`无名氏`, `未取名`).
    Placeholder = 3,
}

/// A standardised name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StdName {
    /// Comparison key: NFKC, spaces and dots removed, safe variants folded, lost characters as U+FFFD.
    /// Latin letters (pinyin in place of a lost character) stay, in lower case.
    pub key: Box<str>,
    /// How it is shown: cleaned, dot `·` kept, no folding of variants.
    pub display: Box<str>,
    /// What kind of text it was.
    pub form: NameForm,
}

/// All distinct standardised names of a run, in order of first appearance.
#[derive(Default, Clone)]
pub struct NamePool {
    names: Vec<StdName>,
    index: rustc_hash::FxHashMap<StdName, u32>,
}

impl NamePool {
    /// The id of a name, adding it when it is new.
    ///
    /// # Panics
    /// With 2³² − 1 distinct names.
    pub fn intern(&mut self, name: StdName) -> NameId {
        if let Some(&id) = self.index.get(&name) {
            return NameId(id);
        }
        let id = u32::try_from(self.names.len()).expect("fewer than 2^32 distinct names");
        self.names.push(name.clone());
        self.index.insert(name, id);
        NameId(id)
    }

    /// The name of an id; `None` for [`NameId::NONE`].
    pub fn get(&self, id: NameId) -> Option<&StdName> {
        self.names.get(id.0 as usize)
    }

    /// All names; the position is the id.
    pub fn names(&self) -> &[StdName] {
        &self.names
    }
}

/// A place inside the county as indices into the gazetteer (`tables::Gazetteer`); 0 means unknown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Place {
    /// Town index (1-based), 0 unknown.
    pub town: u16,
    /// Village index (1-based, over the whole county), 0 unknown.
    pub village: u16,
    /// Group (组) number, 0 unknown.
    pub group: u16,
    /// The address names a place outside the county.
    pub outside: bool,
}

/// One person named in one row in one role.
///
/// No `Debug`: the values are personal.
#[derive(Clone)]
pub struct Mention {
    /// Index of the extract in the run's list of [`super::RecordSet`]s.
    pub extract: u16,
    /// Index of the mention in the extract's contract (`contract.mention[role]`).
    pub role: u8,
    /// Sex: from its own column, else from the relation (a father is male), else from a valid number.
    pub sex: Sex,
    /// Record index within the extract's [`super::RecordSet`].
    pub row: u32,
    /// Standardised name.
    pub name: NameId,
    /// Former name: its own column or a bracketed remark in the name.
    pub former_name: NameId,
    /// The number, when eighteen characters could be made of the cell.
    pub id: Option<ResidentId>,
    /// What the number cell was worth.
    pub id_state: IdState,
    /// Birth date: from its own column, else from a number that is at least `Extended`.
    pub birth: Option<Day>,
    /// Whether `birth` came from the number (then it is no evidence beside the number).
    pub birth_from_id: bool,
    /// Where the person lives or is registered, as far as the row tells.
    pub place: Place,
    /// Telephone digits as a number, 0 when unknown.
    pub phone: u64,
    /// The role index of the person this one is related to within the row (`father` of `child`).
    pub of: Option<u8>,
    /// How it is related to `of`.
    pub relation: Relation,
}

/// A number that an agency gives its own persons (`child_number`, `roll_number`, …): within one
/// namespace the same value means the same person, unless the name speaks against it.
#[derive(Clone)]
pub struct LocalKey {
    /// Mention index.
    pub mention: u32,
    /// Index into [`MentionSet::namespaces`].
    pub namespace: u16,
    /// The cleaned value.
    pub value: Box<str>,
}

/// Where a further resident number of a mention was read from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OtherIdSource {
    /// Inside a roll number: the number at first registration, possibly changed since.
    Historic,
    /// Inside a disability-card number: an independent copy.
    Card,
    /// From a register of changes: the number before or after the change.
    ChangeLog,
}

/// A further resident number that belongs to a mention.
#[derive(Clone)]
pub struct OtherId {
    /// Mention index.
    pub mention: u32,
    /// The number.
    pub id: ResidentId,
    /// Where it was read from.
    pub source: OtherIdSource,
}

/// All mentions of a run with what they share. Mentions are ordered by extract, row and role.
#[derive(Default)]
pub struct MentionSet {
    /// The mentions.
    pub mentions: Vec<Mention>,
    /// Their names.
    pub names: NamePool,
    /// Names of the local-key namespaces, sorted.
    pub namespaces: Vec<String>,
    /// Local keys, ordered by mention.
    pub local_keys: Vec<LocalKey>,
    /// Further numbers, ordered by mention.
    pub other_ids: Vec<OtherId>,
    /// For each mention the number of its household, 0 unknown; equal numbers live together. Empty
    /// when no contract names a household.
    pub household: Vec<u32>,
}

impl MentionSet {
    /// Indices of the mentions of one extract (its position among the record sets).
    pub fn of_extract(&self, extract: u16) -> std::ops::Range<usize> {
        let all = &self.mentions;
        let start = all.partition_point(|mention| mention.extract < extract);
        start..start + all[start..].partition_point(|mention| mention.extract == extract)
    }
}
