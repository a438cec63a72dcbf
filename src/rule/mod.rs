//! F4, stage *judge*: rules written in SQL over linked records.
//!
//! In: standardised records, mentions, identities, decision tables, rules and views. Out: findings
//! with evidence, one outcome per rule, the near misses that were looked up. A rule never decides:
//! it names rows, dates and a sentence with 疑似, and a person answers. It must never find anything
//! because a file did not come, and never without evidence rows.

mod basis;
mod book;
mod cases;
mod check;
mod draft;
mod entitle;
mod evidence;
mod gate;
mod header;
mod judge;
mod kept;
mod parse;
mod policy;
mod policy_cases;
mod sentence;
mod tables;
mod view_cases;
mod world;

pub use basis::{BasisStatus, LegalBasis, parse_basis};
pub use book::{Book, Rule, RuleError, View};
pub use cases::{BOUNDARY_CASES, CaseFile, CaseResult, CaseSpec, test_cases};
pub use check::check;
pub use gate::missing;
pub use header::{
    ColumnFormat, EventKind, Parameter, ParameterStatus, RoleRef, RuleHeader, ShownColumn, Subject,
    ViewHeader,
};
pub use judge::{Judged, judge};
pub use kept::KeptView;
pub use parse::{head_text, parse, parse_policy, parse_view};
pub use policy::{Condition, Policy, PolicyHeader};
pub use policy_cases::{ExpectedMatch, PolicyCase, PolicyCaseFile, test_policy_cases};
pub use sentence::sentence_names;
pub use tables::views_read;
pub use view_cases::{ViewCase, ViewCaseFile, test_view_cases};
pub use world::{PlaceNames, World};
