//! What a linkage tells of itself without labels: errors to expect, how sure the model is, how full the
//! deliveries are, whether tonight still fits the model. Counts and shares, no value of a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure and the interval that holds the truth 95 times in 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ranged {
    /// The best guess.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Ranged {
    /// Whether a value lies inside the interval.
    pub fn holds(&self, truth: f64) -> bool {
        // A share worked out in another order may differ in its last bit.
        truth >= self.low - 1e-12 && truth <= self.high + 1e-12
    }
}

/// One level of the model beside what tonight's pairs say of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LevelFigure {
    /// Comparator.
    pub comparator: String,
    /// Key of the level.
    pub level: String,
    /// The level in Chinese.
    pub title: String,
    /// The model's probability of the level given one person.
    pub m: f64,
    /// The model's probability of the level given two persons.
    pub u: f64,
    /// m as tonight's candidates say, each pair counted with its probability.
    pub m_seen: Ranged,
    /// m among rows that bear the same valid number; `None` where the number itself would answer.
    pub m_same_number: Option<Ranged>,
    /// u as pairs drawn at random say; `None` where none were drawn.
    pub u_seen: Option<Ranged>,
}

/// Links of one pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PassFigure {
    /// Name of the pass.
    pub pass: String,
    /// The pass in Chinese.
    pub title: String,
    /// Links.
    pub links: u64,
    /// Wrong ones to expect among them.
    pub false_links: Ranged,
}

/// Rows whose valid number was hidden or damaged, looked up by all else: what became of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HiddenFigure {
    /// Rows looked up. The number tells who each of them is.
    pub tested: u64,
    /// Linked with the right person.
    pub right: u64,
    /// Linked with somebody else.
    pub wrong: u64,
    /// Left to a person to decide.
    pub review: u64,
    /// The right person was a candidate and was passed over.
    pub passed_over: u64,
    /// No blocking rule brought the right person.
    pub not_brought: u64,
    /// Share of such rows, drawn at random, not linked with the right person.
    pub missed: Ranged,
    /// Share of wrong ones among the links.
    pub false_links: Ranged,
    /// Share of tonight's looked-up persons of kinds that no row with a number stands for.
    pub untested: f64,
}

/// How much one role of one extract tells, and how much of it could be linked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoleFigure {
    /// Extract id.
    pub extract: String,
    /// Role.
    pub role: String,
    /// Persons named.
    pub mentions: u64,
    /// Of them with a name that tells something.
    pub name: u64,
    /// With a number that can be trusted.
    pub number: u64,
    /// With a number that is damaged.
    pub damaged: u64,
    /// With a birth date, the number's included.
    pub birth: u64,
    /// With a sex.
    pub sex: u64,
    /// With a village.
    pub village: u64,
    /// With a telephone number.
    pub phone: u64,
    /// Linked with no other row.
    pub alone: u64,
    /// Of these, such that tell too little to be compared with anybody.
    pub unlinkable: u64,
}

impl RoleFigure {
    /// Adds the counts of another part of the same role.
    pub fn add(&mut self, other: &Self) {
        self.mentions += other.mentions;
        self.name += other.name;
        self.number += other.number;
        self.damaged += other.damaged;
        self.birth += other.birth;
        self.sex += other.sex;
        self.village += other.village;
        self.phone += other.phone;
        self.alone += other.alone;
        self.unlinkable += other.unlinkable;
    }
}

/// How far the rows of one role lie from the model in one comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftFigure {
    /// Extract id.
    pub extract: String,
    /// Role.
    pub role: String,
    /// Comparator.
    pub comparator: String,
    /// Pairs of rows with the same valid number and something to compare.
    pub pairs: u64,
    /// Share of these pairs on the first level.
    pub share: f64,
    /// The model's m of that level.
    pub expected: f64,
    /// Part of the pairs that would have to stand on another level to fit the model.
    pub distance: f64,
    /// The distance from which on it is an alarm: the tolerance and what chance can do.
    pub limit: f64,
    /// Whether it is one.
    pub alarm: bool,
}

/// Figures of one linkage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkFigures {
    /// The model, level by level.
    pub levels: Vec<LevelFigure>,
    /// Links by pass, sorted.
    pub passes: Vec<PassFigure>,
    /// Share of wrong ones among all links.
    pub false_links: Ranged,
    /// Persons without a trusted number, who were looked up among all others.
    pub looked_up: u64,
    /// Of them linked by the model.
    pub linked: u64,
    /// Of them left to a person.
    pub in_review: u64,
    /// Share of those looked up and to be found elsewhere who were not linked: from what their candidates say at
    /// least to all that are not linked.
    pub missed: Ranged,
    /// The test by hidden numbers: what becomes of rows drawn at random.
    pub hidden: HiddenFigure,
    /// Candidate pairs by weight given their rivals: lower edge in bits, number. Steps of [`LinkFigures::STEP`].
    pub weights: Vec<(i32, u64)>,
    /// Bits from which on a pair is linked.
    pub link_bits: f64,
    /// Bits from which on a person looks at it.
    pub review_bits: f64,
    /// How full the deliveries are.
    pub roles: Vec<RoleFigure>,
    /// Whether the rows still fit the model.
    pub drift: Vec<DriftFigure>,
}

impl LinkFigures {
    /// Bits of one bar of [`LinkFigures::weights`].
    pub const STEP: i32 = 2;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_an_interval_are_inside() {
        let range = Ranged { value: 0.5, low: 0.25, high: 0.75 };
        assert_eq!(
            [0.2, 0.25, 0.6, 0.75, 0.8].map(|truth| range.holds(truth)),
            [false, true, true, true, false]
        );
    }
}
