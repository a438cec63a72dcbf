//! F0: the nouns every floor shares. Pure data: no IO, no clock, no thread, no agency name.
//!
//! What one stage hands to the next is declared here, because stage modules may not import each
//! other. Invariant: nothing in this folder knows a file format, an engine or a TOML key.

mod answer;
mod contract;
mod day;
mod digest;
mod finding;
mod kept;
mod link_figures;
mod linkage;
mod manifest;
mod masked;
mod mention;
mod policy;
mod records;
mod resident_id;
mod school;
mod sentence;

pub use answer::{Answer, GivenAnswer, MentionRef, Outcome, Phase, Silence, is_one_officer};
pub use contract::{
    Completeness, Contract, Encoding, Field, FieldKind, Format, IdHistory, MentionSpec, OnUnknownCode,
    Relation, RelationSource, SexOfRole, Tolerance,
};
pub use day::{Day, Month};
pub use digest::{digests_of, hex, sha256_of};
pub use finding::{
    Case, CaseStatus, Evidence, Finding, FindingDetail, FindingParts, OpenClue, RuleOutcome, Settlement,
    Severity,
};
pub use kept::KeptRows;
pub use link_figures::{DriftFigure, HiddenFigure, LevelFigure, LinkFigures, PassFigure, Ranged, RoleFigure};
pub use linkage::{
    Grade, Identity, IdentityEvent, IdentityId, Judgement, KnownBefore, Link, LinkSummary, Lookup, NearMiss,
    NearMissFinder, Remembered, Resolution, ReviewPair, Verdict,
};
pub use manifest::MANIFEST_FORMAT;
pub use masked::Masked;
pub use mention::{
    IdState, LocalKey, Mention, MentionSet, NameForm, NameId, NamePool, OtherId, OtherIdSource, Place, Sex,
    StdName,
};
pub use policy::{Entitlement, PolicyMatch};
pub use records::{
    CheckedExtract, ExtractState, FileReport, PulledExtract, PulledFile, Quarantined, RawTable, RecordSet,
    row_keys,
};
pub use resident_id::ResidentId;
pub use school::{SchoolName, SchoolStage};
pub use sentence::{Sentence, SentenceValue};
