//! Sketches of texts by which most pairs are told to be far apart without being measured.

use crate::comparator::generic::{Cell, Condition, Ladder, Measure, Operand, Relation, Side, When};
use crate::kernel::strings::Symbols;

/// What a text holds, in two words: a bag of its characters and its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sketch {
    /// Characters by class, one more bit for each further one of a class.
    bag: u64,
    /// The first four characters.
    head: u32,
    /// Number of characters; one more than the longest has when the text has no sketch.
    length: u8,
    /// Number of characters that found no bit.
    over: u8,
}

/// Longest text that has one.
const LONGEST: usize = 60;
/// Characters of the beginning that Winkler's boost looks at.
const HEAD: u32 = 4;
/// What similarities are held against more than a threshold, for rounding.
const MARGIN: f64 = 1e-9;

/// Sketches of all codes of a comparison, and how much two texts must have in common to come near.
#[derive(Debug)]
pub(super) struct Quick {
    sketches: Vec<Sketch>,
    /// The least number of common characters with which a rung before the last may hold: by common beginning,
    /// then by the two lengths.
    needed: Vec<u8>,
    /// Lengths that `needed` knows, the untold one included.
    lengths: usize,
}

/// The thresholds of a ladder below which nothing is told apart any more.
#[derive(Debug, Default)]
struct Reach {
    /// Most edits of any rung.
    edits: Option<usize>,
    /// Least Jaro similarity of any rung.
    jaro: Option<f64>,
    /// Least Jaro–Winkler similarity of any rung.
    jaro_winkler: Option<f64>,
}

impl Quick {
    /// Sketches for a ladder of a null rung, equality, edits or similarities of one text, and an else. None
    /// for other ladders: they have no glance.
    pub(super) fn new(ladder: &Ladder, cells: &[Cell]) -> Option<Self> {
        let mut reach = Reach::default();
        let (last, rungs) = ladder.rungs.split_last()?;
        if !matches!(last.when, When::Else) {
            return None;
        }
        for (at, rung) in rungs.iter().enumerate() {
            match &rung.when {
                // A null rung that is not first could hold after a rung was passed over.
                When::Null(_) if at == 0 => {}
                When::Holds(Condition::Same(left, right)) if mirrored(left, right) => {}
                When::Holds(Condition::Measured { measure, left, right, relation, bound })
                    if mirrored(left, right) =>
                {
                    reach.take(*measure, *relation, *bound)?;
                }
                _ => return None,
            }
        }
        let texts =
            || cells.iter().filter_map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None });
        let digits = texts().flat_map(bytes).filter(u8::is_ascii_digit).count();
        let all: usize = texts().map(Symbols::len).sum();
        let longest = texts().map(Symbols::len).filter(|length| *length <= LONGEST).max().unwrap_or(0);
        let untold = u8::try_from(longest + 1).unwrap_or(u8::MAX);
        let sketch = |cell: &Cell| match cell {
            Cell::Text(text) => Sketch::new(text, digits * 2 > all, untold),
            _ => Sketch { length: untold, ..Sketch::default() },
        };
        let sketches = cells.iter().map(sketch).collect();
        Some(Self { sketches, needed: reach.needed(longest), lengths: longest + 2 })
    }

    /// The sketch of a code.
    #[inline]
    pub(super) fn sketch(&self, code: u32) -> Sketch {
        self.sketches[code as usize]
    }

    /// Whether two different texts certainly pass all rungs but the last. Equal ones are never told to.
    #[inline]
    pub(super) fn far(&self, a: Sketch, b: Sketch) -> bool {
        let common = (a.bag & b.bag).count_ones().wrapping_add(u32::from(a.over.min(b.over)));
        let prefix = ((a.head ^ b.head).trailing_zeros() / 8).min(HEAD) as usize;
        let lengths = prefix.wrapping_mul(self.lengths).wrapping_add(usize::from(a.length));
        let place = lengths.wrapping_mul(self.lengths).wrapping_add(usize::from(b.length));
        common < u32::from(self.needed[place])
    }
}

impl Reach {
    fn take(&mut self, measure: Measure, relation: Relation, bound: f64) -> Option<()> {
        let at_most = matches!(relation, Relation::AtMost | Relation::Below);
        match measure {
            Measure::Levenshtein | Measure::DamerauLevenshtein if at_most && (0.0..1e6).contains(&bound) => {
                let edits = format!("{:.0}", bound.floor()).parse().ok()?;
                self.edits = Some(self.edits.map_or(edits, |known: usize| known.max(edits)));
            }
            Measure::Jaro if !at_most => self.jaro = Some(self.jaro.map_or(bound, |known| known.min(bound))),
            Measure::JaroWinkler if !at_most => {
                self.jaro_winkler = Some(self.jaro_winkler.map_or(bound, |known| known.min(bound)));
            }
            _ => return None,
        }
        Some(())
    }

    /// See [`Quick::needed`]; lengths go up to `longest`, and what has no sketch needs nothing.
    fn needed(&self, longest: usize) -> Vec<u8> {
        let untold = longest + 1;
        let mut needed = Vec::new();
        for prefix in 0..=HEAD {
            for a in 0..=untold {
                for b in 0..=untold {
                    let told = a.max(b) < untold;
                    let enough = (0..=a.min(b)).find(|&common| !told || self.near(common, a, b, prefix));
                    // One more than the shorter one has, if no number is enough; what has all in common may be equal.
                    let never = a.min(b) + usize::from(a != b);
                    needed.push(u8::try_from(enough.unwrap_or(never)).unwrap_or(0));
                }
            }
        }
        needed
    }

    /// Whether a rung before the last may hold for texts of two lengths with so many characters in common, the
    /// first `prefix` ones among them.
    fn near(&self, common: usize, a: usize, b: usize, prefix: u32) -> bool {
        if self.edits.is_some_and(|edits| a.max(b) - common <= edits) {
            return true;
        }
        let shares = common as f64 / a.max(1) as f64 + common as f64 / b.max(1) as f64;
        let jaro = if common == 0 { 0.0 } else { (shares + 1.0) / 3.0 };
        let boosted = jaro + f64::from(prefix) * 0.1 * (1.0 - jaro).max(0.0);
        self.jaro.is_some_and(|least| jaro + MARGIN >= least)
            || self.jaro_winkler.is_some_and(|least| boosted + MARGIN >= least)
    }
}

fn mirrored(left: &Operand, right: &Operand) -> bool {
    matches!(
        (left, right),
        (Operand::Term(Side::Left, a), Operand::Term(Side::Right, b))
            | (Operand::Term(Side::Right, a), Operand::Term(Side::Left, b)) if a == b
    )
}

fn bytes(text: &Symbols) -> impl Iterator<Item = u8> + '_ {
    let narrow = if let Symbols::Narrow(bytes) = text { &bytes[..] } else { &[] };
    narrow.iter().copied()
}

impl Sketch {
    fn new(text: &Symbols, mostly_digits: bool, untold: u8) -> Self {
        let Symbols::Narrow(symbols) = text else { return Self { length: untold, ..Self::default() } };
        if symbols.len() > LONGEST {
            return Self { length: untold, ..Self::default() };
        }
        let (mut bag, mut over) = (0_u64, 0_u8);
        for &symbol in symbols {
            // First bit of the class and how many it has. Capital letters share with small ones, which only
            // widens what may be common.
            let (first, count) = match (mostly_digits, symbol.to_ascii_lowercase()) {
                (true, digit @ b'0'..=b'9') => (u32::from(digit - b'0') * 5, 5),
                (true, _) => (50, 14),
                (false, letter @ b'a'..=b'z') => (u32::from(letter - b'a') * 2, 2),
                (false, digit @ b'0'..=b'9') => (52 + u32::from(digit - b'0'), 1),
                (false, _) => (62, 2),
            };
            let class = ((1_u64 << count) - 1) << first;
            let free = class & !bag;
            over += u8::from(free == 0);
            bag |= free & free.wrapping_neg();
        }
        let mut head = [0; 4];
        head.iter_mut().zip(symbols).for_each(|(place, symbol)| *place = *symbol);
        let length = u8::try_from(symbols.len()).unwrap_or(untold);
        Self { bag, head: u32::from_le_bytes(head), length, over }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::comparator::generic::{Judge, Term, Terms, ladders};

    proptest! {
        #[test]
        fn what_is_far_at_a_glance_is_far_when_measured(
            a in "[abcAB 01]{0,12}", b in "[abcAB 01]{0,12}", kind in 0_usize..6,
        ) {
            let term = Term::column("a");
            let ladder = match kind {
                0 => ladders::distance("a", Measure::Levenshtein, &term, &[1, 2]),
                1 => ladders::distance("a", Measure::DamerauLevenshtein, &term, &[1, 3]),
                2 => ladders::similarity("a", Measure::Jaro, &term, &[0.9, 0.6]),
                3 => ladders::similarity("a", Measure::JaroWinkler, &term, &[0.92, 0.7]),
                4 => ladders::exact("a", &term),
                _ => ladders::similarity("a", Measure::JaroWinkler, &term, &[0.5]),
            };
            prop_assume!(a != b);
            let cells = [Cell::text(&a), Cell::text(&b)];
            let quick = Quick::new(&ladder, &cells).unwrap();
            let judge = Judge::new(&ladder, &mut Terms::default());
            let level = judge.level(&cells[..1], &cells[1..]);
            if quick.far(quick.sketch(0), quick.sketch(1)) {
                prop_assert_eq!(level, ladder.levels().last().copied());
            }
            prop_assert!(!quick.far(quick.sketch(0), quick.sketch(0)));
        }
    }

    #[test]
    fn most_strangers_are_far_at_a_glance() {
        let names = ["smith", "jones", "taylor", "brown", "williams", "wilson", "johnson", "davies"];
        let cells = names.map(Cell::text);
        let ladder = ladders::similarity("a", Measure::JaroWinkler, &Term::column("a"), &[0.9]);
        let quick = Quick::new(&ladder, &cells).unwrap();
        let pairs = (0..8).flat_map(|a| (0..a).map(move |b| (a, b)));
        let far = pairs.filter(|&(a, b)| quick.far(quick.sketch(a), quick.sketch(b))).count();
        assert!(far >= 27, "{far} of 28");
    }
}
