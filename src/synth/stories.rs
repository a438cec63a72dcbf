//! The stories a county must contain: true hits of the rules, near hits, and the known causes of false
//! alarms. Each has a frequency per 1.1 million people and a floor that holds in any world, however small.

use super::calendar::{Calendar, date};
use super::dice::{Dice, mix};
use crate::domain::Day;

/// What happens to the family the story is told about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Story {
    /// Listed by civil affairs, of school age, on no roll.
    ListedNoRoll,
    /// Registered here, of school age, on no roll, lives here.
    PlainNoRoll,
    /// The registration is here, the family long gone, no proof: still a hit.
    EmptyHousehold,
    /// Studies elsewhere with a proof in the ledger.
    OutsideProof,
    /// Studies elsewhere, proof expired.
    OutsideProofExpired,
    /// Twins, one of them on no roll.
    TwinNoRoll,
    /// Twins, both on the roll, both listed.
    TwinsListed,
    /// The roll keeps a number that the police changed.
    OldNumberOnRoll,
    /// Should have entered grade 1 this autumn; born on the last day.
    EntrantNoRoll,
    /// Born a day too late for grade 1.
    DayTooYoung,
    /// Born a day too early for grade 9 and graduated.
    DayTooOld,
    /// 退学 with a dated change.
    Withdrew,
    /// 其他离校 without a dated change.
    LeftOtherwise,
    /// 开除 or 失踪.
    Expelled,
    /// 其他离校 here, on the roll of another school: an unfinished transfer.
    UnfinishedTransfer,
    /// 其他离校, in truth dead.
    LeftBecauseDead,
    /// Left senior school: compulsory education is done.
    SeniorWithdrew,
    /// Left grade 9 years ago, now of age.
    LeftNowAdult,
    /// Valid card, no roll, no placement.
    DisabledUnplaced,
    /// Card 迁出 or 冻结, family moved.
    DisabledMovedAway,
    /// Placed (延缓入学, 康复机构) without a roll.
    DisabledPlaced,
    /// Of age, no roll.
    DisabledAdult,
    /// Visitors' child with 送教 and no roll.
    VisitorHomeTaught,
    /// Recipient dead, still paid.
    DeadPaid,
    /// Recipient dead, the bank returned the money.
    DeadReturned,
    /// Recipient dead, stopped in time.
    DeadStopped,
    /// 18, paid, not in school.
    Adult18Paid,
    /// 18, in senior school here.
    Adult18Senior,
    /// 18, continued with a reason.
    Adult18Continued,
    /// 18 this very month.
    Adult18ThisMonth,
    /// Registration left the city, still paid.
    MovedPaid,
    /// Moved inside the city.
    MovedInside,
    /// Moved to a college.
    MovedStudy,
    /// Moved and stopped.
    MovedStopped,
    /// De facto without support because of a prison term that has ended.
    ParentReleased,
    /// Released and held again.
    ParentHeldAgain,
    /// Released, but disabled as well.
    ParentReleasedDisabled,
    /// Released and taken off the roll.
    ParentReleasedDone,
    /// Orphan money and destitute money for the same months.
    DualPaid,
    /// Switched; the overlapping month was returned.
    DualSwitched,
    /// Both parents dead, nowhere listed.
    OrphanUnlisted,
    /// One dead, one declared missing by a court, nowhere listed.
    OrphanDeclared,
    /// One dead, one only missing at the police.
    OrphanPoliceMissing,
    /// Both dead, adopted.
    OrphanAdopted,
    /// Orphans on the roll.
    OrphanListed,
    /// One dead, the other in a documented state, nowhere listed.
    DeFactoUnlisted,
    /// One dead, the other with a card that does not count.
    DeFactoLightCard,
    /// One dead, the other under community correction.
    DeFactoCommunity,
    /// One dead, the other in prison for less than six months.
    DeFactoShortTerm,
    /// One dead, the other out of prison.
    DeFactoReleased,
    /// One dead, the other's card frozen or expired.
    DeFactoCardLapsed,
    /// One dead, the other in a state; listed in another category.
    DeFactoOtherCategory,
    /// De facto without support on the roll.
    DeFactoListed,
    /// Severely disabled child nowhere covered.
    SevereUncovered,
    /// 多重 at level 3 or an expired card.
    SevereNotQuite,
    /// Severely disabled child on the roll.
    SevereListed,
    /// Several hard states: listed as 困境.
    HardshipListed,
    /// Seriously ill child on the roll.
    IllListed,
    /// A child of the welfare institution.
    Institution,
    /// Visitors' child on the civil roll.
    VisitorListed,
    /// Both parents work away, listed as left behind, with a care agreement.
    LeftBehindListed,
    /// Duplicate-looking strangers are natural; this one changed the surname.
    ChangedName,
    /// No registration at all.
    NoRegistration,
}

/// Story, count per 1.1 million people, least count in any world.
const COUNTS: &[(Story, u32, u32)] = &[
    (Story::ListedNoRoll, 8, 2),
    (Story::PlainNoRoll, 9, 2),
    (Story::EmptyHousehold, 6, 1),
    (Story::OutsideProof, 250, 3),
    (Story::OutsideProofExpired, 3, 1),
    (Story::TwinNoRoll, 3, 1),
    (Story::TwinsListed, 20, 2),
    (Story::OldNumberOnRoll, 25, 2),
    (Story::EntrantNoRoll, 2, 1),
    (Story::DayTooYoung, 2, 1),
    (Story::DayTooOld, 2, 1),
    (Story::Withdrew, 8, 2),
    (Story::LeftOtherwise, 5, 1),
    (Story::Expelled, 2, 1),
    (Story::UnfinishedTransfer, 15, 1),
    (Story::LeftBecauseDead, 3, 1),
    (Story::SeniorWithdrew, 30, 1),
    (Story::LeftNowAdult, 6, 1),
    (Story::DisabledUnplaced, 8, 2),
    (Story::DisabledMovedAway, 10, 1),
    (Story::DisabledPlaced, 15, 2),
    (Story::DisabledAdult, 3, 1),
    (Story::VisitorHomeTaught, 3, 1),
    (Story::DeadPaid, 12, 3),
    (Story::DeadReturned, 10, 1),
    (Story::DeadStopped, 30, 1),
    (Story::Adult18Paid, 6, 2),
    (Story::Adult18Senior, 20, 1),
    (Story::Adult18Continued, 40, 2),
    (Story::Adult18ThisMonth, 3, 1),
    (Story::MovedPaid, 6, 2),
    (Story::MovedInside, 6, 1),
    (Story::MovedStudy, 8, 1),
    (Story::MovedStopped, 10, 1),
    (Story::ParentReleased, 6, 2),
    (Story::ParentHeldAgain, 4, 1),
    (Story::ParentReleasedDisabled, 3, 1),
    (Story::ParentReleasedDone, 8, 1),
    (Story::DualPaid, 5, 2),
    (Story::DualSwitched, 4, 1),
    (Story::OrphanUnlisted, 4, 2),
    (Story::OrphanDeclared, 2, 1),
    (Story::OrphanPoliceMissing, 3, 1),
    (Story::OrphanAdopted, 12, 1),
    (Story::OrphanListed, 90, 3),
    (Story::DeFactoUnlisted, 8, 3),
    (Story::DeFactoLightCard, 8, 1),
    (Story::DeFactoCommunity, 4, 1),
    (Story::DeFactoShortTerm, 3, 1),
    (Story::DeFactoReleased, 5, 1),
    (Story::DeFactoCardLapsed, 4, 1),
    (Story::DeFactoOtherCategory, 5, 1),
    (Story::DeFactoListed, 320, 4),
    (Story::SevereUncovered, 9, 2),
    (Story::SevereNotQuite, 9, 2),
    (Story::SevereListed, 330, 4),
    (Story::HardshipListed, 520, 5),
    (Story::IllListed, 110, 2),
    (Story::Institution, 15, 1),
    (Story::VisitorListed, 260, 2),
    (Story::LeftBehindListed, 300, 6),
    (Story::ChangedName, 200, 3),
    (Story::NoRegistration, 25, 1),
];

/// How the family of a story has to look.
pub(crate) struct Cast {
    /// The anchor child is born between these days.
    pub(crate) born: (Day, Day),
    /// The anchor is one of twins.
    pub(crate) twins: bool,
    /// The family is not registered here.
    pub(crate) visitors: bool,
}

/// Which stories each chunk tells; the same for every thread count.
pub(crate) fn plan(people: u32, chunks: usize, seed: u64) -> Vec<Vec<Story>> {
    let mut out = vec![Vec::new(); chunks];
    for (kind, &(story, rate, least)) in (0_u64..).zip(COUNTS) {
        let scaled = u64::from(rate) * u64::from(people) / 1_100_000;
        let count = scaled.max(u64::from(least));
        for nth in 0..count {
            let place = mix(&[seed, 0x5701, kind, nth]) % (chunks.max(1) as u64);
            if let Some(list) = usize::try_from(place).ok().and_then(|index| out.get_mut(index)) {
                list.push(story);
            }
        }
    }
    out
}

/// The cast a story asks for.
pub(crate) fn cast(story: Story, calendar: &Calendar, dice: &mut Dice) -> Cast {
    use Story as S;
    let year = calendar.school_year;
    let as_of = calendar.as_of;
    let school = (calendar.births_of_grade(8).0, calendar.births_of_grade(2).1);
    let born = match story {
        S::EntrantNoRoll => (date(year - 6, 8, 31), date(year - 6, 8, 31)),
        S::DayTooYoung => (date(year - 6, 9, 1), date(year - 6, 9, 1)),
        S::DayTooOld => (date(year - 15, 8, 31), date(year - 15, 8, 31)),
        S::Withdrew | S::LeftOtherwise | S::Expelled => {
            (calendar.births_of_grade(9).0, calendar.births_of_grade(6).1)
        }
        S::SeniorWithdrew => (calendar.births_of_grade(12).0, calendar.births_of_grade(10).1),
        S::LeftNowAdult => (as_of.plus_months(-12 * 20), as_of.plus_months(-12 * 18 - 3)),
        S::DisabledAdult => (date(year - 18, 8, 20), date(year - 18, 8, 31)),
        S::Adult18Paid => adult_window(calendar, dice),
        S::Adult18Senior => {
            let (low, high) = calendar.births_of_grade(12);
            (low, high.min(as_of.plus_months(-12 * 18 - 1)))
        }
        S::Adult18Continued => (as_of.plus_months(-12 * 21), as_of.plus_months(-12 * 18 - 3)),
        S::Adult18ThisMonth => {
            let first = as_of.month().plus(-12 * 18).first_day();
            (first, first.plus_days(9))
        }
        S::MovedStudy => (as_of.plus_months(-12 * 20), as_of.plus_months(-12 * 18 - 2)),
        S::SevereListed | S::SevereUncovered | S::HardshipListed | S::IllListed | S::VisitorListed => {
            (as_of.plus_months(-12 * 16), as_of.plus_months(-12 * 2))
        }
        S::DisabledPlaced => (calendar.births_of_grade(4).0, calendar.births_of_grade(1).1),
        S::ListedNoRoll | S::PlainNoRoll | S::TwinNoRoll | S::DisabledUnplaced => school,
        _ => (calendar.births_of_grade(9).0, calendar.births_of_grade(1).1),
    };
    Cast {
        born,
        twins: matches!(story, S::TwinNoRoll | S::TwinsListed),
        visitors: matches!(story, S::VisitorHomeTaught | S::VisitorListed),
    }
}

/// Turned 18 this year, at the latest last month; the leap day and a month's last day among them.
fn adult_window(calendar: &Calendar, dice: &mut Dice) -> (Day, Day) {
    let last = calendar.as_of.month().first_day().plus_days(-1).plus_months(-12 * 18);
    match dice.below(3) {
        0 => (last, last),
        1 => {
            let leap = date(2008, 2, 29);
            let fits = Calendar::majority(leap) <= calendar.as_of.plus_months(-1);
            if fits { (leap, leap) } else { (last, last) }
        }
        _ => (last.plus_months(-6), last),
    }
}
