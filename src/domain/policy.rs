//! 一童一策: what each policy means for each child, as the stage *judge* works it out.

use super::{Evidence, Grade, IdentityId, MentionRef};

/// What a policy means for a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entitlement {
    /// Entitled, and has it.
    Enjoyed,
    /// Entitled as far as the data tell, and does not have it.
    Missed,
    /// A condition does not hold.
    Unmet,
    /// Has something that may not stand beside it.
    Excluded,
    /// Data that would decide are missing.
    Unknown,
}

impl Entitlement {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Enjoyed, Self::Missed, Self::Unmet, Self::Excluded, Self::Unknown];

    /// Word for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enjoyed => "enjoyed",
            Self::Missed => "missed",
            Self::Unmet => "unmet",
            Self::Excluded => "excluded",
            Self::Unknown => "unknown",
        }
    }

    /// Words for officers.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Enjoyed => "应享已享",
            Self::Missed => "应享未享",
            Self::Unmet => "不符合",
            Self::Excluded => "不可叠享",
            Self::Unknown => "不能判断",
        }
    }

    /// The one of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entitlement| entitlement.word() == word)
    }
}

/// One policy and one child.
#[derive(Clone)]
pub struct PolicyMatch {
    /// Policy id.
    pub policy: String,
    /// The child.
    pub identity: IdentityId,
    /// The row by which the child is known.
    pub subject: MentionRef,
    /// What the policy means for the child.
    pub entitlement: Entitlement,
    /// Whether the child has it now; `None` when that cannot be seen.
    pub enjoys: Option<bool>,
    /// Conditions that fail, programmes that exclude it, data that are missing: in Chinese, in the policy's order.
    pub because: Vec<String>,
    /// What keeps a missed policy from being sure, in Chinese; empty when nothing does.
    pub doubt: String,
    /// The rule whose finding tells the same; empty when none does.
    pub finding: String,
    /// Why a missed policy is on no list, in Chinese; empty when it is, or is not missed.
    pub unlisted: String,
    /// Weakest grade that it rests on.
    pub grade: Grade,
    /// Rows it rests on, sorted; the child's own row when there is no other.
    pub evidence: Vec<Evidence>,
}

impl PolicyMatch {
    /// One sentence beside the verdict; empty when there is nothing to say.
    pub fn words(&self) -> String {
        let all = self.because.join("、");
        let mut parts = Vec::new();
        match self.entitlement {
            Entitlement::Missed => parts.push("各项条件成立，未见享受".to_owned()),
            _ if all.is_empty() => {}
            Entitlement::Unmet if self.enjoys == Some(true) => {
                parts.push(format!("现正享受，而不满足：{all}，请核查"));
            }
            Entitlement::Unmet => parts.push(format!("不满足：{all}")),
            Entitlement::Excluded => parts.push(format!("已享受{all}，不可叠享")),
            Entitlement::Unknown => parts.push(format!("缺：{all}")),
            Entitlement::Enjoyed => parts.push(format!("数据不能复核：{all}")),
        }
        if !self.doubt.is_empty() {
            parts.push(format!("待确认：{}", self.doubt));
        }
        if !self.unlisted.is_empty() {
            parts.push(format!("未列线索：{}", self.unlisted));
        }
        parts.join("；")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entitlement: Entitlement, enjoys: Option<bool>, because: &[&str], expected: &str) {
        let found = PolicyMatch {
            policy: "p".into(),
            identity: IdentityId(1),
            subject: ("a".into(), "1".into(), "s".into()),
            entitlement,
            enjoys,
            because: because.iter().map(|text| (*text).to_owned()).collect(),
            doubt: String::new(),
            finding: String::new(),
            unlisted: String::new(),
            grade: Grade::A,
            evidence: Vec::new(),
        };
        assert_eq!(found.words(), expected);
    }

    #[test]
    fn every_verdict_says_why() {
        check(Entitlement::Unmet, Some(false), &["未满18周岁", "在世"], "不满足：未满18周岁、在世");
        check(Entitlement::Unmet, Some(true), &["在世"], "现正享受，而不满足：在世，请核查");
        check(Entitlement::Excluded, Some(false), &["甲"], "已享受甲，不可叠享");
        check(Entitlement::Unknown, None, &["《乙》"], "缺：《乙》");
        check(Entitlement::Missed, Some(false), &[], "各项条件成立，未见享受");
        check(Entitlement::Enjoyed, Some(true), &[], "");
    }

    #[test]
    fn words_lead_back() {
        for entitlement in Entitlement::ALL {
            assert_eq!(Entitlement::parse(entitlement.word()), Some(entitlement));
        }
    }
}
