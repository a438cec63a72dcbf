//! Tells a story: bends the life of one family so that a rule has a true hit, a near hit, or one of the
//! known causes of a false alarm.

mod guardians;
mod payments;
mod pupils;
mod reviews;
mod second;
mod services;
mod subsidies;

pub(crate) use self::pupils::weekend;

use super::calendar::date;
use super::dice::Dice;
use super::families::World;
use super::lives::{death_on, move_on, rename};
use super::people::{
    Adoption, Card, Care, Death, Family, Judgment, Ledger, MoveKind, ParentState, Pay, Placement, Relief,
    Subsidy, Term,
};
use super::school::{SPECIAL, change, disabled_schooling, roll, school_for};
use super::stories::Story;
use super::welfare::{DESTITUTE, MINIMUM, NURSING, ORPHAN, STUDY, delist, enlist, household};
use crate::domain::{Day, Month};

/// Everything a story needs at hand.
struct Teller<'a, 'w> {
    world: &'a World<'w>,
    family: &'a mut Family,
    dice: &'a mut Dice,
    /// The child.
    child: usize,
    father: usize,
    mother: usize,
}

/// Tells the family's story, if it has one.
pub(crate) fn tell(world: &World<'_>, family: &mut Family, dice: &mut Dice) {
    let Some(story) = family.story else { return };
    let child = family.anchor;
    let (Some(father), Some(mother)) = (family.people[child].father, family.people[child].mother) else {
        return;
    };
    let mut teller = Teller { world, family, dice, child, father, mother };
    teller.school(story);
    teller.disabled(story);
    teller.money(story);
    teller.parents(story);
    teller.listed(story);
    teller.pupil(story);
    teller.payment(story);
    teller.subsidy(story);
    teller.guardian(story);
    teller.service(story);
    teller.review(story);
    teller.second(story);
}

impl Teller<'_, '_> {
    fn ago(&mut self, low: i32, high: i32) -> Day {
        self.world.calendar.as_of.plus_days(-self.dice.between(low, high))
    }

    fn no_roll(&mut self) {
        let kid = self.family.kid(self.child);
        kid.rolls.clear();
        kid.changes.clear();
    }

    fn list(&mut self, category: u8) {
        let day = self.world.calendar.civil.plus_days(-self.dice.between(400, 1100));
        let day = day.max(self.family.people[self.child].birth.plus_days(100));
        enlist(self.world, self.family, self.child, category, day);
    }

    /// A death that the police have on file.
    fn registered_death(&mut self, day: Day) -> Death {
        let mut death = death_on(self.world, self.dice, day);
        let police = self.world.calendar.police;
        death.police = Some(day.plus_days(self.dice.between(2, 20)).min(police));
        death
    }

    fn kill(&mut self, person: usize, day: Day) {
        let death = self.registered_death(day);
        let who = &mut self.family.people[person];
        who.death = Some(death);
        who.card = None;
        who.terms.clear();
    }

    /// The two parents, in random order.
    fn either(&mut self) -> (usize, usize) {
        if self.dice.chance(0.6) { (self.father, self.mother) } else { (self.mother, self.father) }
    }

    fn card(&mut self, person: usize, category: u8, level: u8, issued: Day, state: &'static str) {
        let as_of = self.world.calendar.as_of;
        let until = match state {
            "过期" => as_of.plus_days(-self.dice.between(80, 500)),
            _ => issued.plus_months(120).max(as_of.plus_months(8)),
        };
        self.family.people[person].card = Some(Card {
            category,
            level,
            issued,
            until: Some(until),
            state,
            reissue: 0,
            graded_before: None,
        });
    }

    fn prison(&mut self, person: usize, from: Day, months: i32, released: Option<Day>) {
        let until = from.plus_months(months);
        self.family.people[person].terms.push(Term { kind: "监狱服刑", from, until, released });
    }

    /// Gives a parent a documented state that counts, starting on `from`.
    fn unable(&mut self, person: usize, from: Day) {
        match self.dice.below(4) {
            0 => {
                let months = self.dice.between(30, 90);
                self.prison(person, from, months, None);
            }
            1 => {
                let (category, level) = *self.dice.pick(&[(6, 3), (6, 2), (4, 1), (5, 2), (1, 1)]);
                self.card(person, category, level, from, "正常");
            }
            2 if from.plus_months(22) > self.world.calendar.as_of => {
                let term =
                    Term { kind: "强制隔离戒毒", from, until: from.plus_months(24), released: None };
                self.family.people[person].terms.push(term);
            }
            _ => {
                let judgment = Judgment { matter: "撤销监护资格", effective: from };
                self.family.people[person].judgments.push(judgment);
            }
        }
    }

    fn school(&mut self, story: Story) {
        let day = self.ago(40, 180);
        match story {
            Story::ListedNoRoll => {
                self.no_roll();
                let category = *self.dice.pick(&[8, 9, 9]);
                if category == 8 {
                    self.family.people[self.father].away = true;
                    self.family.people[self.mother].away = true;
                }
                self.list(category);
            }
            Story::PlainNoRoll | Story::TwinNoRoll | Story::EntrantNoRoll => self.no_roll(),
            Story::EmptyHousehold | Story::OutsideProof | Story::OutsideProofExpired => self.outside(story),
            Story::Withdrew | Story::LeftOtherwise | Story::Expelled => {
                let expelled = *self.dice.pick(&["开除", "失踪"]);
                let kid = self.family.kid(self.child);
                kid.rolls[0].state = match story {
                    Story::Withdrew => "退学",
                    Story::LeftOtherwise => "其他离校",
                    _ => expelled,
                };
                if story == Story::Withdrew {
                    kid.changes.push(change("退学", day));
                }
            }
            Story::UnfinishedTransfer => {
                let village = *self.dice.pick(&self.world.villages);
                let kid = self.family.kid(self.child);
                let mut old = kid.rolls[0].clone();
                let grade = i32::from(old.grade);
                old.school = school_for(self.world, village, grade, self.dice);
                old.state = "其他离校";
                self.family.kid(self.child).rolls.push(old);
            }
            Story::LeftBecauseDead => {
                let death = self.registered_death(day);
                self.family.people[self.child].death = Some(death);
                self.family.kid(self.child).rolls[0].state = "其他离校";
            }
            Story::SeniorWithdrew | Story::LeftNowAdult => self.left_late(story, day),
            Story::OldNumberOnRoll => {
                let in_cell = self.dice.chance(0.4);
                if let Some(row) = self.family.kid(self.child).rolls.first_mut() {
                    row.old_id_cell = in_cell;
                }
                if self.dice.chance(0.4) {
                    self.list(9);
                }
            }
            Story::TwinsListed => {
                self.list(9);
                let first = self.child;
                self.child = first + 1;
                self.family.kid(first + 1).scripted = true;
                self.list(9);
                self.child = first;
            }
            _ => {}
        }
    }

    fn left_late(&mut self, story: Story, day: Day) {
        let village = self.family.village;
        let grade = self.world.calendar.grade(self.family.people[self.child].birth);
        let last = if story == Story::SeniorWithdrew { grade.clamp(10, 12) } else { 8 };
        let mut row = roll(self.world, village, last, self.dice);
        row.entered = row.entered.plus(-12 * (grade - last).max(0));
        row.state = "退学";
        let day =
            if story == Story::SeniorWithdrew { day } else { row.entered.plus(20).first_day().plus_days(9) };
        let kid = self.family.kid(self.child);
        kid.rolls = vec![row];
        kid.changes = vec![change("退学", day)];
    }

    /// The whole family lives elsewhere; nobody is on a roll here.
    fn outside(&mut self, story: Story) {
        let year = self.world.calendar.school_year;
        let proof = match story {
            Story::OutsideProof => Some(date(year + 1, 8, 31)),
            Story::OutsideProofExpired => Some(date(year, 8, 31)),
            _ => None,
        };
        for index in self.family.kids() {
            let compulsory = self.world.calendar.compulsory(self.family.people[index].birth);
            let listed = date(year - i32::from(story == Story::OutsideProofExpired), 9, 20)
                .min(self.world.calendar.education.plus_days(-5))
                .plus_days(-self.dice.between(0, 12));
            let kid = self.family.kid(index);
            kid.rolls.clear();
            kid.changes.clear();
            kid.outside = true;
            kid.scripted = true;
            kid.ledger = proof.filter(|_| compulsory).map(|proof| Ledger {
                kind: "适龄儿童",
                listed,
                whereabouts: "市外在读",
                proof_until: Some(proof),
                returned: None,
                persuaded: 0,
                state: "已销号",
            });
        }
    }

    fn disabled(&mut self, story: Story) {
        let issued = self.ago(300, 1400).max(self.family.people[self.child].birth.plus_months(14));
        let child = self.child;
        let (category, level) = *self.dice.pick(&[(5, 2), (6, 3), (4, 1), (5, 3), (2, 1), (4, 2)]);
        match story {
            Story::DisabledUnplaced => {
                let (category, level) = *self.dice.pick(&[(5, 2), (4, 3), (2, 3), (6, 3), (4, 1)]);
                self.card(child, category, level, issued, "正常");
                self.no_roll();
                if level < 3 || category > 4 {
                    self.covered_severe(category, level, issued);
                }
            }
            Story::DisabledMovedAway => {
                let state = *self.dice.pick(&["冻结", "迁出"]);
                self.card(child, category, level, issued, state);
                self.no_roll();
                let day = self.ago(200, 300);
                self.family.people[child].moved =
                    Some(move_on(self.world, self.dice, MoveKind::Outside, day));
            }
            Story::DisabledPlaced => {
                self.card(child, category, level, issued, "正常");
                self.no_roll();
                let year = self.world.calendar.school_year;
                let how = *self.dice.pick(&["延缓入学", "康复机构办学点"]);
                let placement =
                    Placement { how, approved: date(year, 8, 20), until: Some(date(year + 1, 8, 31)) };
                self.family.kid(child).placement = Some(placement);
                self.covered_severe(category, level, issued);
            }
            Story::DisabledAdult => {
                self.card(child, category, level, issued, "正常");
                self.no_roll();
            }
            Story::VisitorHomeTaught => {
                self.card(child, 5, 1, issued, "正常");
                self.no_roll();
                let approved = date(self.world.calendar.school_year, 8, 28);
                self.family.kid(child).placement =
                    Some(Placement { how: "送教上门", approved, until: None });
                self.covered_severe(1, 1, issued);
                self.list(12);
            }
            Story::SevereUncovered | Story::SevereListed | Story::SevereNotQuite => {
                let (category, level, state) = match story {
                    Story::SevereNotQuite if self.dice.chance(0.5) => (7, 3, "正常"),
                    Story::SevereNotQuite => (category, level, "过期"),
                    _ => (category, level, "正常"),
                };
                self.card(child, category, level, issued, state);
                if self.world.calendar.grade(self.family.people[child].birth) <= 9 {
                    disabled_schooling(self.world, self.family, child, self.dice);
                }
                if story == Story::SevereListed {
                    self.covered_severe(0, level, issued);
                }
            }
            _ => {}
        }
    }

    /// On the roll as severely disabled (category 0), or only paid the nursing subsidy.
    fn covered_severe(&mut self, category: u8, level: u8, issued: Day) {
        if category == 0 || level > 2 || self.dice.chance(0.4) {
            self.list(10);
        }
        if level <= 2 {
            let (from, to) = (issued.month().plus(2), self.world.calendar.pay_to);
            self.family.people[self.child].subsidies.push(Subsidy { kind: NURSING, from, to });
        }
    }

    fn money(&mut self, story: Story) {
        match story {
            Story::DeadPaid | Story::DeadReturned | Story::DeadStopped => self.dead_recipient(story),
            Story::Adult18Paid
            | Story::Adult18Senior
            | Story::Adult18Continued
            | Story::Adult18ThisMonth
            | Story::NoStudyGrant => {
                self.adult(story);
            }
            Story::MovedPaid | Story::MovedInside | Story::MovedStudy | Story::MovedStopped => {
                self.moved(story);
            }
            Story::DualPaid | Story::DualSwitched => self.dual(story),
            _ => {}
        }
    }

    fn dead_recipient(&mut self, story: Story) {
        let day = self.ago(45, 130);
        let mut death = self.registered_death(day);
        match self.dice.below(4) {
            0 => {
                // Only the crematorium knows so far.
                death.police = None;
                death.certificate = false;
                death.cremation = Some(day.plus_days(2));
            }
            1 => death.cremation = None,
            _ => {}
        }
        let who = if story == Story::DeadStopped || self.dice.chance(0.55) { self.child } else { 0 };
        let calendar = self.world.calendar;
        if who == self.child {
            self.support();
            self.list(5);
            if let Some(row) = self.family.kid(self.child).rolls.first_mut()
                && death.police.is_some()
            {
                row.state = "死亡";
            }
        } else {
            let (from, to) = (calendar.pay_to.plus(-30), calendar.pay_to);
            let kind =
                if self.dice.chance(0.5) { ("低保", MINIMUM, 620) } else { ("特困", DESTITUTE, 1290) };
            self.family.relief = Some(Relief { kind: kind.0, members: vec![0], from, stop: None });
            let pay = Pay { project: kind.1, from, to, returned_from: None, amount: kind.2 };
            self.family.people[0].pays.push(pay);
        }
        self.family.people[who].death = Some(death);
        let after = day.month().plus(1);
        match story {
            Story::DeadReturned => {
                self.family.people[who].pays.iter_mut().for_each(|pay| pay.returned_from = Some(after));
            }
            Story::DeadStopped => delist(self.family, self.child, day.month(), 6),
            _ => {}
        }
    }

    /// Parents such that the child is rightly in category 5: one long dead, the other out of contact.
    fn support(&mut self) {
        let (dead, other) = self.either();
        let day = self.ago(1200, 2400).max(self.family.people[self.child].birth.plus_days(60));
        self.kill(dead, day);
        self.family.people[other].lost_since = Some(self.world.calendar.as_of.plus_days(-1150));
    }

    fn orphaned(&mut self) {
        let birth = self.family.people[self.child].birth;
        let first = self.ago(1900, 2600).max(birth.plus_days(60));
        let second = self.ago(1200, 1800).max(birth.plus_days(90));
        let (a, b) = self.either();
        self.kill(a, first);
        self.kill(b, second);
    }

    fn adult(&mut self, story: Story) {
        let village = self.family.village;
        self.orphaned();
        self.list(3);
        let (grade, state) = match story {
            Story::Adult18Senior | Story::Adult18ThisMonth | Story::NoStudyGrant => (12, "在籍在读"),
            Story::Adult18Continued => (12, "毕业"),
            _ => (9, "毕业"),
        };
        let mut row = roll(self.world, village, grade, self.dice);
        row.state = state;
        if state == "毕业" {
            let now = self.world.calendar.grade(self.family.people[self.child].birth);
            row.entered = row.entered.plus(-12 * (now - grade).max(1));
        }
        let kid = self.family.kid(self.child);
        kid.changes.clear();
        kid.rolls = vec![row];
        if matches!(story, Story::Adult18Senior | Story::Adult18ThisMonth) {
            let from = Month::new(self.world.calendar.school_year, 9);
            let to = self.world.calendar.pay_to;
            let pay = Pay { project: STUDY, from, to, returned_from: None, amount: 1_000 };
            self.family.people[self.child].pays.push(pay);
        }
        let kid = self.family.kid(self.child);
        if let (Story::Adult18Continued, Some(roster)) = (story, kid.roster.as_mut()) {
            roster.status = 1;
            roster.continued = "全日制学校在读";
        }
    }

    fn moved(&mut self, story: Story) {
        let kind = match story {
            Story::MovedInside => MoveKind::Inside,
            Story::MovedStudy => MoveKind::Study,
            _ => MoveKind::Outside,
        };
        let day = self.ago(50, 150);
        if story == Story::MovedStudy {
            self.adult(Story::Adult18Continued);
        } else {
            self.support();
            self.list(5);
        }
        self.family.people[self.child].moved = Some(move_on(self.world, self.dice, kind, day));
        if story == Story::MovedStopped {
            delist(self.family, self.child, day.month(), 7);
        }
    }

    fn dual(&mut self, story: Story) {
        let calendar = self.world.calendar;
        self.orphaned();
        let overlap = calendar.pay_to.plus(-self.dice.between(2, 7));
        self.list(3);
        let child = self.child;
        if let Some(roster) = self.family.kid(child).roster.as_mut() {
            roster.first_pay = Some(overlap);
            roster.listed = overlap.first_day().plus_days(-12);
        }
        let from = overlap.plus(-24);
        for pay in self.family.people[child].pays.iter_mut().filter(|p| p.project == ORPHAN) {
            pay.from = overlap;
        }
        let switched = story == Story::DualSwitched;
        let to = if switched { overlap } else { calendar.pay_to };
        let returned_from = switched.then_some(overlap);
        let pay = Pay { project: DESTITUTE, from, to, returned_from, amount: 1290 };
        self.family.people[child].pays.push(pay);
        let stop = switched.then_some(overlap);
        self.family.relief = Some(Relief { kind: "特困", members: vec![child], from, stop });
    }

    fn parents(&mut self, story: Story) {
        match story {
            Story::ParentReleased
            | Story::ParentHeldAgain
            | Story::ParentReleasedDisabled
            | Story::ParentReleasedDone => {
                self.released(story);
            }
            Story::OrphanUnlisted
            | Story::OrphanDeclared
            | Story::OrphanPoliceMissing
            | Story::OrphanAdopted
            | Story::OrphanListed => {
                self.orphan(story);
            }
            Story::DeFactoUnlisted
            | Story::DeFactoLightCard
            | Story::DeFactoCommunity
            | Story::DeFactoShortTerm
            | Story::DeFactoReleased
            | Story::DeFactoCardLapsed
            | Story::DeFactoOtherCategory
            | Story::DeFactoListed => {
                self.de_facto(story);
            }
            _ => {}
        }
    }

    fn released(&mut self, story: Story) {
        let (dead, jailed) = self.either();
        let born = self.family.people[self.child].birth;
        let from = self.ago(900, 1500).max(born.plus_days(40));
        let day = self.ago(1550, 2300).max(born.plus_days(20));
        self.kill(dead, day);
        let release = self.ago(40, 160);
        let until = release.plus_days(self.dice.between(0, 90));
        self.family.people[jailed].terms.push(Term {
            kind: "监狱服刑",
            from,
            until,
            released: Some(release),
        });
        self.list(5);
        let recorded = ParentState { code: 5, from: Some(from), to: Some(until) };
        let father = self.father;
        if let Some(roster) = self.family.kid(self.child).roster.as_mut() {
            if jailed == father { roster.father = recorded } else { roster.mother = recorded }
        }
        match story {
            Story::ParentHeldAgain => {
                let again = release.plus_days(self.dice.between(1, 20));
                self.prison(jailed, again, 26, None);
            }
            Story::ParentReleasedDisabled => {
                let issued = self.ago(1000, 1600);
                self.card(jailed, 6, 3, issued, "正常");
            }
            Story::ParentReleasedDone => delist(self.family, self.child, release.month(), 11),
            _ => {}
        }
    }

    fn orphan(&mut self, story: Story) {
        let (first, second) = self.either();
        let earlier = self.ago(500, 1400).max(self.family.people[self.child].birth.plus_days(30));
        let later = self.ago(45, 300).max(earlier);
        self.kill(first, earlier);
        match story {
            Story::OrphanDeclared => {
                let judgment = Judgment { matter: "宣告失踪", effective: later };
                self.family.people[second].judgments.push(judgment);
            }
            Story::OrphanPoliceMissing => self.family.people[second].police_missing = true,
            Story::OrphanListed => {
                self.kill(second, earlier.plus_days(40));
                self.list(3);
            }
            _ => self.kill(second, later),
        }
        if story == Story::OrphanAdopted {
            let adopter = if self.family.people[0].death.is_none() { 0 } else { second };
            let day = later.plus_days(self.dice.between(20, 40));
            self.family.kid(self.child).adoptions.push(Adoption { day, kind: "收养", adopter });
        }
    }

    fn de_facto(&mut self, story: Story) {
        let (dead, other) = self.either();
        let birth = self.family.people[self.child].birth;
        let day = self.ago(60, 900).max(birth.plus_days(30));
        let since = self.ago(60, 500).max(birth.plus_days(30));
        self.kill(dead, day);
        match story {
            Story::DeFactoLightCard => self.card(other, 4, 3, since, "正常"),
            Story::DeFactoCardLapsed => {
                let state = *self.dice.pick(&["冻结", "过期"]);
                self.card(other, 6, 2, since, state);
            }
            Story::DeFactoCommunity => {
                let term =
                    Term { kind: "社区矫正", from: since, until: since.plus_months(24), released: None };
                self.family.people[other].terms.push(term);
            }
            Story::DeFactoShortTerm => {
                let from = self.ago(60, 120);
                let until = from.plus_months(6).plus_days(-2);
                self.family.people[other]
                    .terms
                    .push(Term { kind: "监狱服刑", from, until, released: None });
            }
            Story::DeFactoReleased => {
                let from = self.ago(900, 1100);
                let release = from.plus_months(20);
                self.prison(other, from, 20, Some(release));
            }
            Story::DeFactoListed if self.dice.chance(0.4) => {
                self.family.people[other].lost_since = Some(since);
                self.list(5);
            }
            Story::DeFactoListed => {
                self.unable(other, since);
                self.list(5);
            }
            Story::DeFactoOtherCategory => {
                self.unable(other, since);
                self.list(9);
            }
            _ => self.unable(other, since),
        }
    }

    fn listed(&mut self, story: Story) {
        match story {
            Story::HardshipListed => {
                if self.dice.chance(0.5) && self.family.relief.is_none() {
                    let from = self.world.calendar.pay_to.plus(-self.dice.between(14, 40));
                    let members = household(self.world, self.family);
                    self.family.relief = Some(Relief { kind: "低保", members, from, stop: None });
                    let to = self.world.calendar.pay_to;
                    let head = self.family.head;
                    let pay = Pay { project: MINIMUM, from, to, returned_from: None, amount: 980 };
                    self.family.people[head].pays.push(pay);
                }
                self.list(9);
            }
            Story::IllListed => {
                let day = self.ago(100, 700);
                let illness = *self.dice.pick(&["白血病", "先天性心脏病", "恶性肿瘤", "尿毒症"]);
                self.family.people[self.child].illness = Some((illness, day));
                self.list(11);
            }
            Story::Institution => {
                let child = &mut self.family.people[self.child];
                child.father = None;
                child.mother = None;
                self.list(1);
                if let Some(row) = self.family.kid(self.child).rolls.first_mut()
                    && self.dice.chance(0.4)
                {
                    row.school = SPECIAL;
                }
            }
            Story::VisitorListed => self.list(12),
            Story::LeftBehindListed => {
                self.family.people[self.father].away = true;
                self.family.people[self.mother].away = true;
                self.list(8);
                let day = self.ago(100, 500);
                let kid = self.family.kid(self.child);
                kid.left_behind = 2;
                kid.care = Some(Care { carer: 0, signed: day, until: day, ended: false });
            }
            Story::ChangedName => {
                rename(self.world, &mut self.family.people[self.child], self.dice);
                if self.dice.chance(0.4) {
                    self.list(9);
                }
            }
            Story::NoRegistration => {
                let child = &mut self.family.people[self.child];
                child.id = None;
                child.local = false;
                self.list(9);
                for row in &mut self.family.kid(self.child).rolls {
                    row.letter = 'J';
                }
            }
            _ => {}
        }
    }
}
