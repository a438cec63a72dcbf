//! What linkage says: links, pairs for review, identities, near misses, human judgements.

use super::{Day, LinkFigures, Place, ResidentId, Sex};

/// A person's number in this system; stable over nights, positive, never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentityId(pub i64);

impl IdentityId {
    /// Stands where a finding is about no person: the delivery of an agency, say.
    pub const NOBODY: Self = Self(0);
}

/// How sure it is that a mention belongs to its identity, in words an officer knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grade {
    /// Same valid number and same name.
    A,
    /// Same number with an explained name difference, or a number changed by the police.
    B,
    /// No usable number, but name, birth, sex and one more agree.
    C,
    /// Weaker.
    D,
}

impl Grade {
    /// `A` … `D`.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

/// A pair of mentions held to be one person.
#[derive(Clone, Debug)]
pub struct Link {
    /// Mention index, the smaller one.
    pub left: u32,
    /// Mention index.
    pub right: u32,
    /// Match weight in bits (log2 of the Bayes factor, prior included).
    pub weight: f32,
    /// Probability of being one person, 0–1.
    pub probability: f32,
    /// Grade of the link.
    pub grade: Grade,
    /// Name of the pass that made it, e.g. `valid_id`, `local_key`, `household`, `model`.
    pub pass: &'static str,
    /// Agreement levels, one for each comparison of the model, in its order.
    pub levels: Vec<u8>,
}

/// A pair between the thresholds, or one of several that fit alike, for a person to decide.
#[derive(Clone, Debug)]
pub struct ReviewPair {
    /// The pair.
    pub link: Link,
    /// What differs, in Chinese words without values.
    pub difference: String,
    /// Other candidates of one of the two that fit about as well: which of them is right, nothing says.
    pub tied: u32,
}

/// A person without a trusted number, as it was looked up among all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The mention that stands for it.
    pub mention: u32,
    /// Rows that were known to be this person before.
    pub mentions: u32,
    /// `linked`, `review` or `none`.
    pub outcome: &'static str,
}

/// A candidate for someone whom an absence rule did not find.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// Mention index of the one not found.
    pub subject: u32,
    /// Mention index of the candidate in the extract that was searched.
    pub candidate: u32,
    /// Match weight in bits.
    pub weight: f32,
    /// Probability, 0–1.
    pub probability: f32,
    /// C or D.
    pub grade: Grade,
    /// What differs, in Chinese words, e.g. `身份证第14位不同，姓名同音`.
    pub difference: String,
}

/// One person, as the union of its mentions says.
#[derive(Clone)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// Best name, display form.
    pub name: String,
    /// Best number.
    pub resident_id: Option<ResidentId>,
    /// Best birth date.
    pub birth: Option<Day>,
    /// Best sex.
    pub sex: Sex,
    /// Best place.
    pub place: Place,
    /// Weakest grade among its mentions.
    pub grade: Grade,
    /// Number of mentions.
    pub mentions: u32,
}

/// What happened to identities since the last night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityEvent {
    /// Two identities of last night are one now.
    Merged {
        /// The id that goes on.
        kept: IdentityId,
        /// The id that ends.
        ended: IdentityId,
    },
    /// Mentions of one identity of last night are two persons now.
    Split {
        /// The id that goes on.
        kept: IdentityId,
        /// The new id.
        new: IdentityId,
    },
}

/// What a person decided about two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One person.
    Same,
    /// Two persons.
    NotSame,
}

/// A lasting human judgement; rows are named by extract, row key and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// (extract, row key, role).
    pub left: (String, String, String),
    /// (extract, row key, role).
    pub right: (String, String, String),
    /// The decision.
    pub verdict: Verdict,
}

/// Two rows that were one person last night, with others whose file did not come whole tonight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Mention index.
    pub left: u32,
    /// Mention index.
    pub right: u32,
    /// The weaker of the grades that the two had.
    pub grade: Grade,
    /// Whether both bear the numbers that they bore when they were one person: then two different ones are what a row
    /// that is missing tonight explained.
    pub same_numbers: bool,
}

/// What is known of rows before tonight's are compared.
#[derive(Clone, Copy, Default)]
pub struct KnownBefore<'a> {
    /// What people decided.
    pub judgements: &'a [Judgement],
    /// Persons that missing rows held together.
    pub remembered: &'a [Remembered],
}

/// Identities of a run. Vectors of mention length are indexed by mention.
pub struct Resolution {
    /// Identity of each mention.
    pub identity: Vec<IdentityId>,
    /// Probability that the mention belongs to its identity, 0–1.
    pub probability: Vec<f32>,
    /// Grade of that.
    pub grade: Vec<Grade>,
    /// Identities, sorted by id.
    pub identities: Vec<Identity>,
    /// Merges and splits against the register of the last night, sorted.
    pub events: Vec<IdentityEvent>,
}

/// Figures of the linkage for report and manifest.
#[derive(Clone, Debug, Default)]
pub struct LinkSummary {
    /// Mentions in.
    pub mentions: u64,
    /// Pairs that blocking generated, for each blocking rule.
    pub pairs: Vec<(String, u64)>,
    /// Links by pass.
    pub links: Vec<(String, u64)>,
    /// Pairs for review.
    pub review: u64,
    /// Those of them whose candidates fit about equally well.
    pub tied: u64,
    /// Pairs that one answer makes one person and other answers two.
    pub contradicted: u64,
    /// Blocks that were split or refused, with the reason.
    pub oversized: Vec<String>,
    /// What to expect of it; `None` when persons were linked by numbers only.
    pub figures: Option<LinkFigures>,
}

/// Looks up candidates for persons whom an absence rule did not find. Implemented by `link`, asked
/// by `rule`, which may not import each other.
pub trait NearMissFinder: Sync {
    /// For each subject (a mention index) the best `per_subject` candidates among the mentions of
    /// role `target.1` (index in its contract) of extract `target.0` (index in the run's record
    /// sets) that belong to another identity, best first; subjects in the order given.
    fn near_misses(&self, subjects: &[u32], target: (u16, u8), per_subject: usize) -> Vec<NearMiss>;
}
