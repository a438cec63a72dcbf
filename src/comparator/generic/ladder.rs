//! A ladder of conditions, and its form that judges pairs.

use super::cell::Cell;
use super::condition::{Condition, Measure, Operand, Relation, Side};
use super::measure::measure;
use super::term::Term;

/// A comparison of two rows: rungs from best to worst, the first that holds is the level.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Name in models and artifacts.
    pub name: String,
    /// Rungs, in the order of trying.
    pub rungs: Vec<Rung>,
}

/// One rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// What people read.
    pub label: String,
    /// What must hold.
    pub when: When,
}

/// When a rung is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// There is nothing to compare: level 0, which weighs nothing.
    Null(Condition),
    /// The condition holds.
    Holds(Condition),
    /// Nothing before it held.
    Else,
}

impl When {
    /// The condition, where there is one.
    pub const fn condition(&self) -> Option<&Condition> {
        match self {
            Self::Null(condition) | Self::Holds(condition) => Some(condition),
            Self::Else => None,
        }
    }
}

impl Ladder {
    /// Level of each rung: 0 for null rungs, the others count from 1 in the order of the rungs.
    pub fn levels(&self) -> Vec<u8> {
        let mut next = 0_u8;
        let level = |rung: &Rung| {
            if matches!(rung.when, When::Null(_)) {
                return 0;
            }
            next = next.saturating_add(1);
            next
        };
        self.rungs.iter().map(level).collect()
    }

    /// Number of levels, the null level included.
    pub fn level_count(&self) -> usize {
        1 + self.rungs.iter().filter(|rung| !matches!(rung.when, When::Null(_))).count()
    }
}

/// The terms of several ladders, each once: what has to be worked out for every row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms(Vec<Term>);

impl Terms {
    /// The terms, in the order of [`Terms::row`].
    pub fn all(&self) -> &[Term] {
        &self.0
    }

    /// The values of a row that [`Judge::level`] compares, from those of its columns.
    pub fn row<'a>(&self, value_of: impl Fn(&str) -> &'a Cell) -> Vec<Cell> {
        self.0.iter().map(|term| term.of(value_of(&term.column))).collect()
    }

    fn place(&mut self, term: &Term) -> usize {
        self.0.iter().position(|known| known == term).unwrap_or_else(|| {
            self.0.push(term.clone());
            self.0.len() - 1
        })
    }
}

/// Most measures of one ladder that are remembered while a pair is judged; further ones are worked out
/// each time.
const REMEMBERED: usize = 12;

/// A ladder made ready: terms are places in a row, and a measure used by several rungs is worked out once.
#[derive(Clone, Debug)]
pub struct Judge {
    rungs: Vec<(u8, Option<Test>)>,
    measures: Vec<Measured>,
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    Left(usize),
    Right(usize),
    Literal(Cell),
}

#[derive(Clone, Debug, PartialEq)]
struct Measured {
    measure: Measure,
    left: Place,
    right: Place,
    reach: usize,
}

#[derive(Clone, Debug)]
enum Test {
    Missing(Place),
    Same(Place, Place),
    Within(usize, Relation, f64),
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
}

impl Test {
    /// Whether it fails where both sides have a value of one term and the values differ.
    fn asks_for_equality(&self) -> bool {
        match self {
            Self::Missing(Place::Left(_) | Place::Right(_)) => true,
            Self::Same(Place::Left(a), Place::Right(b)) | Self::Same(Place::Right(a), Place::Left(b)) => {
                a == b
            }
            Self::Any(parts) => parts.iter().all(Self::asks_for_equality),
            Self::All(parts) => parts.iter().any(Self::asks_for_equality),
            _ => false,
        }
    }
}

/// What is known of a measure of the pair at hand.
#[derive(Clone, Copy)]
enum Found {
    NotYet,
    Unknown,
    Value(f64),
}

/// A pair while it is judged.
struct Pair<'a> {
    left: &'a [Cell],
    right: &'a [Cell],
    found: [Found; REMEMBERED],
}

impl<'a> Pair<'a> {
    fn at<'p>(&self, place: &'p Place) -> &'p Cell
    where
        'a: 'p,
    {
        match place {
            Place::Left(at) => &self.left[*at],
            Place::Right(at) => &self.right[*at],
            Place::Literal(cell) => cell,
        }
    }
}

impl Judge {
    /// Makes a ladder ready; its terms join `terms`.
    pub fn new(ladder: &Ladder, terms: &mut Terms) -> Self {
        let mut judge = Self { rungs: Vec::new(), measures: Vec::new() };
        for (rung, level) in ladder.rungs.iter().zip(ladder.levels()) {
            let test = rung.when.condition().map(|condition| judge.test(condition, terms));
            judge.rungs.push((level, test));
        }
        judge
    }

    /// The level of a pair, or nothing when no rung holds and none is an else. Both rows are made by
    /// [`Terms::row`].
    ///
    /// # Panics
    /// When a row is shorter than the terms.
    pub fn level(&self, left: &[Cell], right: &[Cell]) -> Option<u8> {
        let mut pair = Pair { left, right, found: [Found::NotYet; REMEMBERED] };
        let holds = |(_, test): &&(u8, Option<Test>)| match test {
            Some(test) => self.holds(test, &mut pair) == Some(true),
            None => true,
        };
        self.rungs.iter().find(holds).map(|(level, _)| *level)
    }

    /// The same for pairs of one term whose values are there and differ: rungs that cannot hold are left out.
    #[must_use]
    pub fn of_different(&self) -> Self {
        let possible = |(_, test): &&(u8, Option<Test>)| !test.as_ref().is_some_and(Test::asks_for_equality);
        Self { rungs: self.rungs.iter().filter(possible).cloned().collect(), measures: self.measures.clone() }
    }

    fn test(&mut self, condition: &Condition, terms: &mut Terms) -> Test {
        match condition {
            Condition::Missing(value) => Test::Missing(place(value, terms)),
            Condition::Same(a, b) => Test::Same(place(a, terms), place(b, terms)),
            Condition::Measured { measure, left, right, relation, bound } => {
                let (left, right) = (place(left, terms), place(right, terms));
                let reach = reach(*relation, *bound);
                Test::Within(self.measured(*measure, left, right, reach), *relation, *bound)
            }
            Condition::All(parts) => Test::All(parts.iter().map(|part| self.test(part, terms)).collect()),
            Condition::Any(parts) => Test::Any(parts.iter().map(|part| self.test(part, terms)).collect()),
            Condition::Not(inner) => Test::Not(Box::new(self.test(inner, terms))),
        }
    }

    fn measured(&mut self, measure: Measure, left: Place, right: Place, reach: usize) -> usize {
        let same = |known: &Measured| known.measure == measure && known.left == left && known.right == right;
        if let Some(at) = self.measures.iter().position(same) {
            self.measures[at].reach = self.measures[at].reach.max(reach);
            return at;
        }
        self.measures.push(Measured { measure, left, right, reach });
        self.measures.len() - 1
    }

    fn holds(&self, test: &Test, pair: &mut Pair<'_>) -> Option<bool> {
        match test {
            Test::Missing(place) => Some(matches!(pair.at(place), Cell::Null)),
            Test::Same(a, b) => pair.at(a).same(pair.at(b)),
            Test::Within(at, relation, bound) => {
                self.value(*at, pair).map(|value| relation.holds(value, *bound))
            }
            Test::All(parts) => self.fold(parts, pair, false),
            Test::Any(parts) => self.fold(parts, pair, true),
            Test::Not(inner) => self.holds(inner, pair).map(|holds| !holds),
        }
    }

    /// Several tests: one that is `decides` decides, else what is not known stays so.
    fn fold(&self, parts: &[Test], pair: &mut Pair<'_>, decides: bool) -> Option<bool> {
        let mut answer = Some(!decides);
        for part in parts {
            match self.holds(part, pair) {
                Some(holds) if holds == decides => return Some(decides),
                Some(_) => {}
                None => answer = None,
            }
        }
        answer
    }

    fn value(&self, at: usize, pair: &mut Pair<'_>) -> Option<f64> {
        match pair.found.get(at) {
            Some(Found::Value(value)) => return Some(*value),
            Some(Found::Unknown) => return None,
            _ => {}
        }
        let Measured { measure: kind, left, right, reach } = &self.measures[at];
        let value = measure(*kind, pair.at(left), pair.at(right), *reach);
        if let Some(memory) = pair.found.get_mut(at) {
            *memory = value.map_or(Found::Unknown, Found::Value);
        }
        value
    }
}

fn place(operand: &Operand, terms: &mut Terms) -> Place {
    match operand {
        Operand::Term(Side::Left, term) => Place::Left(terms.place(term)),
        Operand::Term(Side::Right, term) => Place::Right(terms.place(term)),
        Operand::Literal(cell) => Place::Literal(cell.clone()),
    }
}

/// The largest distance that a condition tells from larger ones.
fn reach(relation: Relation, bound: f64) -> usize {
    match relation {
        // A bound above a million is none; below, the text form of a whole number is exact.
        Relation::AtMost | Relation::Below if (0.0..1e6).contains(&bound) => {
            format!("{:.0}", bound.floor()).parse().unwrap_or(usize::MAX)
        }
        Relation::AtMost | Relation::Below if bound < 0.0 => 0,
        _ => usize::MAX,
    }
}
