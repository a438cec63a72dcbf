//! Stories of parents and carers: states that ended, states that never were, and urgent events.

use super::Teller;
use crate::domain::Day;
use crate::synth::people::{Alert, Care, Judgment, ParentState, Term};
use crate::synth::stories::Story;

impl Teller<'_, '_> {
    pub(super) fn guardian(&mut self, story: Story) {
        match story {
            Story::ParentCardChanged | Story::ParentCardIll => self.parent_card(story),
            Story::ParentDrugDone | Story::ParentDrugExtended => self.drug(story),
            Story::LostParentSeen | Story::LostParentSeenBefore => self.seen(story),
            Story::MatrixFails | Story::MatrixFailsDisabled => self.matrix(story),
            Story::SecondParentDied => self.second_died(),
            Story::BothUnableUnlisted | Story::BothUnableListed => {
                let (first, second) = (self.ago(100, 500), self.ago(100, 500));
                self.unable(self.father, first);
                self.unable(self.mother, second);
                if story == Story::BothUnableListed {
                    self.list(5);
                }
            }
            Story::CarerDied | Story::CarerDiedLongAgo | Story::SoleParentDied => self.carer_died(story),
            Story::GuardianTaken | Story::GuardianTakenOther => self.taken(story),
            Story::ChildMissing | Story::ChildHurt => {
                let day = self.ago(3, 20);
                let kind = if story == Story::ChildMissing { "走失" } else { "家庭暴力" };
                self.family.kid(self.child).alerts.push(Alert { kind, day, found: false });
            }
            _ => {}
        }
    }

    /// One parent long dead, the child listed because of the other's state as the roll records it.
    pub(super) fn listed_for(&mut self, code: u8, from: Day, to: Option<Day>) -> usize {
        let (dead, other) = self.either();
        let day = self.ago(1400, 2200).max(self.family.people[self.child].birth.plus_days(20));
        self.kill(dead, day);
        self.list(5);
        let recorded = ParentState { code, from: Some(from), to };
        let father = self.father;
        if let Some(roster) = self.family.kid(self.child).roster.as_mut() {
            if other == father { roster.father = recorded } else { roster.mother = recorded }
        }
        other
    }

    fn parent_card(&mut self, story: Story) {
        let issued = self.ago(1200, 1600);
        let parent = self.listed_for(3, issued, None);
        let as_of = self.world.calendar.as_of;
        let (level, state, ago) = match self.dice.below(3) {
            0 => (2, "注销", 150),
            1 => (2, "过期", self.dice.between(100, 300)),
            _ => (3, "正常", -700),
        };
        self.card(parent, 4, level, issued, state);
        if let Some(card) = self.family.people[parent].card.as_mut() {
            card.until = Some(as_of.plus_days(-ago));
        }
        if story == Story::ParentCardIll {
            self.family.people[parent].illness = Some(("尿毒症", as_of.plus_days(-200)));
        }
    }

    fn drug(&mut self, story: Story) {
        let extended = story == Story::ParentDrugExtended;
        let from = self.ago(640, 700);
        let parent = self.listed_for(6, from, Some(from.plus_months(24)));
        let (until, released) = if extended {
            (from.plus_months(36), None)
        } else {
            (from.plus_months(24), Some(self.ago(40, 160)))
        };
        self.family.people[parent].terms.push(Term { kind: "强制隔离戒毒", from, until, released });
    }

    fn seen(&mut self, story: Story) {
        let from = self.ago(700, 1000);
        let parent = self.listed_for(8, from, None);
        let seen = if story == Story::LostParentSeen { self.ago(30, 250) } else { from.plus_days(-200) };
        let who = &mut self.family.people[parent];
        who.lost_since = Some(from);
        who.insured = Some(seen);
    }

    fn matrix(&mut self, story: Story) {
        let from = self.ago(100, 140);
        let disabled = story == Story::MatrixFailsDisabled;
        match self.dice.below(4) {
            // Sentenced, but not to prison.
            0 => {
                let parent = self.listed_for(5, from, Some(from.plus_months(24)));
                let until = from.plus_months(24);
                self.family.people[parent]
                    .terms
                    .push(Term { kind: "社区矫正", from, until, released: None });
            }
            // One day short of half a year.
            1 => {
                let until = from.plus_months(6).plus_days(-2);
                let parent = self.listed_for(5, from, Some(until));
                self.family.people[parent]
                    .terms
                    .push(Term { kind: "监狱服刑", from, until, released: None });
            }
            // The roll itself calls the other parent well.
            2 => {
                self.listed_for(0, from, None);
            }
            _ => {
                let begun = self.ago(500, 800);
                let parent = self.listed_for(9, begun, None);
                let judgments = &mut self.family.people[parent].judgments;
                judgments.push(Judgment { matter: "撤销监护资格", effective: begun });
                judgments.push(Judgment { matter: "恢复监护资格", effective: from });
            }
        }
        if disabled {
            let issued = self.ago(300, 700);
            self.card(self.child, 5, 2, issued, "正常");
        }
    }

    /// The second parent has died since the child was listed: it is an orphan now.
    fn second_died(&mut self) {
        let since = self.ago(700, 900);
        let parent = self.listed_for(5, since, Some(since.plus_months(60)));
        let day = self.ago(20, 90);
        self.kill(parent, day);
    }

    fn carer_died(&mut self, story: Story) {
        let police = self.world.calendar.police;
        let day = if story == Story::CarerDiedLongAgo {
            self.ago(100, 200)
        } else {
            police.plus_days(-self.dice.between(2, 4))
        };
        let mut death = self.registered_death(day);
        if story != Story::CarerDiedLongAgo {
            death.police = Some(day.plus_days(1));
            death.cremation = None;
            death.certificate = false;
        }
        if story == Story::SoleParentDied {
            let (first, second) = self.either();
            let earlier = self.ago(500, 900);
            self.kill(first, earlier);
            self.family.people[second].death = Some(death);
            return;
        }
        self.elder_at_home();
        self.family.people[0].death = Some(death);
        self.family.people[self.father].away = true;
        self.family.people[self.mother].away = true;
        self.list(8);
        let signed = self.ago(260, 330);
        let kid = self.family.kid(self.child);
        kid.left_behind = 2;
        // The roll still names the grandfather, as guardian and in the agreement.
        kid.guardian = Some(0);
        kid.care = Some(Care { carer: 0, signed, until: signed, ended: false });
    }

    fn taken(&mut self, story: Story) {
        let (gone, held) = self.either();
        if story == Story::GuardianTaken {
            let day = self.ago(400, 900).max(self.family.people[self.child].birth.plus_days(30));
            self.kill(gone, day);
        }
        let from = self.world.calendar.police.plus_days(-self.dice.between(1, 5));
        let until = from.plus_days(30);
        self.family.people[held].terms.push(Term { kind: "刑事拘留", from, until, released: None });
    }
}
