//! What is true of a person and a family; agencies see it later, in part, and through errors.

use super::layout::Extract;
use super::names::Name;
use super::stories::Story;
use crate::domain::{Day, Month, ResidentId, Sex};

/// Where and when someone died, and which offices have written it down by their own cut-off dates.
#[derive(Clone, Copy)]
pub(crate) struct Death {
    /// The day.
    pub(crate) day: Day,
    /// The day the police accepted the cancellation.
    pub(crate) police: Option<Day>,
    /// The day of cremation.
    pub(crate) cremation: Option<Day>,
    /// Whether a medical certificate was issued.
    pub(crate) certificate: bool,
}

/// Where the register goes when someone moves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveKind {
    /// Inside the city.
    Inside,
    /// Outside the city.
    Outside,
    /// To a college's collective household.
    Study,
}

/// A move of the household registration.
#[derive(Clone)]
pub(crate) struct Moved {
    /// The day.
    pub(crate) day: Day,
    /// The kind.
    pub(crate) kind: MoveKind,
    /// Destination.
    pub(crate) to: String,
}

/// A disability card.
#[derive(Clone, Copy)]
pub(crate) struct Card {
    /// 1–7.
    pub(crate) category: u8,
    /// 1–4.
    pub(crate) level: u8,
    /// First issue.
    pub(crate) issued: Day,
    /// Valid to.
    pub(crate) until: Option<Day>,
    /// 正常, 过期, 冻结, 注销 or 迁出.
    pub(crate) state: &'static str,
    /// Re-issues so far (B1, B2 …).
    pub(crate) reissue: u8,
    /// The level before the card was graded anew: the number still ends with it.
    pub(crate) graded_before: Option<u8>,
}

impl Card {
    /// Level 1–2, or 3–4 of 智力 or 精神.
    pub(crate) fn severe(&self) -> bool {
        self.level <= 2 || matches!(self.category, 5 | 6)
    }

    /// 正常 and not past its date.
    pub(crate) fn valid_on(&self, day: Day) -> bool {
        self.state == "正常" && self.until.is_none_or(|until| until >= day)
    }
}

/// A time in custody, of whatever kind.
#[derive(Clone, Copy)]
pub(crate) struct Term {
    /// 监狱服刑, 社区矫正 (justice) or a police measure.
    pub(crate) kind: &'static str,
    /// Start.
    pub(crate) from: Day,
    /// Planned end.
    pub(crate) until: Day,
    /// Release, if released.
    pub(crate) released: Option<Day>,
}

impl Term {
    /// In custody on this day (community correction is not custody).
    pub(crate) fn holds_on(&self, day: Day) -> bool {
        self.kind != "社区矫正" && self.from <= day && self.released.is_none_or(|end| end > day)
    }

    /// A term of at least six months that counts for the matrix; its last day is part of it.
    pub(crate) fn long(&self) -> bool {
        matches!(self.kind, "监狱服刑" | "强制隔离戒毒")
            && self.until.plus_days(1) >= self.from.plus_months(6)
    }
}

/// A court's decision on an adult.
#[derive(Clone, Copy)]
pub(crate) struct Judgment {
    /// 宣告失踪, 宣告死亡, 撤销监护资格 …
    pub(crate) matter: &'static str,
    /// Effective from.
    pub(crate) effective: Day,
}

/// A payment programme running for someone.
#[derive(Clone, Copy)]
pub(crate) struct Pay {
    /// 项目.
    pub(crate) project: &'static str,
    /// First and last belonging month (both included), as far as money was sent.
    pub(crate) from: Month,
    /// Last belonging month.
    pub(crate) to: Month,
    /// From this month on the bank returned it.
    pub(crate) returned_from: Option<Month>,
    /// Yuan.
    pub(crate) amount: u32,
}

/// A disability subsidy running for someone.
#[derive(Clone, Copy)]
pub(crate) struct Subsidy {
    /// 补贴类别.
    pub(crate) kind: &'static str,
    /// First belonging month.
    pub(crate) from: Month,
    /// Last belonging month.
    pub(crate) to: Month,
}

/// One person.
#[expect(clippy::struct_excessive_bools, reason = "marks that have nothing to do with each other")]
#[derive(Clone)]
pub(crate) struct Person {
    /// Stable number of the simulation.
    pub(crate) number: u64,
    /// Sex.
    pub(crate) sex: Sex,
    /// Birth.
    pub(crate) birth: Day,
    /// True name today.
    pub(crate) name: Name,
    /// Name before, and the day it changed.
    pub(crate) former: Option<(Name, Day)>,
    /// Resident number today; none for people without registration.
    pub(crate) id: Option<ResidentId>,
    /// Region the number was coded in; 0 = this county, by year.
    pub(crate) id_region: u32,
    /// Where in the day's numbers to look for a free one.
    pub(crate) seq_hint: u16,
    /// Wants a second number (changed by the police) and when.
    pub(crate) renumbered: Option<Day>,
    /// The number before the change.
    pub(crate) old_id: Option<ResidentId>,
    /// 民族.
    pub(crate) ethnic: &'static str,
    /// Registered in this county (now or until death or move).
    pub(crate) local: bool,
    /// Index in the family.
    pub(crate) father: Option<usize>,
    /// Index in the family.
    pub(crate) mother: Option<usize>,
    /// Index of the twin that was numbered before.
    pub(crate) twin: Option<usize>,
    /// Two-digit and one-digit code of the relation to the head.
    pub(crate) relation: (&'static str, &'static str),
    /// Death.
    pub(crate) death: Option<Death>,
    /// Move.
    pub(crate) moved: Option<Moved>,
    /// Disability card.
    pub(crate) card: Option<Card>,
    /// Custody of all kinds.
    pub(crate) terms: Vec<Term>,
    /// Court decisions.
    pub(crate) judgments: Vec<Judgment>,
    /// Police registration 失踪.
    pub(crate) police_missing: bool,
    /// Out of contact since (known to civil affairs only).
    pub(crate) lost_since: Option<Day>,
    /// Serious illness, and since when.
    pub(crate) illness: Option<(&'static str, Day)>,
    /// The last settlement for it, where treatment has ended; otherwise it goes on.
    pub(crate) treated_until: Option<Day>,
    /// Works away from home.
    pub(crate) away: bool,
    /// Insured as an employee since this day, whatever the sample of employees says.
    pub(crate) insured: Option<Day>,
    /// Twice in the police register, under `id` and `old_id`; true when the change log tells it.
    pub(crate) twice: Option<bool>,
    /// Gets no disability subsidy unless the story says so.
    pub(crate) unaided: bool,
    /// Telephone.
    pub(crate) phone: u64,
    /// Money.
    pub(crate) pays: Vec<Pay>,
    /// Subsidies.
    pub(crate) subsidies: Vec<Subsidy>,
    /// A child's life at school and on the civil rolls.
    pub(crate) kid: Option<Box<Kid>>,
}

impl Person {
    /// Alive on the day.
    pub(crate) fn alive_on(&self, day: Day) -> bool {
        self.death.is_none_or(|death| death.day > day)
    }

    /// The name known on a day by an office that learns of a change `lag` days late.
    pub(crate) fn name_on(&self, day: Day, lag: i32) -> &Name {
        match &self.former {
            Some((former, changed)) if changed.plus_days(lag) > day => former,
            _ => &self.name,
        }
    }

    /// Declared missing or dead by a court that has not revoked it since.
    pub(crate) fn declared_since(&self, edge: Day) -> Option<Day> {
        let dated = |matters: &'static [&'static str]| {
            self.judgments
                .iter()
                .filter(move |j| matters.contains(&j.matter) && j.effective <= edge)
                .map(|j| j.effective)
        };
        let revoked = dated(&["撤销宣告"]).max();
        dated(&["宣告失踪", "宣告死亡"]).filter(|&begun| revoked.is_none_or(|end| begun > end)).min()
    }

    /// Dead or declared so: the "D" of the matrix, with the day it became so.
    pub(crate) fn gone_since(&self, edge: Day) -> Option<Day> {
        let declared = self.declared_since(edge);
        let died = self.death.map(|death| death.day).filter(|&day| day <= edge);
        [declared, died].into_iter().flatten().min()
    }

    /// A documented "H" state on the day, with its start.
    pub(crate) fn unable_since(&self, day: Day) -> Option<Day> {
        let card = self.card.filter(|c| c.severe() && c.valid_on(day)).map(|c| c.issued);
        let term = self.terms.iter().filter(|t| t.long() && t.holds_on(day)).map(|t| t.from).min();
        [card, term, self.revoked_since(day)].into_iter().flatten().min()
    }

    /// Guardianship revoked by a court and not restored since.
    pub(crate) fn revoked_since(&self, day: Day) -> Option<Day> {
        let dated = |matter: &'static str| {
            self.judgments
                .iter()
                .filter(move |j| j.matter == matter && j.effective <= day)
                .map(|j| j.effective)
        };
        let restored = dated("恢复监护资格").max();
        dated("撤销监护资格").filter(|&begun| restored.is_none_or(|end| begun > end)).min()
    }
}

/// A school of the county.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct School {
    /// 21 primary, 31 middle, 34 senior, 51 special.
    pub(crate) kind: u8,
    /// Index of the town's first village (stands for the town).
    pub(crate) town: usize,
    /// Which of the town's schools.
    pub(crate) nth: u8,
}

/// One row of the student roll.
#[derive(Clone)]
pub(crate) struct Roll {
    /// The school.
    pub(crate) school: School,
    /// 1–12.
    pub(crate) grade: u8,
    /// Class number.
    pub(crate) class: u8,
    /// Entry.
    pub(crate) entered: Month,
    /// 学生状态.
    pub(crate) state: &'static str,
    /// 就读方式.
    pub(crate) mode: &'static str,
    /// 随班就读.
    pub(crate) inclusive: bool,
    /// First letter of the roll number.
    pub(crate) letter: char,
    /// The roll's own identity cell still shows the number before a change.
    pub(crate) old_id_cell: bool,
}

/// A change of the roll.
#[derive(Clone)]
pub(crate) struct RollChange {
    /// 异动类型.
    pub(crate) kind: &'static str,
    /// Day.
    pub(crate) day: Day,
    /// 截止日期.
    pub(crate) until: Option<Day>,
    /// From.
    pub(crate) from: String,
    /// To.
    pub(crate) to: String,
}

/// A parent's state as the civil roll records it.
#[derive(Clone, Copy, Default)]
pub(crate) struct ParentState {
    /// Two-digit code of 父亲情况.
    pub(crate) code: u8,
    /// From.
    pub(crate) from: Option<Day>,
    /// To.
    pub(crate) to: Option<Day>,
}

/// The row of the civil roll.
#[derive(Clone)]
pub(crate) struct Roster {
    /// 儿童类别.
    pub(crate) category: u8,
    /// 登记日期.
    pub(crate) listed: Day,
    /// Still on the roll.
    pub(crate) active: bool,
    /// 享受状态 code.
    pub(crate) status: u8,
    /// 起领年月.
    pub(crate) first_pay: Option<Month>,
    /// 末领年月.
    pub(crate) last_pay: Option<Month>,
    /// 退出原因 code, 0 = none.
    pub(crate) exit: u8,
    /// 超龄续发原因.
    pub(crate) continued: &'static str,
    /// Father and mother as recorded.
    pub(crate) father: ParentState,
    /// Mother as recorded.
    pub(crate) mother: ParentState,
    /// 风险等级; empty when never assessed.
    pub(crate) colour: &'static str,
    /// 评估日期.
    pub(crate) assessed: Option<Day>,
    /// 责任单位 is named.
    pub(crate) owned: bool,
}

/// A visit to a child.
#[derive(Clone, Copy)]
pub(crate) struct Visit {
    /// Day.
    pub(crate) day: Day,
    /// 走访类型.
    pub(crate) kind: &'static str,
}

/// What the offices fail to do for a child, where a story wants it so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Neglect {
    /// No visit for two months.
    Visits,
    /// Only telephone calls for two months.
    Calls,
    /// No colour.
    Colour,
    /// An old colour.
    OldColour,
    /// No care agreement.
    Agreement,
    /// The care agreement was ended.
    EndedAgreement,
    /// Lives in another town, nobody is responsible.
    Owner,
    /// Too few lessons at home.
    Lessons,
    /// No education aid.
    Aid,
    /// High risk, and visited as seldom as everybody else.
    Interval,
    /// Something has happened, and the colour is the one from before.
    OldRisk,
    /// No rehabilitation.
    Rehabilitation,
}

/// A care agreement with somebody who looks after the child while the parents are away.
#[derive(Clone, Copy)]
pub(crate) struct Care {
    /// Index in the family.
    pub(crate) carer: usize,
    /// 签订日期.
    pub(crate) signed: Day,
    /// 有效期至.
    pub(crate) until: Day,
    /// 终止 instead of 有效.
    pub(crate) ended: bool,
}

/// A call to the police about a child.
#[derive(Clone, Copy)]
pub(crate) struct Alert {
    /// 警情类别.
    pub(crate) kind: &'static str,
    /// 警情日期.
    pub(crate) day: Day,
    /// 是否已找回, for 走失.
    pub(crate) found: bool,
}

/// A placement outcome of a disabled child.
#[derive(Clone, Copy)]
pub(crate) struct Placement {
    /// 安置方式.
    pub(crate) how: &'static str,
    /// 批准日期.
    pub(crate) approved: Day,
    /// 到期日期.
    pub(crate) until: Option<Day>,
}

/// A row of the dropout ledger.
#[derive(Clone, Copy)]
pub(crate) struct Ledger {
    /// 类型.
    pub(crate) kind: &'static str,
    /// 登记日期.
    pub(crate) listed: Day,
    /// 去向.
    pub(crate) whereabouts: &'static str,
    /// 证明有效期至.
    pub(crate) proof_until: Option<Day>,
    /// 复学日期.
    pub(crate) returned: Option<Day>,
    /// 劝返次数.
    pub(crate) persuaded: u8,
    /// 状态.
    pub(crate) state: &'static str,
}

/// An adoption.
#[derive(Clone)]
pub(crate) struct Adoption {
    /// 登记日期.
    pub(crate) day: Day,
    /// 登记类型.
    pub(crate) kind: &'static str,
    /// Index of the adopter in the family.
    pub(crate) adopter: usize,
}

/// A child's life at school and on the civil rolls.
#[expect(clippy::struct_excessive_bools, reason = "marks that have nothing to do with each other")]
#[derive(Clone, Default)]
pub(crate) struct Kid {
    /// Rows of the student roll.
    pub(crate) rolls: Vec<Roll>,
    /// Their changes.
    pub(crate) changes: Vec<RollChange>,
    /// Civil roll.
    pub(crate) roster: Option<Roster>,
    /// Placement.
    pub(crate) placement: Option<Placement>,
    /// Dropout ledger.
    pub(crate) ledger: Option<Ledger>,
    /// Adoption papers, oldest first.
    pub(crate) adoptions: Vec<Adoption>,
    /// Care agreement.
    pub(crate) care: Option<Care>,
    /// The guardian on the civil roll, where it is not left to chance.
    pub(crate) guardian: Option<usize>,
    /// Visits, oldest first.
    pub(crate) visits: Vec<Visit>,
    /// From when until when visits find the child living alone.
    pub(crate) alone: Option<(Day, Day)>,
    /// Lessons at home, oldest first.
    pub(crate) lessons: Vec<Day>,
    /// Calls to the police.
    pub(crate) alerts: Vec<Alert>,
    /// What the offices fail to do.
    pub(crate) neglect: Option<Neglect>,
    /// Extracts in which a parent's number stands for the child's.
    pub(crate) parents_number: &'static [Extract],
    /// The money goes to an account that others of this village share.
    pub(crate) shared_account: bool,
    /// The roll knows the child under a misheard name, a birthday beside the true one and no number.
    pub(crate) misheard: Option<String>,
    /// Unexplained absence days.
    pub(crate) absences: Vec<(Day, &'static str)>,
    /// 是否留守.
    pub(crate) left_behind: u8,
    /// Studies outside the county.
    pub(crate) outside: bool,
    /// Education aid.
    pub(crate) aid: Option<&'static str>,
    /// A brother or sister shares a character of the given name.
    pub(crate) shares_char: bool,
    /// One of twins.
    pub(crate) is_twin: bool,
    /// Keeps out of every natural event: the story alone decides.
    pub(crate) scripted: bool,
    /// The civil roll has a word for the household that is no code.
    pub(crate) odd_code: bool,
}

/// Social relief of a household.
#[derive(Clone)]
pub(crate) struct Relief {
    /// 救助类别.
    pub(crate) kind: &'static str,
    /// Members.
    pub(crate) members: Vec<usize>,
    /// 起保年月.
    pub(crate) from: Month,
    /// 停保年月.
    pub(crate) stop: Option<Month>,
}

/// One family (several generations).
#[derive(Clone)]
pub(crate) struct Family {
    /// The people; the head of the household is `head`.
    pub(crate) people: Vec<Person>,
    /// Head of the household.
    pub(crate) head: usize,
    /// Index of the village.
    pub(crate) village: usize,
    /// Village where the family really lives, when another.
    pub(crate) lives_in: Option<usize>,
    /// 组.
    pub(crate) group: u32,
    /// House number.
    pub(crate) house: u32,
    /// 户号.
    pub(crate) household: String,
    /// Registered here, or only residing here.
    pub(crate) migrant_from: Option<&'static str>,
    /// 农业 or 非农业.
    pub(crate) rural: bool,
    /// Relief.
    pub(crate) relief: Option<Relief>,
    /// Relief that went on under another name after the first had stopped.
    pub(crate) next_relief: Option<Relief>,
    /// Who was hurt in an accident and lives, and when.
    pub(crate) hurt: Option<(usize, Day)>,
    /// The story told by this family, and the child it is about.
    pub(crate) story: Option<Story>,
    /// The child (or person) the story is about.
    pub(crate) anchor: usize,
}

impl Kid {
    /// Whether a visit finds the child living alone.
    pub(crate) fn alone_on(&self, visit: Day) -> bool {
        self.alone.is_some_and(|(from, until)| from <= visit && visit < until)
    }
}

impl Relief {
    /// Still paid in this month.
    pub(crate) fn runs_in(&self, month: Month) -> bool {
        self.stop.is_none() && self.from <= month
    }
}

impl Family {
    /// The reliefs of the household, the running one last.
    pub(crate) fn reliefs(&self) -> impl Iterator<Item = &Relief> {
        self.relief.iter().chain(&self.next_relief)
    }

    /// Whether a member is on a running relief of one of these kinds.
    pub(crate) fn on_relief(&self, index: usize, kinds: &[&str], month: Month) -> bool {
        self.reliefs().any(|r| kinds.contains(&r.kind) && r.runs_in(month) && r.members.contains(&index))
    }

    /// Indices of the children with a [`Kid`] part.
    pub(crate) fn kids(&self) -> Vec<usize> {
        (0..self.people.len()).filter(|&i| self.people[i].kid.is_some()).collect()
    }

    /// The kid part of a child.
    ///
    /// # Panics
    /// When the person has none; callers take indices from [`Family::kids`] or the anchor.
    pub(crate) fn kid(&mut self, index: usize) -> &mut Kid {
        self.people[index].kid.as_deref_mut().expect("only children of the family model are asked for")
    }
}
