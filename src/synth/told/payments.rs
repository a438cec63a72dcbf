//! Stories of money that went on: after the end of a roll entry, after school, after an adoption, twice over.

use super::Teller;
use crate::domain::Month;
use crate::synth::people::{Adoption, Pay};
use crate::synth::school::{change, roll};
use crate::synth::stories::Story;
use crate::synth::welfare::{DE_FACTO, ORPHAN, SEVERE, delist};

impl Teller<'_, '_> {
    pub(super) fn payment(&mut self, story: Story) {
        match story {
            Story::PaidAfterEnd => self.paid_after_end(),
            Story::ContinuedLeft => self.continued_left(),
            Story::AdoptedPaid | Story::AdoptedStopped | Story::AdoptionDissolved => {
                self.adopted_child(story);
            }
            Story::OrphanParentAlive => {
                self.list(3);
                let dead = self.ago(1300, 2000).max(self.family.people[self.child].birth.plus_days(90));
                self.kill(self.father, dead);
            }
            Story::TwoClasses | Story::TwoClassesReturned => self.two_classes(story),
            Story::AccountShared => {
                self.orphaned();
                self.list(3);
                self.family.kid(self.child).shared_account = true;
            }
            Story::NumberOfPayee => self.under_parents_number(),
            _ => {}
        }
    }

    fn paid_after_end(&mut self) {
        let stopped: Month = self.world.calendar.pay_to.plus(-self.dice.between(3, 8));
        if self.dice.chance(0.5) {
            self.support();
            self.list(5);
        } else {
            self.orphaned();
            self.list(3);
        }
        let before = self.family.people[self.child].pays.clone();
        delist(self.family, self.child, stopped, 99);
        self.family.people[self.child].pays = before;
    }

    /// Paid on because of school, and no longer at school.
    fn continued_left(&mut self) {
        self.orphaned();
        self.list(3);
        let senior = self.dice.chance(0.6);
        let village = self.family.village;
        let left = self.ago(70, 170);
        let mut row = roll(self.world, village, if senior { 11 } else { 9 }, self.dice);
        let grade = self.world.calendar.grade(self.family.people[self.child].birth);
        row.entered = row.entered.plus(-12 * (grade - i32::from(row.grade)).max(0));
        row.state = if senior { "退学" } else { "毕业" };
        let day = if senior { left } else { row.entered.plus(33).first_day().plus_days(24) };
        let kind = row.state;
        let kid = self.family.kid(self.child);
        kid.rolls = vec![row];
        kid.changes = vec![change(kind, day)];
        if let Some(roster) = kid.roster.as_mut() {
            roster.status = 1;
            roster.continued = "全日制学校在读";
        }
    }

    fn adopted_child(&mut self, story: Story) {
        self.orphaned();
        self.list(3);
        let day = self.ago(90, 160);
        let kid = self.family.kid(self.child);
        kid.adoptions.push(Adoption { day, kind: "收养", adopter: 0 });
        match story {
            Story::AdoptionDissolved => {
                kid.adoptions.push(Adoption { day: day.plus_days(45), kind: "解除", adopter: 0 });
            }
            Story::AdoptedStopped => delist(self.family, self.child, day.month(), 1),
            _ => {}
        }
    }

    fn two_classes(&mut self, story: Story) {
        let calendar = self.world.calendar;
        let (first, amount) = if self.dice.chance(0.5) { (5, 1446) } else { (3, 2410) };
        let from = calendar.pay_to.plus(-self.dice.between(2, 6));
        let second = if first == 5 {
            self.support();
            let issued = self.ago(300, 700);
            self.card(self.child, 5, 2, issued, "正常");
            SEVERE
        } else {
            self.orphaned();
            DE_FACTO
        };
        self.list(first);
        let returned_from = (story == Story::TwoClassesReturned).then_some(from);
        let pay = Pay { project: second, from, to: calendar.pay_to, returned_from, amount };
        self.family.people[self.child].pays.push(pay);
    }

    /// The child's money is written under the number of a parent who is paid something too.
    fn under_parents_number(&mut self) {
        self.poor_household("低保");
        let to = self.world.calendar.pay_to;
        let pay = Pay { project: super::MINIMUM, from: to.plus(-20), to, returned_from: None, amount: 700 };
        self.family.people[self.father].pays.push(pay);
        let issued = self.ago(400, 900);
        self.card(self.child, 5, 1, issued, "正常");
        self.covered_severe(0, 1, issued);
        self.family.kid(self.child).parents_number = &[crate::synth::layout::Extract::BenefitPayment];
        debug_assert!(self.family.people[self.child].pays.iter().all(|pay| pay.project != ORPHAN));
    }
}
