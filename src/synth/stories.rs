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
    /// Days of absence nobody explains.
    Truant,
    /// Ill with a proof, or away for too few days.
    TruantExcused,
    /// Back at school, and lost again.
    ReturnedLost,
    /// Back at school for good.
    ReturnedStays,
    /// Suspended from school, and the time is over.
    SuspendOverdue,
    /// The suspension was renewed.
    SuspendRenewed,
    /// Back from a suspension.
    SuspendBack,
    /// Left for another school and arrived nowhere.
    TransferDangling,
    /// Left for another school a few days ago.
    TransferFresh,
    /// Left primary school this summer, on no middle school's roll.
    SixthNoSeventh,
    /// Left primary school and arrived in middle school.
    SixthAndSeventh,
    /// Taught at home, on no roll.
    HomeTaughtNoRoll,
    /// Taught at home, too seldom.
    HomeTaughtLow,
    /// Taught at home as it should be.
    HomeTaughtWell,
    /// Of a household on relief, on no roll.
    ReliefNoRoll,
    /// On the roll as present, but dead.
    PupilDead,
    /// On the roll as present, but held.
    PupilHeld,
    /// On the roll as present, held for some days.
    PupilHeldBriefly,
    /// On the roll as present, but working.
    PupilInsured,
    /// On the roll under a misheard name: perhaps the same child.
    Misheard,
    /// Off the roll, still paid.
    PaidAfterEnd,
    /// Paid on because of school, and no longer there.
    ContinuedLeft,
    /// Adopted, still paid as an orphan.
    AdoptedPaid,
    /// Adopted and stopped.
    AdoptedStopped,
    /// Adopted, and the adoption was dissolved.
    AdoptionDissolved,
    /// Listed as an orphan with a parent alive.
    OrphanParentAlive,
    /// Two basic programmes for one child and month.
    TwoClasses,
    /// The second programme was returned.
    TwoClassesReturned,
    /// The money of unrelated children goes to one account (told in threes).
    AccountShared,
    /// Paid under the number of a parent who is paid too.
    NumberOfPayee,
    /// Orphan with the living subsidy.
    OrphanLiving,
    /// Orphan with the nursing subsidy, which is right.
    OrphanNursing,
    /// Destitute support and a disability subsidy.
    DestituteSubsidy,
    /// The subsidy ended before the destitute support began.
    DestituteSwitched,
    /// Relief stopped, the living subsidy goes on.
    LivingAfterStop,
    /// Relief stopped, the living subsidy a month later.
    LivingOneMonth,
    /// Relief went on as marginal.
    LivingMarginal,
    /// The card is no longer valid, the subsidy goes on.
    CardLapsedPaid,
    /// The card ran out some weeks ago.
    CardLapsedJust,
    /// Nursing subsidy with a level that has none.
    NursingDowngraded,
    /// Nursing subsidy with a widened level.
    NursingWidened,
    /// Listed as severely disabled, the card no longer says so.
    ChildCardChanged,
    /// Listed as severely disabled, the card being renewed.
    ChildCardRenewing,
    /// Nursing subsidy never paid.
    NursingMissing,
    /// Living subsidy never paid.
    LivingMissing,
    /// Living subsidy paid as it should be.
    LivingPaid,
    /// Child of a household on relief, not on the civil roll.
    PoorUnlisted,
    /// The household on relief counts a member who is gone.
    StillCounted,
    /// De facto without support because of a card that no longer counts.
    ParentCardChanged,
    /// The card no longer counts, but the parent is ill.
    ParentCardIll,
    /// The parent is out of compulsory treatment.
    ParentDrugDone,
    /// The compulsory treatment was extended.
    ParentDrugExtended,
    /// The lost parent has left a trace.
    LostParentSeen,
    /// The trace is older than the loss.
    LostParentSeenBefore,
    /// Listed, but the parents' states do not make it.
    MatrixFails,
    /// The same, and the child is severely disabled.
    MatrixFailsDisabled,
    /// Listed with one parent dead; the second has died since.
    SecondParentDied,
    /// Both parents in a documented state, nowhere listed.
    BothUnableUnlisted,
    /// Both parents in a documented state, listed.
    BothUnableListed,
    /// The carer of a child on the roll has just died.
    CarerDied,
    /// The carer died months ago.
    CarerDiedLongAgo,
    /// The last parent has just died.
    SoleParentDied,
    /// The last parent has just been taken into custody.
    GuardianTaken,
    /// A parent has just been taken into custody, the other is at home.
    GuardianTakenOther,
    /// Missing and not found yet.
    ChildMissing,
    /// Violence at home.
    ChildHurt,
    /// Not visited for two months.
    NotVisited,
    /// Only called for two months.
    OnlyCalled,
    /// Never assessed.
    NoColour,
    /// Assessed long ago.
    OldColour,
    /// Lives in another town, nobody is responsible.
    NobodyResponsible,
    /// Entitled to education aid and without it.
    NoAid,
    /// Left behind without a care agreement.
    NoAgreement,
    /// The care agreement was ended.
    EndedAgreement,
    /// Left behind at school, unknown to civil affairs.
    LeftBehindUnlisted,
    /// A parent's number stands for the child's.
    ParentsNumber,
    /// Twice in the police register.
    RegisteredTwice,
    /// Twice in the register, and the change log says why.
    RegisteredTwiceLogged,
    /// The parent's sentence ends within weeks.
    ReleaseSoon,
    /// The parent's sentence ends next year.
    ReleaseLater,
    /// An orphan whose father or mother a court had declared missing, and does so no more.
    MissingRevoked,
    /// Revoked, and declared dead since.
    MissingRevokedAgain,
    /// Guardianship given back by a court.
    GuardianRestored,
    /// Given back, but the parent is in prison.
    GuardianRestoredHeld,
    /// Listed as ill, not treated for more than a year.
    IllReviewDue,
    /// An orphan counted in a household on relief.
    OrphanOnRelief,
    /// An orphan in a household on marginal relief.
    OrphanOnMarginal,
    /// A destitute man in prison, still paid.
    PrisonerPaid,
    /// A destitute man in prison, paid no more.
    PrisonerStopped,
    /// The study grant of an orphan who has been adopted.
    GrantAdopted,
    /// The study grant of an adopted orphan with a disability card, which is right.
    GrantAdoptedDisabled,
    /// The study grant of an orphan who left school.
    GrantLeft,
    /// The study grant of somebody who was no orphan.
    GrantNotOrphan,
    /// The study grant as it should be.
    GrantRight,
    /// Left behind by the roll and sixteen years old.
    LeftBehindGrown,
    /// Left behind by the roll, a parent at home for months.
    LeftBehindBack,
    /// A parent at home for some weeks.
    LeftBehindBackJust,
    /// Destitute as a minor, eighteen now and not at school.
    DestituteGrown,
    /// Eighteen and in senior school.
    DestituteStudies,
    /// Eighteen, with a card that makes unable to work.
    DestituteDisabled,
    /// Red, and visited once a month only.
    RedSeldomSeen,
    /// Missing for some days, found again, the colour not looked at since.
    ColourNotRaised,
    /// A card graded anew under its old number.
    CardGradedAnew,
    /// Graded anew, and the card issued again.
    CardIssuedAgain,
    /// A word on the civil roll that is no code.
    OddCode,
    /// Absent every few days, never long.
    OftenAbsent,
    /// Put off from school for a year that is over.
    DeferOverdue,
    /// Without registration, on no roll.
    NoHukouNoRoll,
    /// Visitors' child on no roll.
    VisitorNoRoll,
    /// In the dropout ledger, and nobody has come again.
    LedgerStale,
    /// In the dropout ledger since a few days.
    LedgerFresh,
    /// One parent has just died, the other lives far away.
    OneParentWeak,
    /// Seriously ill, on no roll of civil affairs.
    IllUncovered,
    /// A small child with a card and no rehabilitation.
    NoRehab,
    /// Orphan of age in senior school, without the study grant.
    NoStudyGrant,
    /// Left behind by the civil roll, not by the school's code.
    SchoolCodeUnset,
    /// Taken off the roll when a parent was released, who is in prison again.
    StoppedAgain,
    /// Found alone at home by the last visits.
    LivesAlone,
    /// Was found alone once, and no more.
    LivedAlone,
    /// The guardian has just been hurt in an accident.
    GuardianHurt,
    /// The carer of the agreement takes drugs or is severely ill in mind.
    CarerUnfit,
    /// On the roll, and newly seriously ill.
    NewlyIll,
}

/// Story, count per 1.1 million people, least count in any world.
const COUNTS: &[(Story, u32, u32)] = &[
    (Story::ListedNoRoll, 11, 2),
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
    (Story::DisabledUnplaced, 11, 2),
    (Story::DisabledMovedAway, 10, 1),
    (Story::DisabledPlaced, 15, 2),
    (Story::DisabledAdult, 3, 1),
    (Story::VisitorHomeTaught, 3, 1),
    (Story::DeadPaid, 12, 3),
    (Story::DeadReturned, 10, 1),
    (Story::DeadStopped, 30, 1),
    (Story::Adult18Paid, 11, 2),
    (Story::Adult18Senior, 20, 1),
    (Story::Adult18Continued, 40, 2),
    (Story::Adult18ThisMonth, 3, 1),
    (Story::MovedPaid, 11, 2),
    (Story::MovedInside, 6, 1),
    (Story::MovedStudy, 8, 1),
    (Story::MovedStopped, 10, 1),
    (Story::ParentReleased, 11, 2),
    (Story::ParentHeldAgain, 4, 1),
    (Story::ParentReleasedDisabled, 3, 1),
    (Story::ParentReleasedDone, 8, 1),
    (Story::DualPaid, 11, 2),
    (Story::DualSwitched, 4, 1),
    (Story::OrphanUnlisted, 8, 2),
    (Story::OrphanDeclared, 3, 1),
    (Story::OrphanPoliceMissing, 3, 1),
    (Story::OrphanAdopted, 12, 1),
    (Story::OrphanListed, 90, 3),
    (Story::DeFactoUnlisted, 8, 3),
    (Story::DeFactoLightCard, 8, 1),
    (Story::DeFactoCommunity, 4, 1),
    (Story::DeFactoShortTerm, 3, 1),
    (Story::DeFactoReleased, 5, 1),
    (Story::DeFactoCardLapsed, 4, 1),
    (Story::DeFactoOtherCategory, 8, 1),
    (Story::DeFactoListed, 320, 4),
    (Story::SevereUncovered, 11, 2),
    (Story::SevereNotQuite, 9, 2),
    (Story::SevereListed, 330, 4),
    (Story::HardshipListed, 200, 5),
    (Story::IllListed, 110, 2),
    (Story::Institution, 15, 1),
    (Story::VisitorListed, 260, 2),
    (Story::LeftBehindListed, 300, 6),
    (Story::ChangedName, 200, 3),
    (Story::NoRegistration, 25, 1),
    (Story::Truant, 11, 2),
    (Story::TruantExcused, 8, 1),
    (Story::ReturnedLost, 11, 2),
    (Story::ReturnedStays, 8, 1),
    (Story::SuspendOverdue, 11, 2),
    (Story::SuspendRenewed, 6, 1),
    (Story::SuspendBack, 6, 1),
    (Story::TransferDangling, 11, 2),
    (Story::TransferFresh, 5, 1),
    (Story::SixthNoSeventh, 11, 2),
    (Story::SixthAndSeventh, 10, 1),
    (Story::HomeTaughtNoRoll, 9, 2),
    (Story::HomeTaughtLow, 11, 2),
    (Story::HomeTaughtWell, 5, 1),
    (Story::ReliefNoRoll, 11, 2),
    (Story::PupilDead, 6, 1),
    (Story::PupilHeld, 3, 1),
    (Story::PupilHeldBriefly, 3, 1),
    (Story::PupilInsured, 6, 1),
    (Story::Misheard, 6, 2),
    (Story::PaidAfterEnd, 11, 2),
    (Story::ContinuedLeft, 11, 2),
    (Story::AdoptedPaid, 11, 2),
    (Story::AdoptedStopped, 5, 1),
    (Story::AdoptionDissolved, 4, 1),
    (Story::OrphanParentAlive, 11, 2),
    (Story::TwoClasses, 11, 2),
    (Story::TwoClassesReturned, 4, 1),
    (Story::AccountShared, 12, 3),
    (Story::NumberOfPayee, 2, 1),
    (Story::OrphanLiving, 11, 2),
    (Story::OrphanNursing, 6, 1),
    (Story::DestituteSubsidy, 11, 2),
    (Story::DestituteSwitched, 4, 1),
    (Story::LivingAfterStop, 11, 2),
    (Story::LivingOneMonth, 4, 1),
    (Story::LivingMarginal, 4, 1),
    (Story::CardLapsedPaid, 11, 2),
    (Story::CardLapsedJust, 5, 1),
    (Story::NursingDowngraded, 11, 2),
    (Story::NursingWidened, 5, 1),
    (Story::ChildCardChanged, 11, 2),
    (Story::ChildCardRenewing, 4, 1),
    (Story::NursingMissing, 2, 2),
    (Story::LivingMissing, 11, 2),
    (Story::LivingPaid, 5, 1),
    (Story::PoorUnlisted, 2, 2),
    (Story::StillCounted, 6, 2),
    (Story::ParentCardChanged, 11, 2),
    (Story::ParentCardIll, 3, 1),
    (Story::ParentDrugDone, 11, 2),
    (Story::ParentDrugExtended, 4, 1),
    (Story::LostParentSeen, 11, 2),
    (Story::LostParentSeenBefore, 5, 1),
    (Story::MatrixFails, 11, 3),
    (Story::MatrixFailsDisabled, 3, 1),
    (Story::SecondParentDied, 8, 2),
    (Story::BothUnableUnlisted, 11, 2),
    (Story::BothUnableListed, 20, 1),
    (Story::CarerDied, 2, 1),
    (Story::CarerDiedLongAgo, 3, 1),
    (Story::SoleParentDied, 1, 1),
    (Story::GuardianTaken, 3, 2),
    (Story::GuardianTakenOther, 3, 1),
    (Story::ChildMissing, 2, 1),
    (Story::ChildHurt, 1, 1),
    (Story::NotVisited, 1, 1),
    (Story::OnlyCalled, 1, 1),
    (Story::NoColour, 1, 1),
    (Story::OldColour, 1, 1),
    (Story::NobodyResponsible, 3, 2),
    (Story::NoAid, 1, 1),
    (Story::NoAgreement, 1, 1),
    (Story::EndedAgreement, 1, 1),
    (Story::LeftBehindUnlisted, 3, 2),
    (Story::ParentsNumber, 2, 2),
    (Story::RegisteredTwice, 11, 2),
    (Story::RegisteredTwiceLogged, 4, 1),
    (Story::ReleaseSoon, 11, 2),
    (Story::ReleaseLater, 5, 1),
    (Story::MissingRevoked, 11, 2),
    (Story::MissingRevokedAgain, 3, 1),
    (Story::GuardianRestored, 9, 2),
    (Story::GuardianRestoredHeld, 3, 1),
    (Story::IllReviewDue, 11, 2),
    (Story::OrphanOnRelief, 11, 2),
    (Story::OrphanOnMarginal, 3, 1),
    (Story::PrisonerPaid, 8, 2),
    (Story::PrisonerStopped, 4, 1),
    (Story::GrantAdopted, 4, 1),
    (Story::GrantAdoptedDisabled, 2, 1),
    (Story::GrantLeft, 4, 1),
    (Story::GrantNotOrphan, 4, 1),
    (Story::GrantRight, 12, 1),
    (Story::LeftBehindGrown, 6, 1),
    (Story::LeftBehindBack, 6, 1),
    (Story::LeftBehindBackJust, 3, 1),
    (Story::DestituteGrown, 11, 2),
    (Story::DestituteStudies, 5, 1),
    (Story::DestituteDisabled, 3, 1),
    (Story::RedSeldomSeen, 6, 2),
    (Story::ColourNotRaised, 8, 2),
    (Story::CardGradedAnew, 11, 2),
    (Story::CardIssuedAgain, 5, 1),
    (Story::OddCode, 6, 2),
    (Story::OftenAbsent, 8, 2),
    (Story::DeferOverdue, 8, 2),
    (Story::NoHukouNoRoll, 6, 2),
    (Story::VisitorNoRoll, 9, 2),
    (Story::LedgerStale, 8, 2),
    (Story::LedgerFresh, 5, 1),
    (Story::OneParentWeak, 8, 2),
    (Story::IllUncovered, 10, 2),
    (Story::NoRehab, 9, 2),
    (Story::NoStudyGrant, 9, 2),
    (Story::SchoolCodeUnset, 9, 2),
    (Story::StoppedAgain, 8, 2),
    (Story::LivesAlone, 3, 2),
    (Story::LivedAlone, 3, 1),
    (Story::GuardianHurt, 2, 2),
    (Story::CarerUnfit, 3, 2),
    (Story::NewlyIll, 3, 2),
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
            // Those that share an account are neighbours.
            let told_together = if story == Story::AccountShared { nth / 3 } else { nth };
            let place = mix(&[seed, 0x5701, kind, told_together]) % (chunks.max(1) as u64);
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
    let any_grade = (calendar.births_of_grade(9).0, calendar.births_of_grade(1).1);
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
        S::Adult18Senior | S::NoStudyGrant | S::DestituteStudies => {
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
        S::SixthNoSeventh | S::SixthAndSeventh => calendar.births_of_grade(7),
        S::PupilHeld | S::PupilHeldBriefly | S::PupilInsured => {
            (calendar.births_of_grade(9).0, calendar.births_of_grade(8).1)
        }
        S::ContinuedLeft => (as_of.plus_months(-12 * 20), as_of.plus_months(-12 * 18 - 4)),
        S::GrantAdopted | S::GrantAdoptedDisabled | S::GrantLeft | S::GrantNotOrphan | S::GrantRight => {
            (as_of.plus_months(-12 * 20), as_of.plus_months(-12 * 18 - 8))
        }
        S::LeftBehindGrown => (as_of.plus_months(-12 * 16 - 9), as_of.plus_months(-12 * 16 - 1)),
        S::DestituteGrown | S::DestituteDisabled => {
            (as_of.plus_months(-12 * 19 - 6), as_of.plus_months(-12 * 18 - 2))
        }
        S::RegisteredTwice | S::RegisteredTwiceLogged => (as_of.plus_months(-12 * 5), as_of.plus_months(-14)),
        S::ListedNoRoll
        | S::PlainNoRoll
        | S::TwinNoRoll
        | S::DisabledUnplaced
        | S::ReliefNoRoll
        | S::HomeTaughtNoRoll
        | S::HomeTaughtLow
        | S::HomeTaughtWell
        | S::Misheard
        | S::Truant
        | S::ReturnedLost
        | S::SuspendOverdue
        | S::TransferDangling => school,
        _ => second_births(story, calendar).unwrap_or(any_grade),
    };
    Cast {
        born,
        twins: matches!(story, S::TwinNoRoll | S::TwinsListed),
        visitors: matches!(story, S::VisitorHomeTaught | S::VisitorListed | S::VisitorNoRoll),
    }
}

/// When the children of the dropout and uncovered lists' second release are born, where it matters.
fn second_births(story: Story, calendar: &Calendar) -> Option<(Day, Day)> {
    use Story as S;
    let grades = |oldest: i32, youngest: i32| {
        (calendar.births_of_grade(oldest).0, calendar.births_of_grade(youngest).1)
    };
    match story {
        S::DeferOverdue => Some(grades(4, 2)),
        // Older pupils may board, and are alone at weekends only.
        S::LivesAlone | S::LivedAlone => Some(grades(6, 2)),
        S::NoRehab => Some((calendar.as_of.plus_months(-12 * 6), calendar.as_of.plus_months(-12 * 4))),
        S::OftenAbsent | S::NoHukouNoRoll | S::VisitorNoRoll | S::LedgerStale | S::LedgerFresh => {
            Some(grades(8, 2))
        }
        _ => None,
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
