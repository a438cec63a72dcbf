//! Comparisons as they are written → ladders.

use super::Draft;
use super::raw::{ComparisonTable, MeasureWord};
use crate::comparator::generic::{Condition, Ladder, Measure, Operand, Term, When, ladders};
use crate::comparator::named::Named;
use crate::kernel::pattern::{MAX_COMPARISONS, MAX_LEVELS};
use crate::link::splink::{self, Adjustment, Comparison, Parameters};

/// All comparisons of a pipeline; problems are told.
pub(super) fn comparisons(draft: &mut Draft) -> Vec<Comparison> {
    let tables = draft.raw.link.comparison.clone();
    if tables.len() > MAX_COMPARISONS {
        let message = format!("more than {MAX_COMPARISONS} comparisons");
        draft.error("comparison_count", "link.comparison", message, "join some of them");
    }
    let mut made: Vec<Comparison> = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let key = format!("link.comparison[{at}]");
        for (part, value) in
            [("inexact_frequency", table.inexact_frequency), ("least_frequency", table.least_frequency)]
        {
            if !(0.0..=1.0).contains(&value)
                || (value > 0.0 && !table.term_frequency && table.level.is_empty())
            {
                let help = "a share between 0 and 1, beside term_frequency = true";
                draft.error("out_of_range", &format!("{key}.{part}"), "the share adjusts nothing", help);
            }
        }
        match ladder(table) {
            Ok(ladder) => {
                if ladder.level_count() > MAX_LEVELS {
                    draft.error("comparison_levels", &key, "too many levels", "join some of them");
                }
                if made.iter().any(|known| known.ladder.name == ladder.name) {
                    let message = format!("two comparisons have the name `{}`", ladder.name);
                    draft.error("comparison_twice", &key, message, "give one another name");
                }
                made.push(with_frequencies(ladder, table));
            }
            Err((part, message)) => {
                let key = if part.is_empty() { key } else { format!("{key}.{part}") };
                draft.error("comparison", &key, message, "");
            }
        }
    }
    made
}

type Wrong = (String, String);

fn ladder(table: &ComparisonTable) -> Result<Ladder, Wrong> {
    let wrong = |part: &str, message: &str| Err((part.to_owned(), message.to_owned()));
    if !table.level.is_empty() {
        if table.measure.is_some() || !table.at.is_empty() {
            return wrong("measure", "a comparison has a measure or levels in full, not both");
        }
        return in_full(table);
    }
    let Some(measure) = table.measure else {
        return wrong("", "a comparison needs a measure, or levels in full");
    };
    let terms: Vec<Term> = table.columns.iter().map(|column| Term::column(column)).collect();
    let name = table.name.clone().unwrap_or_else(|| table.columns.join("_"));
    if measure == MeasureWord::Reversed {
        let [first, second] = &terms[..] else {
            return wrong("columns", "`reversed` compares two columns");
        };
        return Ok(ladders::reversible(&name, first, second));
    }
    let [term] = &terms[..] else {
        return wrong("columns", "one column is needed");
    };
    if measure == MeasureWord::Exact {
        return if table.at.is_empty() {
            Ok(ladders::exact(&name, term))
        } else {
            wrong("at", "`exact` has no thresholds")
        };
    }
    if let Some(named) = measure.named() {
        return if table.at.is_empty() {
            Ok(ladders::named(&name, named, term))
        } else {
            wrong("at", "the comparator has its own levels and no thresholds")
        };
    }
    at_thresholds(table, measure, &name, term)
}

/// A measure at thresholds.
fn at_thresholds(
    table: &ComparisonTable,
    measure: MeasureWord,
    name: &str,
    term: &Term,
) -> Result<Ladder, Wrong> {
    let wrong = |part: &str, message: &str| Err((part.to_owned(), message.to_owned()));
    if table.at.is_empty() {
        return wrong("at", "the measure needs at least one threshold");
    }
    let in_order =
        |rises: bool| table.at.windows(2).all(|two| if rises { two[0] < two[1] } else { two[0] > two[1] });
    let similar = |measure| {
        if !in_order(false) || table.at.iter().any(|at| !(*at > 0.0 && *at < 1.0)) {
            return wrong("at", "thresholds of a similarity fall and lie between 0 and 1");
        }
        Ok(ladders::similarity(name, measure, term, &table.at))
    };
    let rising = || {
        let told = || ("at".to_owned(), "thresholds rise from 0".to_owned());
        (in_order(true) && table.at[0] >= 0.0).then_some(()).ok_or_else(told)
    };
    let edits = |measure| {
        rising()?;
        let whole = table.at.iter().map(|at| format!("{at}").parse::<usize>());
        match whole.collect::<Result<Vec<_>, _>>() {
            Ok(whole) => Ok(ladders::distance(name, measure, term, &whole)),
            Err(_) => wrong("at", "thresholds of edits are whole numbers"),
        }
    };
    let date = |unit| {
        rising()?;
        let steps: Vec<_> = table.at.iter().map(|at| (*at, unit)).collect();
        Ok(ladders::date(name, term, None, &steps))
    };
    match measure {
        MeasureWord::Levenshtein => edits(Measure::Levenshtein),
        MeasureWord::DamerauLevenshtein => edits(Measure::DamerauLevenshtein),
        MeasureWord::Jaro => similar(Measure::Jaro),
        MeasureWord::JaroWinkler => similar(Measure::JaroWinkler),
        MeasureWord::Jaccard => similar(Measure::Jaccard),
        MeasureWord::Qgram => similar(Measure::QgramJaccard(table.q.unwrap_or(2))),
        MeasureWord::TokenSet => similar(Measure::TokenSet),
        MeasureWord::Days => date(ladders::Unit::Day),
        MeasureWord::Months => date(ladders::Unit::Month),
        MeasureWord::Years => date(ladders::Unit::Year),
        MeasureWord::Difference => rising().map(|()| ladders::number(name, term, &table.at)),
        MeasureWord::Percent => rising().map(|()| ladders::percent(name, term, &table.at)),
        MeasureWord::Exact
        | MeasureWord::Reversed
        | MeasureWord::PersonName
        | MeasureWord::ResidentId
        | MeasureWord::AddressCn
        | MeasureWord::Phone
        | MeasureWord::School => Ok(ladders::exact(name, term)),
    }
}

/// Levels in full. Missing is what misses any column that the levels look at, on either side.
fn in_full(table: &ComparisonTable) -> Result<Ladder, Wrong> {
    let mut rungs = Vec::new();
    let mut columns: Vec<String> = table.columns.clone();
    for (at, level) in table.level.iter().enumerate() {
        for (part, value) in [("m", level.m), ("u", level.u)] {
            if value.is_some_and(|value| !(value > 0.0 && value < 1.0)) {
                return Err((format!("level[{at}].{part}"), "a share between 0 and 1".to_owned()));
            }
        }
        let condition =
            splink::condition(&level.sql).map_err(|problem| (format!("level[{at}].sql"), problem))?;
        if table.columns.is_empty() {
            for operand in condition.operands() {
                if let Operand::Term(_, term) = operand
                    && !columns.contains(&term.column)
                {
                    columns.push(term.column.clone());
                }
            }
        }
        rungs.push(ladders::rung(level.label.as_str(), condition));
    }
    let name = table.name.clone().unwrap_or_else(|| columns.join("_"));
    let missing = columns.iter().map(|column| Condition::missing(&Term::column(column))).collect();
    Ok(ladders::ladder(&name, Condition::Any(missing), rungs))
}

impl MeasureWord {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Exact,
        Self::Levenshtein,
        Self::DamerauLevenshtein,
        Self::Jaro,
        Self::JaroWinkler,
        Self::Jaccard,
        Self::Qgram,
        Self::TokenSet,
        Self::Days,
        Self::Months,
        Self::Years,
        Self::Difference,
        Self::Percent,
        Self::Reversed,
        Self::PersonName,
        Self::ResidentId,
        Self::AddressCn,
        Self::Phone,
        Self::School,
    ];

    /// The word in pipelines.
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()
    }

    /// The levels of a measure, for people; those of the comparators of people's fields are their ladders'.
    pub const fn levels(self) -> &'static str {
        match self {
            Self::Exact => "null, equal, different",
            Self::Reversed => "null, both equal, places changed, second equal, first equal, different",
            _ => "null, equal, one for each threshold of `at`, different",
        }
    }

    /// The comparator of people's fields that the word means.
    pub const fn named(self) -> Option<Named> {
        match self {
            Self::PersonName => Some(Named::PersonName),
            Self::ResidentId => Some(Named::ResidentId),
            Self::AddressCn => Some(Named::AddressCn),
            Self::Phone => Some(Named::Phone),
            Self::School => Some(Named::School),
            _ => None,
        }
    }
}

fn with_frequencies(ladder: Ladder, table: &ComparisonTable) -> Comparison {
    let adjustment = |column: &str, weight: f64| Adjustment {
        column: column.to_owned(),
        weight,
        minimum_u: table.least_frequency,
        own_u: false,
    };
    let mut full = table.level.iter();
    let alike = table.columns.first().filter(|_| table.columns.len() == 1 && table.level.is_empty());
    let parameters = ladder.rungs.iter().map(|rung| {
        let When::Holds(condition) = &rung.when else { return Parameters::default() };
        let level = full.next();
        let named = level.and_then(|level| level.term_frequency.as_deref());
        let frequency = match (named, condition.same_column(), alike) {
            // Of levels in full, those say what adjusts them that want it.
            (Some(column), None, _) if table.inexact_frequency > 0.0 => {
                Some(adjustment(column, table.inexact_frequency))
            }
            (Some(column), ..) => Some(adjustment(column, 1.0)),
            (None, Some(column), _) if table.term_frequency => Some(adjustment(column, 1.0)),
            (None, None, Some(column)) if table.term_frequency && table.inexact_frequency > 0.0 => {
                Some(adjustment(column, table.inexact_frequency))
            }
            _ => None,
        };
        let (m, u) = level.map_or((None, None), |level| (level.m, level.u));
        Parameters { frequency, m, u, fix_m: m.is_some(), fix_u: u.is_some() }
    });
    let parameters = parameters.collect();
    Comparison { description: ladder.name.clone(), parameters, ladder }
}
