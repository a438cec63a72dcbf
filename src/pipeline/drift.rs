//! Whether tonight's rows still fit the model, and what the pipeline wants done when they do not.

use super::RunError;
use crate::diag::{Diagnostic, Spot};
use crate::domain::{DriftFigure, LinkSummary};
use crate::link::Drift;

/// Says which roles do not fit the model any more, in the log too.
///
/// # Errors
/// [`RunError::Held`] when there are such and the pipeline wants the run held.
pub(super) fn look(drift: Drift, summary: &LinkSummary) -> Result<Vec<Diagnostic>, RunError> {
    let figures = summary.figures.iter().flat_map(|figures| &figures.drift);
    let alarms: Vec<Diagnostic> = figures.filter(|figure| figure.alarm).map(told).collect();
    if drift != Drift::Hold || alarms.is_empty() {
        for told in &alarms {
            tracing::warn!(code = told.code, at = %told.spot, "{}", told.message);
        }
        return Ok(alarms);
    }
    let mut reasons: Vec<String> =
        alarms.iter().map(|alarm| format!("{}: {}", alarm.spot, alarm.message)).collect();
    reasons.push(WAY_OUT.to_owned());
    Err(RunError::Held { reasons })
}

/// What an operator can do about it.
const WAY_OUT: &str = "look whether its columns are shifted or its texts garbled and ask the owner to deliver again; \
                       where the data are right, fit the model anew or set `drift` and `drift_tolerance` below [link]";

fn told(figure: &DriftFigure) -> Diagnostic {
    let spot = Spot { column: figure.role.clone(), ..Spot::file(figure.extract.as_str()) };
    let message = format!(
        "of {} pairs of rows with the same valid number {:.1} % agree in {}, the model expects {:.1} % (distance \
         {:.3}, limit {:.3})",
        figure.pairs,
        figure.share * 100.0,
        figure.comparator,
        figure.expected * 100.0,
        figure.distance,
        figure.limit
    );
    Diagnostic::warning("model_drift", spot, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LinkFigures;

    #[test]
    fn an_alarm_warns_or_holds_as_the_pipeline_says() {
        let figure = |role: &str, alarm| DriftFigure {
            extract: "roster".into(),
            role: role.into(),
            comparator: "person_name".into(),
            pairs: 200,
            share: 0.125,
            expected: 0.9444,
            distance: 0.8,
            limit: 0.3,
            alarm,
        };
        let of = |alarm| {
            let figures =
                LinkFigures { drift: vec![figure("a", alarm), figure("b", false)], ..LinkFigures::default() };
            LinkSummary { figures: Some(figures), ..LinkSummary::default() }
        };
        let told = |drift, alarm| look(drift, &of(alarm)).map(|alarms| alarms.len());
        assert_eq!(told(Drift::Warn, true).unwrap(), 1);
        assert_eq!((told(Drift::Warn, false).unwrap(), told(Drift::Hold, false).unwrap()), (0, 0));
        let error = told(Drift::Hold, true).unwrap_err().to_string();
        assert!(error.contains("roster") && error.contains("12.5 % agree in person_name"), "{error}");
    }
}
