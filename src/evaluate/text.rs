//! An evaluation as text for a terminal.

use std::collections::BTreeMap;

use super::{Checked, ErrorCheck, Evaluation, RuleQuality, StratumQuality};

/// Tables of links, strata and findings; figures of the ID-only join stand beside the run's.
pub(super) fn text(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    links(&mut out, evaluation);
    if !evaluation.strata.is_empty() {
        strata(&mut out, evaluation);
    }
    if let Some(check) = &evaluation.errors {
        errors(&mut out, check);
    }
    if !evaluation.findings.is_empty() {
        findings(&mut out, evaluation);
    }
    out
}

fn line(out: &mut String, cells: &[String], widths: &[usize]) {
    let mut text = String::new();
    for (at, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let gap = if at == 0 { "" } else { "  " };
        text.push_str(gap);
        let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
        if at == 0 {
            text.push_str(cell);
            text.push_str(&padding);
        } else {
            text.push_str(&padding);
            text.push_str(cell);
        }
    }
    out.push_str(text.trim_end());
    out.push('\n');
}

fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn links(out: &mut String, evaluation: &Evaluation) {
    let widths = [28, 10, 10, 10];
    line(out, &cells(["links", "precision", "recall", "f1"]), &widths);
    let mut row = |label: &str, [precision, recall, f1]: [f64; 3]| {
        line(out, &[label.to_owned(), percent(precision), percent(recall), percent(f1)], &widths);
    };
    let own = &evaluation.links;
    row("pairs", [own.precision, own.recall, own.f1]);
    row("mentions (B-cubed)", [own.mentions.precision, own.mentions.recall, own.mentions.f1]);
    if let Some(base) = evaluation.baseline.as_ref().map(|baseline| &baseline.links) {
        row("id-only join, pairs", [base.precision, base.recall, base.f1]);
        let mentions = &base.mentions;
        row("id-only join, mentions", [mentions.precision, mentions.recall, mentions.f1]);
    }
    let rows = own.rows;
    let sentence = [
        format!("truth rows {}, of them without a mention (missed) {}", rows.truth, rows.missed),
        format!("mentions without truth (left out) {}\n", rows.without_truth),
    ];
    out.push_str(&sentence.join("; "));
}

fn strata(out: &mut String, evaluation: &Evaluation) {
    let widths = [14, 9, 10, 10, 10, 12, 12];
    let mut header = cells(["strata (pairs)", "persons", "precision", "recall", "f1"]);
    let base = evaluation.baseline.as_ref().map(|baseline| &baseline.strata);
    if base.is_some() {
        header.extend(cells(["id-only p.", "id-only r."]));
    }
    out.push('\n');
    line(out, &header, &widths);
    for (name, own) in &evaluation.strata {
        let mut row = vec![name.clone(), own.persons.to_string()];
        row.extend([own.precision, own.recall, own.f1].map(percent));
        let base: Option<&StratumQuality> = base.and_then(|base| base.get(name));
        row.extend(base.into_iter().flat_map(|base| [percent(base.precision), percent(base.recall)]));
        line(out, &row, &widths);
    }
}

/// What the run expected without labels beside the truth. Of the levels only those that missed it.
fn errors(out: &mut String, check: &ErrorCheck) {
    let widths = [40, 11, 24, 11, 8, 7];
    out.push('\n');
    line(
        out,
        &cells(["errors expected without labels", "expected", "95 % interval", "truth", "of", "inside"]),
        &widths,
    );
    let mut row = |label: String, checked: &Checked, shown: fn(f64) -> String| {
        let expected = checked.expected;
        let range = format!("{} – {}", shown(expected.low), shown(expected.high));
        let inside = if checked.inside { "yes" } else { "no" };
        let cells = [
            label,
            shown(expected.value),
            range,
            shown(checked.truth),
            checked.of.to_string(),
            inside.to_owned(),
        ];
        line(out, &cells, &widths);
    };
    let share = |share: f64| format!("{:.4}%", share * 100.0);
    let number = |count: f64| format!("{count:.1}");
    row("false links, all passes".to_owned(), &check.false_links, share);
    for pass in &check.passes {
        row(format!("  number of {}", pass.pass), &pass.wrong, number);
    }
    row("hidden numbers: false links of the model".to_owned(), &check.hidden_false_links, share);
    row("missed among those looked up".to_owned(), &check.missed, share);
    for level in check.levels.iter().filter(|level| !level.m.inside) {
        row(format!("m of {} {}", level.comparator, level.level), &level.m, share);
    }
    let inside = check.levels.iter().filter(|level| level.m.inside).count();
    let text = format!("m of {inside} of {} levels inside its interval\n", check.levels.len());
    out.push_str(&text);
}

fn findings(out: &mut String, evaluation: &Evaluation) {
    let widths = [30, 8, 6, 9, 8, 7, 5, 8, 8, 9];
    let mut header = cells([
        "findings (persons)",
        "expected",
        "found",
        "precision",
        "recall",
        "false",
        "annex",
        "of them",
    ]);
    let base = evaluation.baseline.as_ref().map(|baseline| &baseline.findings);
    let base = base.filter(|base| !base.is_empty());
    if base.is_some() {
        header.extend(cells(["id-only", "its false"]));
    }
    out.push('\n');
    line(out, &header, &widths);
    for (rule, own) in &evaluation.findings {
        let base = base.and_then(|base| base.get(rule));
        line(out, &finding_row(rule, own, base), &widths);
    }
    out.push_str("false: found but not expected; of them: persons of the annex that are expected\n");
    for (list, (own, other)) in false_alarms(evaluation) {
        let beside = if base.is_some() { format!(", id-only join {other}") } else { String::new() };
        let text = format!("false alarms of list {list}: {own}{beside}\n");
        out.push_str(&text);
    }
}

fn finding_row(rule: &str, own: &RuleQuality, base: Option<&RuleQuality>) -> Vec<String> {
    let mut row = vec![rule.to_owned(), own.expected.to_string(), own.found.to_string()];
    row.extend([percent(own.precision), percent(own.recall), own.false_alarms.to_string()]);
    row.extend([own.annex.to_string(), own.missed_in_annex.to_string()]);
    row.extend(base.into_iter().flat_map(|base| [base.found.to_string(), base.false_alarms.to_string()]));
    row
}

/// False alarms by list: the run's and the ID-only join's.
fn false_alarms(evaluation: &Evaluation) -> BTreeMap<&str, (u64, u64)> {
    let mut out: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for own in evaluation.findings.values().filter(|own| !own.list.is_empty()) {
        out.entry(&own.list).or_default().0 += own.false_alarms;
    }
    let base = evaluation.baseline.iter().flat_map(|baseline| baseline.findings.values());
    for base in base.filter(|base| !base.list.is_empty()) {
        out.entry(&base.list).or_default().1 += base.false_alarms;
    }
    out
}
