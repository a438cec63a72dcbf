//! Whether absence from an extract may be believed: freshness, volume, towns, quarantine, nulls,
//! against the contract's tolerances and the last accepted delivery.

use std::collections::{BTreeMap, BTreeSet};

use super::{LastDelivery, ValidateContext};
use crate::diag::{Diagnostic, Spot};
use crate::domain::{Contract, Day, ExtractState, FileReport};

/// What the judgement needs to know about the rows.
pub(super) struct Volume<'a> {
    pub(super) rows: u64,
    pub(super) town_counts: &'a [(String, u64)],
    /// Share of empty cells for each field that limits it: field id, heading, share, limit.
    pub(super) nulls: Vec<(String, String, f64, f64)>,
}

/// Collects reasons and diagnostics.
struct Findings<'a> {
    extract: &'a str,
    reasons: Vec<String>,
    problems: Vec<Diagnostic>,
}

impl Findings<'_> {
    fn add(&mut self, code: &'static str, file: &str, message: String, reason: String) {
        let spot = if file.is_empty() { Spot::file(self.extract) } else { Spot::file(file) };
        self.problems.push(Diagnostic::warning(code, spot, message));
        self.reasons.push(reason);
    }
}

/// Judges one extract. `files` holds every file, refused ones too.
pub(super) fn judge(
    extract: &str,
    contract: &Contract,
    files: &[FileReport],
    volume: &Volume<'_>,
    context: &ValidateContext<'_>,
) -> (ExtractState, Vec<Diagnostic>) {
    if files.is_empty() {
        return (ExtractState::Missing, Vec::new());
    }
    let mut findings = Findings { extract, reasons: Vec::new(), problems: Vec::new() };
    let set_aside = |file: &&FileReport| file.refused.is_some();
    for file in files.iter().filter(set_aside).filter(|file| !is_harmless(file)) {
        let reason = file.refused.as_deref().unwrap_or_default();
        findings.reasons.push(format!("文件“{}”未采用：{reason}", file.name));
    }
    if files.iter().all(|file| file.refused.is_some()) {
        let reasons = if findings.reasons.is_empty() {
            files.iter().filter_map(|file| file.refused.clone()).collect()
        } else {
            findings.reasons
        };
        return (ExtractState::Refused(reasons), findings.problems);
    }
    for file in files.iter().filter(|file| file.refused.is_none()) {
        if file.rows_read == 0 {
            let reason = format!("文件“{}”只有表头，没有数据", file.name);
            findings.add("no_rows", &file.name, "file with a header and no rows".to_owned(), reason);
        }
        freshness(file, contract, context, &mut findings);
    }
    quarantined(contract, files, &mut findings);
    towns(contract, volume, context, &mut findings);
    if let Some(last) = &context.last_accepted {
        volumes(contract, volume, last, &mut findings);
        parts(files, last, &mut findings);
    }
    for (field, heading, share, most) in &volume.nulls {
        if share > most {
            let message =
                format!("{:.1} % of `{field}` are empty, at most {:.1} %", share * 100.0, most * 100.0);
            let reason = format!("“{heading}”有 {:.1}% 为空，超过约定的 {:.1}%", share * 100.0, most * 100.0);
            findings.add("null_share", "", message, reason);
        }
    }
    let state = if findings.reasons.is_empty() {
        ExtractState::Complete
    } else {
        ExtractState::Incomplete(findings.reasons)
    };
    (state, findings.problems)
}

/// A file that is set aside because its content is there in another file takes nothing away.
fn is_harmless(file: &FileReport) -> bool {
    let reason = file.refused.as_deref();
    ["duplicate_file", "superseded"]
        .iter()
        .any(|code| reason == Some(super::refusal::reason_of_pull(code).as_str()))
}

fn freshness(
    file: &FileReport,
    contract: &Contract,
    context: &ValidateContext<'_>,
    findings: &mut Findings<'_>,
) {
    let name = &file.name;
    let Some(as_of) = file.as_of else {
        let message = "no as-of date, neither in a manifest nor in the file name".to_owned();
        findings.add("as_of_unknown", name, message, format!("文件“{name}”没有截止日期"));
        return;
    };
    let age = context.as_of.days() - as_of.days();
    if age < 0 {
        let message = format!("as-of date {} lies after the run's {}", as_of.iso(), context.as_of.iso());
        let reason = format!("文件“{name}”的截止日期 {} 晚于运行日期", as_of.iso());
        findings.add("as_of_future", name, message, reason);
    } else if i64::from(age) > i64::from(contract.tolerance.age_days_max) {
        let most = contract.tolerance.age_days_max;
        let message = format!("as-of date {} is {age} days old, at most {most}", as_of.iso());
        let reason = format!("文件“{name}”截止 {}，已过 {age} 天（约定不超过 {most} 天）", as_of.iso());
        findings.add("too_old", name, message, reason);
    }
    let Some(last) = &context.last_accepted else { return };
    let again = last.sha256s.contains(&file.sha256);
    let older = last.as_of.is_some_and(|day| as_of < day);
    let renamed = again && last.as_of.is_some_and(|day: Day| as_of > day);
    if older || renamed {
        let message = if renamed {
            "content of the last accepted delivery under a later date"
        } else {
            "older than the last accepted delivery"
        };
        let reason = format!("文件“{name}”是上月文件重报");
        findings.add("stale", name, message.to_owned(), reason);
    }
}

fn quarantined(contract: &Contract, files: &[FileReport], findings: &mut Findings<'_>) {
    let read: u64 = files.iter().map(|file| file.rows_read).sum();
    let held: u64 = files.iter().map(|file| file.rows_quarantined).sum();
    let most = contract.tolerance.quarantined_share_max;
    let share = held as f64 / read.max(1) as f64;
    if share > most {
        let message = format!("{held} of {read} rows in quarantine, at most {:.1} %", most * 100.0);
        let reason = format!(
            "{read} 行中有 {held} 行不合格（{:.1}%），超过约定的 {:.1}%",
            share * 100.0,
            most * 100.0
        );
        findings.add("quarantined_share", "", message, reason);
    }
}

/// Towns that must be there on every night, the first one too. One that was there last time is told by
/// [`volumes`].
fn towns(
    contract: &Contract,
    volume: &Volume<'_>,
    context: &ValidateContext<'_>,
    findings: &mut Findings<'_>,
) {
    for town in &contract.towns {
        let town = context.town_label.and_then(|label| label(town)).unwrap_or_else(|| town.clone());
        let has = |counts: &[(String, u64)]| counts.iter().any(|(name, rows)| *name == town && *rows > 0);
        let before = context.last_accepted.as_ref().is_some_and(|last| has(&last.town_counts));
        if before || has(volume.town_counts) {
            continue;
        }
        let message = format!("a town that must be there is missing: {town}");
        findings.add("town_missing", "", message, format!("缺少“{town}”的数据（约定必有）"));
    }
}

/// An extract that came in several files (a school district each, say) and lacks one of them is not whole,
/// however few rows the missing one had.
fn parts(files: &[FileReport], last: &LastDelivery, findings: &mut Findings<'_>) {
    if last.names.len() < 2 {
        return;
    }
    let came: BTreeSet<&str> = files.iter().map(|file| part(&file.name)).collect();
    let missing: BTreeSet<&str> =
        last.names.iter().map(|name| part(name)).filter(|p| !came.contains(p)).collect();
    for part in missing {
        let message = format!("a file of the last accepted delivery has no successor: {part}");
        findings.add("part_missing", "", message, format!("上次有的文件“{part}”本次没有"));
    }
}

/// A file's name without its day and extension.
fn part(name: &str) -> &str {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-'))
}

/// Whether a change of row counts is past the tolerance. Cumulative extracts only ever grow.
fn is_past(contract: &Contract, before: u64, now: u64, share_max: f64) -> bool {
    if contract.cumulative_since.is_some() && now >= before {
        return false;
    }
    let change = before.abs_diff(now);
    change >= u64::from(contract.tolerance.row_count_change_floor)
        && change as f64 > share_max * before as f64
}

fn volumes(contract: &Contract, volume: &Volume<'_>, last: &LastDelivery, findings: &mut Findings<'_>) {
    if is_past(contract, last.rows, volume.rows, contract.tolerance.row_count_change_max) {
        let message = format!("{} rows, the last accepted delivery had {}", volume.rows, last.rows);
        let reason = format!("行数 {}，上次 {}，变化超过约定范围", volume.rows, last.rows);
        findings.add("row_count_change", "", message, reason);
    }
    let now: BTreeMap<&str, u64> = volume.town_counts.iter().map(|(town, n)| (town.as_str(), *n)).collect();
    for (town, before) in &last.town_counts {
        let rows = now.get(town.as_str()).copied().unwrap_or(0);
        if *before > 0 && rows == 0 {
            let message = format!("a town of the last accepted delivery is missing: {town}");
            findings.add("town_missing", "", message, format!("缺少“{town}”的数据（上次 {before} 行）"));
        } else if is_past(contract, *before, rows, contract.tolerance.town_count_change_max) {
            let message = format!("{town}: {rows} rows, the last accepted delivery had {before}");
            let reason = format!("“{town}”行数 {rows}，上次 {before}，变化超过约定范围");
            findings.add("town_count_change", "", message, reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_whatever_its_day() {
        assert_eq!(part("学籍_合作镇_20261115.xlsx"), "学籍_合作镇");
        assert_eq!(part("学籍_合作镇_2026-12-15.xls"), "学籍_合作镇");
        assert_eq!(part("学籍"), "学籍");
    }

    #[test]
    fn a_part_that_came_last_time_and_not_now_is_told() {
        let file = |name: &str| FileReport { name: name.to_owned(), ..FileReport::default() };
        let last = |names: &[&str]| LastDelivery {
            rows: 10,
            town_counts: Vec::new(),
            sha256s: Vec::new(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            as_of: None,
        };
        let told = |files: &[FileReport], last: &LastDelivery| {
            let mut findings = Findings { extract: "roll", reasons: Vec::new(), problems: Vec::new() };
            parts(files, last, &mut findings);
            findings.reasons
        };
        let now = [file("学籍_汇龙镇_20261215.xlsx")];
        assert_eq!(told(&now, &last(&["学籍_汇龙镇_20261115.xlsx", "学籍_合作镇_20261115.xlsx"])).len(), 1);
        assert!(told(&now, &last(&["学籍_汇龙镇_20261115.xlsx"])).is_empty());
        assert!(told(&now, &last(&["全市学籍_20261115.xlsx"])).is_empty(), "one file may change its name");
    }
}
