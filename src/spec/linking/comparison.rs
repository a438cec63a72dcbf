//! Comparisons as they are written → ladders.

use super::Draft;
use super::raw::{ComparisonTable, MeasureWord};
use crate::comparator::generic::{Condition, Ladder, Measure, Operand, Term, When, ladders};
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
        MeasureWord::Exact | MeasureWord::Reversed => Ok(ladders::exact(name, term)),
    }
}

/// Levels in full. Missing is what misses any column that the levels look at, on either side.
fn in_full(table: &ComparisonTable) -> Result<Ladder, Wrong> {
    let mut rungs = Vec::new();
    let mut columns: Vec<String> = table.columns.clone();
    for (at, level) in table.level.iter().enumerate() {
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

fn with_frequencies(ladder: Ladder, table: &ComparisonTable) -> Comparison {
    let adjustment =
        |column: &str| Adjustment { column: column.to_owned(), weight: 1.0, minimum_u: 0.0, own_u: false };
    let mut full = table.level.iter();
    let parameters = ladder.rungs.iter().map(|rung| {
        let When::Holds(condition) = &rung.when else { return Parameters::default() };
        let named = full.next().and_then(|level| level.term_frequency.as_deref());
        let exact = condition.exact_column().filter(|_| table.term_frequency);
        Parameters { frequency: named.or(exact).map(adjustment), ..Parameters::default() }
    });
    let parameters = parameters.collect();
    Comparison { description: ladder.name.clone(), parameters, ladder }
}
