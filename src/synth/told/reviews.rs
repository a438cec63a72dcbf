//! Stories of what has to be looked at again: sentences that end, judgments that are revoked, treatments that
//! have ended, grants whose ground is gone, rolls that outlast their reason, numbers that say something else.

use super::Teller;
use crate::synth::people::{Adoption, Alert, Care, Judgment, Neglect, ParentState, Pay, Relief, Term};
use crate::synth::school::{change, roll};
use crate::synth::stories::Story;
use crate::synth::welfare::{DESTITUTE, STUDY, delist, household};

/// The grandfather heads the household of every story told at home.
const ELDER: usize = 0;

impl Teller<'_, '_> {
    pub(super) fn review(&mut self, story: Story) {
        match story {
            Story::ReleaseSoon | Story::ReleaseLater => self.release(story),
            Story::MissingRevoked | Story::MissingRevokedAgain => self.revoked(story),
            Story::GuardianRestored | Story::GuardianRestoredHeld => self.restored(story),
            Story::IllReviewDue => {
                let since = self.ago(900, 1300).max(self.family.people[self.child].birth.plus_days(60));
                self.list(11);
                let last = self.ago(400, 600).max(since);
                let child = &mut self.family.people[self.child];
                child.illness = Some(("白血病", since));
                child.treated_until = Some(last);
            }
            Story::OrphanOnRelief | Story::OrphanOnMarginal => self.orphan_on_relief(story),
            Story::PrisonerPaid | Story::PrisonerStopped => self.prisoner(story),
            Story::GrantAdopted
            | Story::GrantAdoptedDisabled
            | Story::GrantLeft
            | Story::GrantNotOrphan
            | Story::GrantRight => self.grant(story),
            Story::LeftBehindGrown | Story::LeftBehindBack | Story::LeftBehindBackJust => {
                self.outgrown(story);
            }
            Story::DestituteGrown | Story::DestituteStudies | Story::DestituteDisabled => {
                self.destitute(story);
            }
            Story::RedSeldomSeen => self.neglected(Neglect::Interval),
            Story::ColourNotRaised => {
                let day = self.ago(20, 70);
                self.family.kid(self.child).alerts.push(Alert { kind: "走失", day, found: true });
                self.neglected(Neglect::OldRisk);
            }
            Story::CardGradedAnew | Story::CardIssuedAgain => self.graded_anew(story),
            Story::OddCode => {
                self.list(9);
                self.family.kid(self.child).odd_code = true;
            }
            _ => {}
        }
    }

    fn neglected(&mut self, neglect: Neglect) {
        self.list(9);
        self.family.kid(self.child).neglect = Some(neglect);
    }

    fn release(&mut self, story: Story) {
        let days =
            if story == Story::ReleaseSoon { self.dice.between(6, 50) } else { self.dice.between(90, 300) };
        let until = self.world.calendar.as_of.plus_days(days);
        let from = self.ago(700, 1100);
        let parent = self.listed_for(5, from, Some(until));
        self.family.people[parent].terms.push(Term { kind: "监狱服刑", from, until, released: None });
    }

    /// Listed as an orphan because of a declaration that is revoked by now.
    fn revoked(&mut self, story: Story) {
        let (dead, missing) = self.either();
        let death = self.ago(1400, 2000).max(self.family.people[self.child].birth.plus_days(30));
        self.kill(dead, death);
        let begun = self.ago(1200, 1350);
        let ended = self.ago(60, 250);
        let judgments = &mut self.family.people[missing].judgments;
        judgments.push(Judgment { matter: "宣告失踪", effective: begun });
        judgments.push(Judgment { matter: "撤销宣告", effective: ended });
        if story == Story::MissingRevokedAgain {
            judgments.push(Judgment { matter: "宣告死亡", effective: ended.plus_days(30) });
        }
        self.list(3);
        let recorded = ParentState { code: 2, from: Some(begun), to: None };
        let father = self.father;
        if let Some(roster) = self.family.kid(self.child).roster.as_mut() {
            if missing == father { roster.father = recorded } else { roster.mother = recorded }
        }
    }

    fn restored(&mut self, story: Story) {
        let begun = self.ago(500, 800);
        let ended = self.ago(60, 300);
        let parent = self.listed_for(9, begun, None);
        let judgments = &mut self.family.people[parent].judgments;
        judgments.push(Judgment { matter: "撤销监护资格", effective: begun });
        judgments.push(Judgment { matter: "恢复监护资格", effective: ended });
        if story == Story::GuardianRestoredHeld {
            self.prison(parent, ended.plus_days(20), 30, None);
        }
    }

    fn orphan_on_relief(&mut self, story: Story) {
        self.orphaned();
        self.list(3);
        self.elder_at_home();
        let from = self.world.calendar.pay_to.plus(-self.dice.between(5, 10));
        let kind = if story == Story::OrphanOnRelief { "低保" } else { "低保边缘" };
        let members = household(self.world, self.family);
        self.family.relief = Some(Relief { kind, members, from, stop: None });
    }

    fn prisoner(&mut self, story: Story) {
        self.elder_at_home();
        let calendar = self.world.calendar;
        let from = self.ago(150, 320);
        self.prison(ELDER, from, 36, None);
        let begun = from.month().plus(-20);
        let stopped = story == Story::PrisonerStopped;
        let to = if stopped { from.month() } else { calendar.pay_to };
        let stop = stopped.then(|| from.month().plus(1));
        self.family.relief = Some(Relief { kind: "特困", members: vec![ELDER], from: begun, stop });
        let pay = Pay { project: DESTITUTE, from: begun, to, returned_from: None, amount: 1290 };
        self.family.people[ELDER].pays.push(pay);
    }

    /// Over eighteen, off the civil roll, with the study grant since.
    fn grant(&mut self, story: Story) {
        let calendar = self.world.calendar;
        let (village, child) = (self.family.village, self.child);
        let category = if story == Story::GrantNotOrphan { 5 } else { 3 };
        if category == 5 {
            self.support();
        } else {
            self.orphaned();
        }
        let turned = self.family.people[child].birth.plus_months(216).month();
        self.list(category);
        if let Some(roster) = self.family.kid(child).roster.as_mut() {
            roster.listed = turned.plus(-40).first_day();
            roster.first_pay = Some(turned.plus(-39));
        }
        delist(self.family, child, turned, 9);
        let from = turned.plus(1).max(calendar.pay_to.plus(-11));
        let pay = Pay { project: STUDY, from, to: calendar.pay_to, returned_from: None, amount: 1000 };
        self.family.people[child].pays.push(pay);
        let left = story == Story::GrantLeft;
        let grade = calendar.grade(self.family.people[child].birth);
        let last = if left { 11 } else { (grade - 1).min(12) };
        let mut row = roll(self.world, village, last, self.dice);
        row.entered = row.entered.plus(-12 * (grade - last).max(0));
        row.state = if left { "退学" } else { "毕业" };
        let day = self.ago(70, 130);
        let kid = self.family.kid(child);
        kid.rolls = vec![row];
        kid.changes = if left { vec![change("退学", day)] } else { Vec::new() };
        if matches!(story, Story::GrantAdopted | Story::GrantAdoptedDisabled) {
            kid.adoptions.push(Adoption { day, kind: "收养", adopter: ELDER });
        }
        if story == Story::GrantAdoptedDisabled {
            let issued = self.ago(900, 1500);
            self.card(child, 4, 2, issued, "正常");
            self.family.people[child].unaided = true;
        }
    }

    fn outgrown(&mut self, story: Story) {
        self.elder_at_home();
        self.family.rural = true;
        let (home, away) = self.either();
        self.family.people[away].away = true;
        self.family.people[home].away = true;
        self.list(8);
        let signed = self.ago(200, 330);
        let since = match story {
            Story::LeftBehindBack => Some(self.ago(130, 300)),
            Story::LeftBehindBackJust => Some(self.ago(20, 70)),
            _ => None,
        };
        let father = self.father;
        self.family.people[home].away = since.is_none();
        let kid = self.family.kid(self.child);
        kid.left_behind = if since.is_some() { 1 } else { 2 };
        kid.care = Some(Care { carer: ELDER, signed, until: signed, ended: false });
        if let (Some(_), Some(roster)) = (since, kid.roster.as_mut()) {
            let recorded = ParentState { code: 0, from: since, to: None };
            if home == father { roster.father = recorded } else { roster.mother = recorded }
        }
    }

    /// Destitute since childhood, of age by now.
    fn destitute(&mut self, story: Story) {
        let calendar = self.world.calendar;
        let (village, child) = (self.family.village, self.child);
        self.orphaned();
        let begun = self.family.people[child].birth.plus_months(150).month();
        let pay =
            Pay { project: DESTITUTE, from: begun, to: calendar.pay_to, returned_from: None, amount: 1290 };
        self.family.people[child].pays.push(pay);
        self.family.relief = Some(Relief { kind: "特困", members: vec![child], from: begun, stop: None });
        let studies = story == Story::DestituteStudies;
        let grade = calendar.grade(self.family.people[child].birth);
        let last = if studies { 12 } else { 9 };
        let mut row = roll(self.world, village, last, self.dice);
        row.state = if studies { "在籍在读" } else { "毕业" };
        row.entered = row.entered.plus(-12 * (grade - last).max(0));
        let kid = self.family.kid(child);
        kid.changes.clear();
        kid.rolls = vec![row];
        if story == Story::DestituteDisabled {
            let issued = self.ago(900, 1500);
            self.card(child, 5, 2, issued, "正常");
            self.family.people[child].unaided = true;
        }
    }

    /// A card whose level was set anew; the number tells the old one, unless the card was issued again.
    fn graded_anew(&mut self, story: Story) {
        self.elder_at_home();
        let issued = self.ago(1500, 2500);
        self.card(ELDER, 4, 3, issued, "正常");
        if let Some(card) = self.family.people[ELDER].card.as_mut() {
            card.graded_before = Some(4);
            card.reissue = u8::from(story == Story::CardIssuedAgain);
        }
    }
}
