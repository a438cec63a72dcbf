//! `case`: cases as the ledger has them, without touching anything.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::run::clock;
use super::text_table::aligned;
use super::{Done, Failure, day, policies, problems, replace, say};
use crate::domain::{Day, GivenAnswer, Phase};
use crate::explain::{self, FinishedRun};
use crate::ledger::{CaseRecord, Ledger, LedgerError, LedgerState, StoredEvent, parse_case_number};
use crate::spec::{Plan, compile};

/// Options of `case`.
#[derive(Debug, Args)]
#[command(after_help = "\
The ledger is opened read-only. No value of a person is shown; what officers wrote in words only with --full.

Examples:
  doudi case list                              what officers are asked about
  doudi case list --overdue --town 汇龙镇
  doudi case list --phase closed --rule e_dead_paid --json
  doudi case list --summary                    counts by town and rule
  doudi case show 7K3D-9Q2M                    a clue number, as it stands on a list

Exit codes: 0 done · 2 no such case, or the pipeline has errors · 4 the ledger cannot be read.")]
pub(super) struct CaseArgs {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
enum What {
    /// List cases: by default those about which officers are asked.
    List(ListArgs),
    /// One case with its answers and all that happened to it.
    Show {
        /// Clue number (线索编号), as people write it.
        #[arg(value_name = "CASE")]
        case: String,
        /// Also what officers wrote in words.
        #[arg(long)]
        full: bool,
        /// Where the ledger is.
        #[command(flatten)]
        of: OfArgs,
    },
}

/// Where the ledger is, and how to tell.
#[derive(Debug, Args)]
struct OfArgs {
    /// The pipeline file.
    #[arg(long, value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder of runs instead of the pipeline's; towns are those of its last run.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Day on which answers are overdue or not (YYYY-MM-DD); left out: the later of today and the last run.
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// Options of `case list`.
#[derive(Debug, Args)]
struct ListArgs {
    /// Only this phase: new, sent, answered, disputed, approved, closed, suspended, reopened, withdrawn.
    #[arg(long, value_name = "PHASE")]
    phase: Option<String>,
    /// Only this rule.
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only this town.
    #[arg(long, value_name = "TOWN")]
    town: Option<String>,
    /// Only cases whose answer is overdue.
    #[arg(long)]
    overdue: bool,
    /// Cases of all phases.
    #[arg(long, conflicts_with = "phase")]
    all: bool,
    /// Counts by town and rule instead of cases.
    #[arg(long)]
    summary: bool,
    /// Where the ledger is.
    #[command(flatten)]
    of: OfArgs,
}

/// Tells about cases.
pub(super) fn case(args: &CaseArgs) -> Done {
    match &args.what {
        What::List(args) => list(args),
        What::Show { case, full, of } => show(case, *full, of),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives values")]
fn failed(error: LedgerError) -> Failure {
    Failure::source(format!("failed to {error}"))
}

/// The ledger with what is needed to tell of its cases.
struct Desk {
    plan: Plan,
    ledger: Ledger,
    state: LedgerState,
    day: Day,
    /// The last run, when there is one.
    run: Option<FinishedRun>,
    /// Town of each identity of the last run.
    towns: BTreeMap<i64, String>,
}

/// One case, told.
struct Told<'a> {
    record: &'a CaseRecord,
    town: &'a str,
    title: &'a str,
    due: Option<Day>,
    overdue: bool,
}

impl Desk {
    fn open(args: &OfArgs) -> Result<Self, Failure> {
        let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
        replace([(&args.out, &mut plan.out), (&args.state, &mut plan.state)]);
        let ledger = Ledger::open_for_planning(&plan.state.join("ledger.sqlite")).map_err(failed)?;
        ledger.verify().map_err(failed)?;
        let state = ledger.state().map_err(failed)?;
        let last = ledger.last_run(None).map_err(failed)?.map(|run| run.as_of);
        let day = match &args.as_of {
            Some(text) => day("--as-of", text)?,
            None => last.map_or(clock().0, |last| last.max(clock().0)),
        };
        // Without a finished run the towns stay empty.
        let run = FinishedRun::open(&plan.out.join("latest")).ok();
        let towns = run.as_ref().and_then(|run| explain::towns(run).ok()).unwrap_or_default();
        Ok(Self { plan, ledger, state, day, run, towns })
    }

    fn tell<'a>(&'a self, record: &'a CaseRecord) -> Told<'a> {
        let rule = self.plan.book.rules.iter().find(|rule| rule.id == record.rule());
        let days = rule.map(|rule| i32::try_from(rule.header.due_days).unwrap_or(i32::MAX / 2));
        let due = days.map(|days| record.listed_on.plus_days(days)).filter(|_| record.phase.asks());
        let town = record.finding().and_then(|finding| self.towns.get(&finding.identity.0));
        Told {
            record,
            town: town.map_or("", String::as_str),
            title: rule.map_or("（现行管道不再运行）", |rule| rule.header.title.as_str()),
            due,
            overdue: due.is_some_and(|due| due < self.day),
        }
    }
}

fn list(args: &ListArgs) -> Done {
    let wanted = args.phase.as_deref().map(phase).transpose()?;
    let desk = Desk::open(&args.of)?;
    let mut told: Vec<Told<'_>> = desk.state.cases.values().map(|record| desk.tell(record)).collect();
    told.retain(|case| {
        let phase = case.record.phase;
        let open = phase.asks() || case.record.waits_for_approval();
        wanted.map_or(args.all || args.summary || open, |wanted| wanted == phase)
            && args.rule.as_ref().is_none_or(|rule| rule == case.record.rule())
            && args.town.as_ref().is_none_or(|town| town == case.town)
            && (!args.overdue || case.overdue)
    });
    told.sort_by_key(|case| (case.town, case.record.rule(), case.record.listed_on, &case.record.number));
    let conflicts = desk.state.decisions().conflicts;
    if args.of.json {
        let value = if args.summary { summary_json(&told) } else { told.iter().map(one_json).collect() };
        say(serde_json::to_string_pretty(&value).map_err(Failure::bug)?);
        return Ok(());
    }
    say(if args.summary { summary_text(&told) } else { list_text(&told) });
    for cases in conflicts {
        let cases: Vec<String> = cases.into_iter().collect();
        say(format!("同一人判断互相矛盾，均未采用：{}", cases.join("、")));
    }
    Ok(())
}

fn phase(word: &str) -> Result<Phase, Failure> {
    Phase::ALL.into_iter().find(|phase| phase.word() == word).ok_or_else(|| {
        let known = Phase::ALL.map(Phase::word);
        let near = crate::diag::did_you_mean(word, known);
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let help = format!("{near}the phases are {}", known.join(", "));
        Failure::config(format!("failed to read --phase: no phase `{word}`\n  help: {help}"))
    })
}

fn standing(record: &CaseRecord) -> String {
    let words = |given: &GivenAnswer| format!("{}：{}", given.answer.officer, given.answer.words());
    match record.standing() {
        Some(given) => words(given),
        None => record.current_answers().iter().map(words).collect::<Vec<_>>().join("；"),
    }
}

fn phase_words(record: &CaseRecord) -> String {
    let title = record.phase.title();
    match record.silent_through.filter(|_| record.phase == Phase::Suspended) {
        Some(through) => format!("{title}至 {}", through.iso()),
        None if record.waits_for_approval() => format!("{title}，待审核"),
        None => title.to_owned(),
    }
}

fn list_text(told: &[Told<'_>]) -> String {
    if told.is_empty() {
        return "线索：没有".to_owned();
    }
    let head = ["线索编号", "状态", "列入日期", "应反馈", "镇（街道）", "规则", "情形", "答复"];
    let row = |case: &Told<'_>| {
        let due = case.due.map_or_else(String::new, Day::iso);
        vec![
            case.record.number.clone(),
            phase_words(case.record),
            case.record.listed_on.iso(),
            if case.overdue { format!("{due} 逾期") } else { due },
            case.town.to_owned(),
            case.record.rule().to_owned(),
            case.title.to_owned(),
            standing(case.record),
        ]
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(head.map(str::to_owned).to_vec()).chain(told.iter().map(row)).collect();
    format!("{}\n共 {} 条", aligned(&rows), told.len())
}

fn one_json(case: &Told<'_>) -> Value {
    let record = case.record;
    json!({
        "clue": record.number, "phase": record.phase.word(), "waits_for_approval": record.waits_for_approval(),
        "rule": record.rule(), "town": case.town, "first_seen": record.first_seen.iso(),
        "listed_on": record.listed_on.iso(), "due": case.due.map(Day::iso), "overdue": case.overdue,
        "silent_through": record.silent_through.map(Day::iso), "answers": record.current_answers().len(),
    })
}

/// Asked, overdue, answered, disputed, closed, withdrawn.
type Counts = [u64; 6];
const COUNTED: [&str; 6] = ["待答复", "其中逾期", "已答复", "答复不一致", "办结或暂缓", "已撤回"];
const COUNTED_WORDS: [&str; 6] = ["asked", "overdue", "answered", "disputed", "closed", "withdrawn"];

fn counts<'a>(told: &'a [Told<'_>]) -> BTreeMap<(&'a str, &'a str), Counts> {
    let mut counts: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    for case in told {
        let count = counts.entry((case.town, case.record.rule())).or_default();
        let at = match case.record.phase {
            Phase::New | Phase::Sent | Phase::Reopened => 0,
            Phase::Answered | Phase::Approved => 2,
            Phase::Disputed => 3,
            Phase::Closed | Phase::Suspended => 4,
            Phase::Withdrawn => 5,
        };
        count[at] += 1;
        count[1] += u64::from(case.overdue);
    }
    counts
}

fn summary_text(told: &[Told<'_>]) -> String {
    let head = ["镇（街道）", "规则"].into_iter().chain(COUNTED).map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    let mut sums: Counts = Counts::default();
    for ((town, rule), counts) in counts(told) {
        let town = if town.is_empty() { "未归镇" } else { town };
        let numbers = counts.iter().map(u64::to_string);
        rows.push([town.to_owned(), rule.to_owned()].into_iter().chain(numbers).collect());
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    let sums = sums.iter().map(u64::to_string);
    rows.push(["合计".to_owned(), String::new()].into_iter().chain(sums).collect());
    aligned(&rows)
}

fn summary_json(told: &[Told<'_>]) -> Value {
    let row = |((town, rule), counts): ((&str, &str), Counts)| {
        let mut object = serde_json::Map::new();
        object.insert("town".to_owned(), json!(town));
        object.insert("rule".to_owned(), json!(rule));
        object
            .extend(COUNTED_WORDS.iter().zip(counts).map(|(word, count)| ((*word).to_owned(), json!(count))));
        Value::Object(object)
    };
    counts(told).into_iter().map(row).collect()
}

fn show(number: &str, full: bool, of: &OfArgs) -> Done {
    let number = parse_case_number(number).map_err(|error| {
        Failure::config(format!("failed to read the clue number: {error}\n  help: it looks like 7K3D-9Q2M"))
    })?;
    let desk = Desk::open(of)?;
    let Some((key, record)) = desk.state.by_number(&number) else {
        return Err(Failure::config(format!(
            "failed to find the case: the ledger has no clue number {number}"
        )));
    };
    let told = desk.tell(record);
    let events = desk.ledger.events().map_err(failed)?;
    let identity = record.finding().map(|finding| finding.identity.0);
    let policies = match (&desk.run, identity) {
        (Some(run), Some(identity)) => explain::policies(run, identity, full)
            .map_err(|error| Failure::source(format!("failed to {error}")))?,
        _ => Vec::new(),
    };
    let events: Vec<&StoredEvent> = events.iter().filter(|event| event.case_key == *key).collect();
    if of.json {
        let mut value = one_json(&told);
        value["answers"] = record.answers.iter().map(|given| answer_json(given, full)).collect();
        value["reopened_reason"] = json!(record.reopened_reason);
        let event = |event: &&StoredEvent| json!({ "day": event.at.iso(), "kind": event.kind, "by": event.run_id, "seq": event.seq });
        value["events"] = events.iter().map(event).collect();
        value["policies"] = json!(policies);
        say(serde_json::to_string_pretty(&value).map_err(Failure::bug)?);
    } else {
        say(show_text(&told, &events, full));
        if !policies.is_empty() {
            say(format!("\n一童一策（{}）\n{}", desk.day.iso(), policies::text(&policies)));
        }
    }
    Ok(())
}

fn answer_json(given: &GivenAnswer, full: bool) -> Value {
    let answer = &given.answer;
    json!({
        "on": given.on.iso(), "officer": answer.officer, "said": answer.words(),
        "checked_on": answer.checked_on.map(Day::iso), "needs_approval": answer.needs_approval,
        "approved_by": given.approved_by, "corrects": answer.corrects,
        "fields": if full { json!(answer.fields) } else { json!(answer.fields.keys().collect::<Vec<_>>()) },
    })
}

fn show_text(told: &Told<'_>, events: &[&StoredEvent], full: bool) -> String {
    let record = told.record;
    let row = |title: &str, words: String| vec![title.to_owned(), words];
    let mut rows = vec![
        row("线索编号", record.number.clone()),
        row("情形", format!("{}（{}）", told.title, record.rule())),
        row("镇（街道）", told.town.to_owned()),
        row("状态", phase_words(record)),
        row("首次发现", record.first_seen.iso()),
        row("本次列入", record.listed_on.iso()),
    ];
    if let Some(due) = told.due {
        let late = if told.overdue { "（已逾期）" } else { "" };
        rows.push(row("应反馈", format!("{}{late}", due.iso())));
    }
    if !record.reopened_reason.is_empty() {
        rows.push(row("重新核查", record.reopened_reason.clone()));
    }
    let mut parts = vec![aligned(&rows)];
    if !record.answers.is_empty() {
        let answers = record.answers.iter().map(|given| answer_row(given, full));
        parts.push(format!("答复\n{}", aligned(&answers.collect::<Vec<_>>())));
    }
    let happened = events.iter().map(|event| {
        vec![format!("  {}", event.at.iso()), event_word(&event.kind).to_owned(), event.run_id.clone()]
    });
    parts.push(format!("经过\n{}", aligned(&happened.collect::<Vec<_>>())));
    parts.join("\n\n")
}

fn answer_row(given: &GivenAnswer, full: bool) -> Vec<String> {
    let answer = &given.answer;
    let approval = match (answer.needs_approval, given.approved_by.as_str()) {
        (true, "") => "待审核".to_owned(),
        (_, "") => String::new(),
        (_, by) => format!("审核人 {by}"),
    };
    let mut cells = vec![format!("  {}", given.on.iso()), answer.officer.clone(), answer.words(), approval];
    if full {
        cells.extend(answer.fields.iter().map(|(title, text)| format!("{title}：{text}")));
    }
    cells
}

fn event_word(kind: &str) -> &str {
    match kind {
        "opened" => "发现",
        "changed" => "依据或情形变化",
        "withdrawn" => "撤回",
        "reopened" => "重新列入",
        "sent" => "列入清单下发",
        "answered" => "答复",
        "disputed" => "答复不一致",
        "approved" => "审核",
        "closed" => "办结",
        "suspended" => "暂缓",
        other => other,
    }
}
