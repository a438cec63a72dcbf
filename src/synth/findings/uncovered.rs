//! The list of children who ought to be covered and are not.

use super::{Case, Expected, push, push_with, visible};
use crate::synth::care::entitled_to_aid;

impl Case<'_, '_> {
    pub(super) fn uncovered(&self, out: &mut Vec<Expected>) {
        self.unaided(out);
        if !self.minor() || self.gone() {
            return;
        }
        let listed = self.listed().is_some();
        let as_of = self.world.calendar.as_of;
        self.severe(out);
        if !listed && self.family.on_relief(self.index, &["低保", "特困"], as_of.month()) {
            push(out, "u_poor_family", self.child, String::new());
        }
        self.left_behind(listed, out);
        let adopted = self.kid.adoptions.iter().max_by_key(|a| a.day).is_some_and(|a| a.kind == "收养");
        let orphan = self.listed().is_some_and(|roster| matches!(roster.category, 1 | 3));
        if self.child.local && !adopted && !orphan {
            self.parents_gone(listed, out);
        }
        if self.child.local && !adopted && !listed {
            self.both_unable(out);
        }
    }

    fn unaided(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let november = super::school::november(calendar);
        let pupil = self.numbered() && self.kid.rolls.iter().any(|r| r.state == "在籍在读");
        let dead = visible(self.world, self.child).is_some();
        let entitled = entitled_to_aid(self.world, self.family, self.index);
        if pupil && entitled && !dead && self.kid.aid.is_none() && calendar.education >= november {
            push(out, "u_edu_aid_missing", self.child, calendar.school_year_text());
        }
    }

    fn severe(&self, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let child = self.child;
        let in_difficulty = self.listed().is_some_and(|r| !matches!(r.category, 8 | 12));
        let severe = child
            .card
            .is_some_and(|c| c.severe() && c.valid_on(calendar.as_of) && c.issued <= calendar.disability);
        let destitute = self.family.on_relief(self.index, &["特困"], calendar.as_of.month());
        if severe && child.id.is_some() && !in_difficulty && child.subsidies.is_empty() && !destitute {
            push(out, "u_severe_disabled", child, String::new());
        }
    }

    fn left_behind(&self, listed: bool, out: &mut Vec<Expected>) {
        let calendar = self.world.calendar;
        let pupil = self.numbered() && self.kid.rolls.iter().any(|r| matches!(r.state, "在籍在读" | "休学"));
        let young = self.child.birth.age_on(calendar.as_of) < 16;
        if pupil && young && self.kid.left_behind == 2 && self.family.rural && !listed {
            push(out, "u_left_behind_unlisted", self.child, calendar.school_year_text());
        }
    }

    /// Whoever is on the roll for another reason is an orphan all the same; a category between the others is
    /// another rule's matter.
    fn parents_gone(&self, listed: bool, out: &mut Vec<Expected>) {
        // The civil roll is the older of the two files that the rules read.
        let edge = self.world.calendar.civil;
        let state = |father| {
            let standing = self.standing(father)?;
            let gone = standing.gone && standing.since.is_some_and(|day| day <= edge);
            (!standing.doubtful && (gone || !standing.gone)).then_some(standing)
        };
        let (Some(father), Some(mother)) = (state(true), state(false)) else { return };
        let Some(since) = father.since.into_iter().chain(mother.since).max() else { return };
        let papers = father.paper.into_iter().chain(mother.paper).collect();
        if father.gone && mother.gone {
            push_with(out, "u_orphan", self.child, since.iso(), papers);
        } else if (father.gone || mother.gone) && !listed {
            push_with(out, "u_de_facto_d_h", self.child, since.iso(), papers);
        }
    }
}
