//! `case`: cases as the ledger has them, without touching anything; what an office does about one is in `deeds`.

mod precision;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::audit::Unmasked;
use super::deeds::{DecideArgs, NoticeArgs, ObjectArgs};
use super::run::clock;
use super::text_table::aligned;
use super::{Done, Failure, day, deeds, policies, problems, replace, say};
use crate::domain::{Day, GivenAnswer, Phase};
use crate::explain::{self, FinishedRun, event_title};
use crate::ledger::{CaseRecord, Ledger, LedgerError, LedgerState, Notice, ObjectionRecord, StoredEvent};
use crate::spec::{Plan, compile};

/// Options of `case`.
#[derive(Debug, Args)]
#[command(after_help = "\
`list` and `show` open the ledger read-only. No value of a person is shown; what officers wrote in words only with
--full, which needs an approval (look_approvals.csv) and a --reason and is logged (doudi audit list). `notice`, `object` and `decide` each add an event to the chain of the ledger, and nothing is ever taken out.

A stop, a change of category or a recovery takes two persons: one answers, another signs as 审核人 on the returned
workbook. `notice` then drafts the 告知书 as a Word file: values as the disclosure table grants them to the reader,
legal basis as the table has it (【待核实】 where nobody read it), signature and day left blank. An office edits and
delivers it. An objection puts the case aside until two persons decide: 维持 or 撤销.

Examples:
  doudi case list                              what officers are asked about
  doudi case list --overdue --town 汇龙镇
  doudi case list --phase closed --rule e_dead_paid --json
  doudi case list --summary                    counts by town and rule
  doudi case precision                         how often each rule is right, as officers have answered
  doudi case show 7K3D-9Q2M                    a clue number, as it stands on a list
  doudi case notice --all --out drafts         drafts of all that was approved since
  doudi case object 7K3D-9Q2M --officer 王某 --reason 已提供在读证明
  doudi case decide 7K3D-9Q2M --revoke --officer 王某 --approver 李某 --reason 在读证明属实

Exit codes: 0 done · 2 no such case, it cannot take this, or the pipeline has errors · 3 a notice of --all could
not be drafted · 4 the ledger cannot be read, a file not written · 5 a run is at work.")]
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
    /// How often each rule is right, as officers have answered, and what the lists miss, as spot checks tell.
    ///
    /// Cases are put into strata by page (list or annex) and grade of the link, and each stratum counts by what was
    /// listed of it: the answered cases alone are no sample. The interval holds the true share 95 times in
    /// 100. A stratum nobody has answered says nothing; its share stands beside (未答复). Spot checks are off by default:
    /// parameters dropout_slots and so on of the view spot_check.
    Precision(OfArgs),
    /// Draft the notice (告知书) of a case that a second person has approved.
    Notice(NoticeArgs),
    /// Put an objection (异议) to such a case on record.
    Object(ObjectArgs),
    /// Enter what two persons decided about an objection: 维持 or 撤销.
    Decide(DecideArgs),
    /// One case with its answers and all that happened to it.
    Show {
        /// Clue number (线索编号), as people write it.
        #[arg(value_name = "CASE")]
        case: String,
        /// Whether and why values are shown as they are.
        #[command(flatten)]
        unmasked: Unmasked,
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
    /// Only this phase: new, sent, answered, disputed, approved, objected, closed, suspended, reopened, withdrawn.
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
        What::Show { case, unmasked, of } => show(case, unmasked, of),
        What::Precision(of) => precision::tell(of),
        What::Notice(args) => deeds::notice(args),
        What::Object(args) => deeds::object(args),
        What::Decide(args) => deeds::decide(args),
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
        let ledger = Ledger::open_for_planning(&plan.ledger()).map_err(failed)?;
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
        let rule = self.plan.book.rule(record.rule());
        let due = rule.map(|rule| self.plan.due(rule, record.listed_on)).filter(|_| record.phase.asks());
        let next = rule.map(|rule| self.plan.next_due(rule, record.listed_on, record.is_acknowledged()));
        let town = record.finding().and_then(|finding| self.towns.get(&finding.identity.0));
        Told {
            record,
            town: town.map_or("", String::as_str),
            title: rule.map_or("（现行管道不再运行）", |rule| rule.header.title.as_str()),
            due,
            overdue: record.phase.asks() && next.is_some_and(|next| next < self.day),
        }
    }
}

fn list(args: &ListArgs) -> Done {
    let wanted = args.phase.as_deref().map(phase).transpose()?;
    let desk = Desk::open(&args.of)?;
    let mut told: Vec<Told<'_>> = desk.state.cases.values().map(|record| desk.tell(record)).collect();
    told.retain(|case| {
        let phase = case.record.phase;
        let open = phase.asks() || phase.is_in_doubt() || case.record.waits_for_approval();
        wanted.map_or(args.all || args.summary || open, |wanted| wanted == phase)
            && args.rule.as_ref().is_none_or(|rule| rule == case.record.rule())
            && args.town.as_ref().is_none_or(|town| town == case.town)
            && (!args.overdue || case.overdue)
    });
    told.sort_by_key(|case| (case.town, case.record.rule(), case.record.listed_on, &case.record.number));
    let conflicts = desk.state.decisions().conflicts;
    if args.of.json {
        let value = if args.summary {
            summary_json(&told)
        } else {
            told.iter().map(|case| listed_json(case, &conflicts)).collect()
        };
        say(serde_json::to_string_pretty(&value).map_err(Failure::bug)?);
        return Ok(());
    }
    say(if args.summary { summary_text(&told) } else { list_text(&told) });
    conflicts.iter().map(conflict_words).for_each(say);
    Ok(())
}

/// Says that cases judge the same two rows differently, for an office.
pub(super) fn conflict_words(cases: &BTreeSet<String>) -> String {
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    format!("同一人判断互相矛盾，均未采用：{}", cases.join("、"))
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

/// A case among others, with those whose answers about the same two rows contradict its own.
fn listed_json(case: &Told<'_>, conflicts: &[BTreeSet<String>]) -> Value {
    let number = &case.record.number;
    let of_case = conflicts.iter().filter(|cases| cases.contains(number)).flatten();
    let others: BTreeSet<&String> = of_case.filter(|other| *other != number).collect();
    let mut value = one_json(case);
    value["contradicts"] = json!(others);
    value
}

fn one_json(case: &Told<'_>) -> Value {
    let record = case.record;
    json!({
        "clue": record.number, "phase": record.phase.word(), "waits_for_approval": record.waits_for_approval(),
        "rule": record.rule(), "town": case.town, "first_seen": record.first_seen.iso(),
        "listed_on": record.listed_on.iso(), "due": case.due.map(Day::iso), "overdue": case.overdue,
        "acknowledged": record.acknowledged.as_ref().map(|(on, _)| on.iso()),
        "silent_through": record.silent_through.map(Day::iso), "answers": record.current_answers().len(),
    })
}

/// Asked, overdue, answered, disputed, closed, withdrawn.
type Counts = [u64; 6];
const COUNTED: [&str; 6] = ["待答复", "其中逾期", "已答复", "不一致或异议", "办结或暂缓", "已撤回"];
const COUNTED_WORDS: [&str; 6] = ["asked", "overdue", "answered", "disputed", "closed", "withdrawn"];

fn counts<'a>(told: &'a [Told<'_>]) -> BTreeMap<(&'a str, &'a str), Counts> {
    let mut counts: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    for case in told {
        let count = counts.entry((case.town, case.record.rule())).or_default();
        let at = match case.record.phase {
            Phase::New | Phase::Sent | Phase::Reopened => 0,
            Phase::Answered | Phase::Approved => 2,
            Phase::Disputed | Phase::Objected => 3,
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

fn show(number: &str, unmasked: &Unmasked, of: &OfArgs) -> Done {
    let full = unmasked.full;
    let number = deeds::read_number(number)?;
    let desk = Desk::open(of)?;
    let Some((key, record)) = desk.state.by_number(&number) else {
        return Err(deeds::unknown(&number));
    };
    let told = desk.tell(record);
    let events = desk.ledger.events().map_err(failed)?;
    let identity = record.finding().map(|finding| finding.identity.0);
    let policies = match (&desk.run, identity) {
        (Some(run), Some(identity)) => explain::policies(run, identity, full)
            .map_err(|error| Failure::source(format!("failed to {error}")))?,
        _ => Vec::new(),
    };
    unmasked.note(&desk.plan, "case show", &number)?;
    let events: Vec<&StoredEvent> = events.iter().filter(|event| event.case_key == *key).collect();
    if of.json {
        let mut value = one_json(&told);
        value["answers"] = record.answers.iter().map(|given| answer_json(given, full)).collect();
        value["reopened_reason"] = json!(record.reopened_reason);
        let notice = |(on, notice): &(Day, Notice)| json!({ "on": on.iso(), "file": notice.file, "sha256": notice.sha256, "by": notice.by });
        value["notices"] = record.notices.iter().map(notice).collect();
        value["objections"] = record.objections.iter().map(|one| objection_json(one, full)).collect();
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
        "approved_by": given.approved_by, "revoked": given.revoked, "corrects": answer.corrects,
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
    if let Some((on, receipt)) = &record.acknowledged {
        rows.push(row("确认收悉", format!("{} {}", on.iso(), receipt.by)));
    }
    if !record.reopened_reason.is_empty() {
        rows.push(row("重新核查", record.reopened_reason.clone()));
    }
    let mut parts = vec![aligned(&rows)];
    if !record.answers.is_empty() {
        let answers = record.answers.iter().map(|given| answer_row(given, full));
        parts.push(format!("答复\n{}", aligned(&answers.collect::<Vec<_>>())));
    }
    if !record.notices.is_empty() {
        let notices = record.notices.iter().map(|(on, notice)| {
            vec![format!("  {}", on.iso()), notice.file.clone(), notice.by.clone(), notice.sha256.clone()]
        });
        parts.push(format!("告知书（草稿）\n{}", aligned(&notices.collect::<Vec<_>>())));
    }
    if !record.objections.is_empty() {
        let objections = record.objections.iter().flat_map(|one| objection_rows(one, full));
        parts.push(format!("异议\n{}", aligned(&objections.collect::<Vec<_>>())));
    }
    let happened = events.iter().map(|event| {
        vec![format!("  {}", event.at.iso()), event_title(&event.kind).to_owned(), event.run_id.clone()]
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
    let approval = if given.revoked { format!("{approval}，已撤销") } else { approval };
    let mut cells = vec![format!("  {}", given.on.iso()), answer.officer.clone(), answer.words(), approval];
    if full {
        cells.extend(answer.fields.iter().map(|(title, text)| format!("{title}：{text}")));
    }
    cells
}

const fn decision_word(upheld: bool) -> &'static str {
    if upheld { "维持" } else { "撤销" }
}

fn objection_json(one: &ObjectionRecord, full: bool) -> Value {
    let objection = &one.objection;
    let words = |text: &String| if full { json!(text) } else { Value::Null };
    let decided = one.decided.as_ref().map(|(decision, upheld)| {
        json!({
            "decision": if *upheld { "uphold" } else { "revoke" }, "on": decision.on.iso(),
            "officer": decision.officer, "approver": decision.approver, "reason": words(&decision.reason),
        })
    });
    json!({
        "entered": one.entered.iso(), "raised": objection.on.iso(), "officer": objection.officer,
        "reason": words(&objection.reason), "decided": decided,
    })
}

fn objection_rows(one: &ObjectionRecord, full: bool) -> Vec<Vec<String>> {
    let words = |text: &str| if full { text.to_owned() } else { String::new() };
    let objection = &one.objection;
    let raised = vec![
        format!("  {}", objection.on.iso()),
        "提出".to_owned(),
        format!("登记人 {}", objection.officer),
        words(&objection.reason),
    ];
    let decided = one.decided.as_ref().map(|(decision, upheld)| {
        vec![
            format!("  {}", decision.on.iso()),
            format!("决定{}", decision_word(*upheld)),
            format!("复核人 {}，审核人 {}", decision.officer, decision.approver),
            words(&decision.reason),
        ]
    });
    let open = || vec![String::new(), "待决定".to_owned()];
    vec![raised, decided.unwrap_or_else(open)]
}
