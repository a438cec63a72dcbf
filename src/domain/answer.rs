//! What officers answer about a case, and where a case stands in its life.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Day;

/// Where a case stands in its life. Which event leads from which to which is one table of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Found, not yet on a published list.
    #[default]
    New,
    /// On a published list, waiting for an answer.
    Sent,
    /// Answered; with the office until it is approved, or until the situation is over.
    Answered,
    /// Two officers contradict each other: somebody has to look again.
    Disputed,
    /// Answered by one, approved by another.
    Approved,
    /// Somebody objects to what two persons settled: two persons have to decide whether it stands.
    Objected,
    /// Explained or over.
    Closed,
    /// Explained for a time: a proof is valid until a day, or the answer holds for some days.
    Suspended,
    /// To be asked again, because something changed.
    Reopened,
    /// Not found any more before anybody confirmed it.
    Withdrawn,
}

impl Phase {
    /// All phases, in the order of a usual life.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Sent,
        Self::Answered,
        Self::Disputed,
        Self::Approved,
        Self::Objected,
        Self::Closed,
        Self::Suspended,
        Self::Reopened,
        Self::Withdrawn,
    ];

    /// The word in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Sent => "sent",
            Self::Answered => "answered",
            Self::Disputed => "disputed",
            Self::Approved => "approved",
            Self::Objected => "objected",
            Self::Closed => "closed",
            Self::Suspended => "suspended",
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The word for officers.
    pub const fn title(self) -> &'static str {
        match self {
            Self::New => "新发现",
            Self::Sent => "已下发",
            Self::Answered => "已答复",
            Self::Disputed => "答复不一致",
            Self::Approved => "已审核",
            Self::Objected => "异议复核中",
            Self::Closed => "已办结",
            Self::Suspended => "暂缓",
            Self::Reopened => "重新核查",
            Self::Withdrawn => "已撤回",
        }
    }

    /// Whether no answer counts: officers contradict each other, or an objection is not decided.
    pub const fn is_in_doubt(self) -> bool {
        matches!(self, Self::Disputed | Self::Objected)
    }

    /// Whether an officer is asked about the case.
    pub const fn asks(self) -> bool {
        matches!(self, Self::New | Self::Sent | Self::Reopened | Self::Disputed)
    }
}

/// 核查结果.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 属实.
    Confirmed,
    /// 部分属实.
    Partly,
    /// 不属实.
    Refuted,
    /// 无法核实.
    Unverifiable,
}

impl Outcome {
    /// All results, in the order of the drop-down.
    pub const ALL: [Self; 4] = [Self::Confirmed, Self::Partly, Self::Refuted, Self::Unverifiable];

    /// The word of the drop-down.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Confirmed => "属实",
            Self::Partly => "部分属实",
            Self::Refuted => "不属实",
            Self::Unverifiable => "无法核实",
        }
    }

    /// The result that a word of the drop-down names.
    pub fn of_title(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.title() == title)
    }
}

/// For how long an answer keeps a case silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Until the fact changes.
    Fact,
    /// Through this day.
    Through(Day),
    /// Confirmed: with the office until it is not found any more.
    Gone,
}

/// A person named in a row: extract, row key, role.
pub type MentionRef = (String, String, String);

/// One answer of one officer. Stored in the ledger as it was understood, so that a later edition of the
/// outcome tables does not change what an old answer meant. No `Debug`: it holds what people wrote.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// 核查结果; `None` when only the question whether two rows are one person was answered.
    pub outcome: Option<Outcome>,
    /// Code of the reason; empty when none was given.
    pub code: String,
    /// 原因分类 as the officer saw it.
    pub reason: String,
    /// Whether the two rows are one person, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
    /// The other cells that were filled in, by heading.
    pub fields: BTreeMap<String, String>,
    /// 核查人.
    pub officer: String,
    /// 核查时间.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_on: Option<Day>,
    /// 审核人; empty while nobody has approved.
    pub approver: String,
    /// How long it keeps the case silent.
    pub silence: Silence,
    /// Whether a second person has to approve it.
    pub needs_approval: bool,
    /// Recipients whose data are wrong according to it.
    pub corrects: Vec<String>,
    /// Disclosure class of the reason.
    pub class: String,
    /// Persons it speaks about when `same` is given, or the reason tells.
    pub pairs: Vec<(MentionRef, MentionRef)>,
}

impl Answer {
    /// What tells one answer from another: everything but who approved it.
    pub fn digest_parts(&self) -> Vec<String> {
        let mut parts = vec![
            self.outcome.map_or_else(String::new, |outcome| outcome.title().to_owned()),
            self.reason.clone(),
            self.same.map_or_else(String::new, |same| same.to_string()),
            self.officer.clone(),
            self.checked_on.map_or_else(String::new, Day::iso),
        ];
        parts.extend(self.fields.iter().map(|(name, value)| format!("{name}={value}")));
        parts
    }

    /// Whether another answer says something else about the case: result, reason, same person.
    pub fn contradicts(&self, other: &Self) -> bool {
        (self.outcome, &self.reason, self.same) != (other.outcome, &other.reason, other.same)
    }

    /// The answer in one line for officers, without who gave it.
    pub fn words(&self) -> String {
        let outcome = self.outcome.map(|outcome| match self.reason.as_str() {
            "" => outcome.title().to_owned(),
            reason => format!("{}（{reason}）", outcome.title()),
        });
        let same = self.same.map(|same| if same { "同一人" } else { "不是同一人" }.to_owned());
        outcome.into_iter().chain(same).collect::<Vec<_>>().join("，")
    }
}

/// Whether two names of officers are one: in other case, or with a space in it, a name is no second person.
pub fn is_one_officer(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.to_lowercase().split_whitespace().collect::<String>();
    plain(a) == plain(b)
}

/// An answer with the day on which it came into the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    /// Day of the import.
    pub on: Day,
    /// What was answered.
    pub answer: Answer,
    /// Who approved it; empty while nobody has.
    pub approved_by: String,
    /// Taken back by two persons after an objection: it stays on record and counts no more.
    pub revoked: bool,
}

impl GivenAnswer {
    /// The answer that counts among those since a case was listed: the approved one, else the last; never one
    /// that was taken back.
    pub fn standing(answers: &[Self]) -> Option<&Self> {
        let mut counting = answers.iter().filter(|given| !given.revoked);
        let approved = counting.clone().rfind(|given| !given.approved_by.is_empty());
        approved.or_else(|| counting.next_back())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_and_read_back() {
        let mut words: Vec<&str> = Phase::ALL.iter().map(|phase| phase.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Phase::ALL.len());
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::of_title(outcome.title()), Some(outcome));
        }
        assert_eq!(Outcome::of_title("是"), None);
    }
}
