//! Stories of disability cards, subsidies and relief: cards that ran out, subsidies that should have
//! stopped, and those that never began.

use super::Teller;
use crate::domain::Day;
use crate::synth::people::{Pay, Relief, Subsidy};
use crate::synth::stories::Story;
use crate::synth::welfare::{DESTITUTE, LIVING, NURSING, household};

/// The grandfather heads the household of every story told at home.
const ELDER: usize = 0;

impl Teller<'_, '_> {
    pub(super) fn subsidy(&mut self, story: Story) {
        match story {
            Story::OrphanLiving | Story::OrphanNursing => self.orphan_subsidy(story),
            Story::DestituteSubsidy | Story::DestituteSwitched => self.destitute_subsidy(story),
            Story::LivingAfterStop | Story::LivingOneMonth | Story::LivingMarginal => self.living(story),
            Story::CardLapsedPaid | Story::CardLapsedJust => self.lapsed(story),
            Story::NursingDowngraded | Story::NursingWidened => {
                let widened = story == Story::NursingWidened;
                let issued = self.elder_card(if widened { 5 } else { 4 }, 3);
                self.subsidise(ELDER, NURSING, issued, 0);
            }
            Story::ChildCardChanged | Story::ChildCardRenewing => self.child_card(story),
            Story::NursingMissing => {
                self.elder_card(4, 1);
            }
            Story::LivingMissing | Story::LivingPaid => {
                self.poor_household("低保");
                let issued = self.ago(300, 900);
                self.card(self.child, 4, 3, issued, "正常");
                if story == Story::LivingPaid {
                    self.subsidise(self.child, LIVING, issued, 0);
                }
                self.list(9);
            }
            Story::PoorUnlisted => self.poor_household("低保"),
            Story::StillCounted => self.still_counted(),
            _ => {}
        }
    }

    /// A live grandfather with a card, and no subsidy but what the story gives.
    fn elder_card(&mut self, category: u8, level: u8) -> Day {
        let issued = self.ago(500, 1500);
        self.elder_at_home();
        self.card(ELDER, category, level, issued, "正常");
        issued
    }

    /// The grandfather is alive, at home and left to the story.
    pub(super) fn elder_at_home(&mut self) {
        let elder = &mut self.family.people[ELDER];
        elder.death = None;
        elder.moved = None;
        elder.terms.clear();
        elder.subsidies.clear();
        elder.pays.clear();
        elder.unaided = true;
    }

    /// A subsidy from the card's issue until so many months ago.
    fn subsidise(&mut self, person: usize, kind: &'static str, issued: Day, ended: i32) {
        let to = self.world.calendar.pay_to.plus(-ended);
        self.family.people[person].subsidies.push(Subsidy { kind, from: issued.month().plus(2), to });
    }

    fn orphan_subsidy(&mut self, story: Story) {
        self.orphaned();
        self.list(3);
        let issued = self.ago(300, 800);
        self.card(self.child, 4, 2, issued, "正常");
        self.subsidise(self.child, NURSING, issued, 0);
        if story == Story::OrphanLiving {
            self.subsidise(self.child, LIVING, issued, 0);
        }
    }

    fn destitute_subsidy(&mut self, story: Story) {
        let issued = self.elder_card(4, 2);
        let calendar = self.world.calendar;
        let from = calendar.pay_to.plus(-self.dice.between(6, 11));
        self.family.relief = Some(Relief { kind: "特困", members: vec![ELDER], from, stop: None });
        let pay = Pay { project: DESTITUTE, from, to: calendar.pay_to, returned_from: None, amount: 1290 };
        self.family.people[ELDER].pays.push(pay);
        let months = calendar.pay_to.index() - from.index();
        let ended = if story == Story::DestituteSwitched { months + 1 } else { self.dice.between(0, 3) };
        self.subsidise(ELDER, NURSING, issued, ended);
    }

    fn living(&mut self, story: Story) {
        let issued = self.elder_card(4, 3);
        let calendar = self.world.calendar;
        let months = if story == Story::LivingOneMonth { 1 } else { self.dice.between(4, 7) };
        let stop = calendar.pay_to.plus(-months);
        let from = stop.plus(-20);
        let members = household(self.world, self.family);
        self.family.relief =
            Some(Relief { kind: "低保", members: members.clone(), from, stop: Some(stop) });
        if story == Story::LivingMarginal {
            self.family.next_relief = Some(Relief { kind: "低保边缘", members, from: stop, stop: None });
        }
        // One month over is the month of the stop itself.
        self.subsidise(ELDER, LIVING, issued, i32::from(story == Story::LivingOneMonth));
    }

    fn lapsed(&mut self, story: Story) {
        let issued = self.elder_card(4, 2);
        let as_of = self.world.calendar.as_of;
        let (state, ago) = match story {
            Story::CardLapsedJust => ("过期", self.dice.between(20, 50)),
            _ if self.dice.chance(0.5) => ("注销", self.dice.between(100, 300)),
            _ => ("过期", self.dice.between(100, 300)),
        };
        if let Some(card) = self.family.people[ELDER].card.as_mut() {
            card.state = state;
            card.until = Some(as_of.plus_days(-ago));
        }
        self.subsidise(ELDER, NURSING, issued, 0);
    }

    fn child_card(&mut self, story: Story) {
        let as_of = self.world.calendar.as_of;
        let issued = self.ago(700, 1500).max(self.family.people[self.child].birth.plus_months(14));
        let kind = if story == Story::ChildCardRenewing { 3 } else { self.dice.below(3) };
        let (level, state, ago) = match kind {
            0 => (2, "注销", 200),
            1 => (2, "过期", self.dice.between(90, 300)),
            2 => (3, "正常", -900),
            _ => (2, "过期", self.dice.between(15, 50)),
        };
        self.card(self.child, 4, level, issued, state);
        if let Some(card) = self.family.people[self.child].card.as_mut() {
            card.until = Some(as_of.plus_days(-ago));
        }
        self.list(10);
    }

    /// The household on relief still counts somebody who is dead or in prison.
    fn still_counted(&mut self) {
        self.elder_at_home();
        self.poor_household("低保");
        let day = self.ago(60, 130);
        if self.dice.chance(0.6) {
            let death = self.registered_death(day);
            self.family.people[ELDER].death = Some(death);
        } else {
            self.prison(self.father, day, 30, None);
        }
        self.list(9);
    }
}
