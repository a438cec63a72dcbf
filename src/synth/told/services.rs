//! Stories of work left undone, and of slips of the pen.

use super::Teller;
use crate::synth::layout::Extract;
use crate::synth::people::{Care, Neglect};
use crate::synth::stories::Story;

impl Teller<'_, '_> {
    pub(super) fn service(&mut self, story: Story) {
        let neglect = match story {
            Story::NotVisited => Neglect::Visits,
            Story::OnlyCalled => Neglect::Calls,
            Story::NoColour => Neglect::Colour,
            Story::OldColour => Neglect::OldColour,
            Story::NobodyResponsible => Neglect::Owner,
            Story::NoAid => Neglect::Aid,
            Story::NoAgreement => Neglect::Agreement,
            Story::EndedAgreement => Neglect::EndedAgreement,
            Story::LeftBehindUnlisted => return self.left_behind(false),
            Story::ParentsNumber => {
                self.list(9);
                let both: &[Extract] = &[Extract::ChildRoster, Extract::StudentRoll];
                let roll: &[Extract] = &[Extract::StudentRoll];
                self.family.kid(self.child).parents_number = if self.dice.chance(0.3) { both } else { roll };
                return;
            }
            _ => return,
        };
        if matches!(neglect, Neglect::Agreement | Neglect::EndedAgreement) {
            self.left_behind(true);
        } else {
            self.list(9);
        }
        self.family.kid(self.child).neglect = Some(neglect);
    }

    /// Both parents away, the child with the grandparents.
    pub(super) fn left_behind(&mut self, listed: bool) {
        self.elder_at_home();
        self.family.rural = true;
        self.family.people[self.father].away = true;
        self.family.people[self.mother].away = true;
        self.family.kid(self.child).left_behind = 2;
        if listed {
            self.list(8);
            let signed = self.ago(200, 330);
            self.family.kid(self.child).care = Some(Care { carer: 0, signed, until: signed, ended: false });
        }
    }
}
