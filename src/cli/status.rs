//! `status`: how a pipeline stands, without touching anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::text_table::aligned;
use super::{Done, Failure, day, problems, replace, run, say};
use crate::domain::{Day, Phase};
use crate::explain::{self, FinishedRun};
use crate::ledger::{CaseRecord, Delivery, Ledger, LedgerError, LedgerState, RunRecord};
use crate::pipeline::{self, Fate, LaidOut, Leftover, Ready, Sent};
use crate::report::PublishedFile;
use crate::spec::{Plan, compile};

/// Options of `status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Looks and touches nothing: no folder is created, nothing is repaired, the ledger is opened read-only. --tonight plans
the coming night on the deliveries that are there now, as run --dry-run does, and tells which files each recipient
will get; what that needs on the disk is cleared away.

Examples:
  doudi status
  doudi status --tonight
  doudi status pipelines/nightly.toml --state /srv/state --out /srv/runs
  doudi status --json | jq -e '.ledger.intact'

Exit codes: 0 it could be told, whatever it says · 2 the pipeline has errors · 3 (--tonight) the night would be held ·
4 a folder or the ledger cannot be read · 5 (--tonight) a run is at work.")]
pub(super) struct StatusArgs {
    /// The pipeline file.
    #[arg(value_name = "PIPELINE", default_value = "pipelines/nightly.toml")]
    pipeline: PathBuf,
    /// Folder of the ledger instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Folder of runs instead of the pipeline's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What will be delivered tonight, by recipient and file.
    #[arg(long)]
    tonight: bool,
    /// With --tonight: the day the lists speak about (YYYY-MM-DD); left out: the pipeline's, else today.
    #[arg(long, value_name = "DAY", requires = "tonight")]
    as_of: Option<String>,
    /// With --tonight: folder of deliveries instead of the pipeline's; remotes are not asked then.
    #[arg(long, value_name = "DIR", requires = "tonight")]
    input: Option<PathBuf>,
    /// Machine-readable.
    #[arg(long)]
    json: bool,
}

/// How a pipeline stands.
struct Status {
    plan: Plan,
    /// The run committed last.
    last: Option<RunRecord>,
    /// Whether its folder is there.
    folder: bool,
    /// How its numbers compare with the nights before it, as its manifest tells it.
    alarms: Value,
    /// The run that `latest` points to.
    latest: Option<String>,
    /// Who is at work.
    at_work: Option<String>,
    leftovers: Vec<Leftover>,
    /// Events of the ledger, or why it cannot be trusted; `None` when there is no ledger yet.
    ledger: Option<Result<u64, String>>,
    /// By rule.
    cases: BTreeMap<String, Cases>,
    /// By town; an empty name where no finished run knows it.
    towns: BTreeMap<String, Cases>,
    /// Clue numbers of cases whose answers about the same two rows contradict each other.
    conflicts: Vec<BTreeSet<String>>,
    deliveries: BTreeMap<String, Delivery>,
    /// Copies of the last run that go to remotes.
    sent: Vec<Sent>,
}

/// Cases of one rule, or one town.
#[derive(Clone, Copy, Default)]
struct Cases {
    /// About which officers are asked now.
    open: u64,
    /// Of these, listed on the day of the last run.
    new: u64,
    /// Of these, in the annex.
    annex: u64,
    /// Of these, not answered in time.
    overdue: u64,
    /// Answered and with the office.
    answered: u64,
    /// Explained, or over.
    closed: u64,
    /// Not found any more.
    withdrawn: u64,
}

/// Tells how a pipeline stands.
pub(super) fn status(args: &StatusArgs) -> Done {
    let (mut plan, _) = compile(&args.pipeline).map_err(problems::refused)?;
    replace([(&args.out, &mut plan.out), (&args.state, &mut plan.state)]);
    if args.tonight {
        if let Some(input) = &args.input {
            plan.deliver_from(input);
        }
        let day = args.as_of.as_ref().map(|text| day("--as-of", text)).transpose()?;
        return tonight(&plan, day, args.json);
    }
    let status = Status::of(plan)?;
    if args.json {
        say(serde_json::to_string_pretty(&status.json()).map_err(Failure::bug)?);
    } else {
        say(status.text());
    }
    Ok(())
}

/// What will be delivered.
fn tonight(plan: &Plan, day: Option<Day>, machine: bool) -> Done {
    let (day, summary) = run::tonight(plan, day)?;
    if !machine {
        say(format!("{} 将交付（未写入任何内容）\n{}", day.iso(), run::deliveries(&summary.files)));
        return Ok(());
    }
    let file = |file: &PublishedFile| {
        json!({
            "recipient": file.recipient, "receiver": file.receiver, "path": file.path, "rows": file.rows,
            "new": file.new, "carried_over": file.carried_over, "approval": file.approval,
        })
    };
    let files: Vec<Value> = summary.files.iter().map(file).collect();
    let told = json!({ "as_of": day.iso(), "run": summary.run_id, "files": files });
    say(serde_json::to_string_pretty(&told).map_err(Failure::bug)?);
    Ok(())
}

impl Status {
    fn of(plan: Plan) -> Result<Self, Failure> {
        let failed = |error: LedgerError| Failure::source(format!("failed to {error}"));
        let path = plan.ledger();
        let ledger = Ledger::open_for_planning(&path).map_err(failed)?;
        let commits = ledger.commits().map_err(failed)?;
        let intact = match ledger.verify() {
            Ok(events) => Ok(events),
            Err(damaged @ LedgerError::Damaged { .. }) => Err(damaged.to_string()),
            Err(other) => return Err(failed(other)),
        };
        // Of a damaged ledger nothing is told but the damage.
        let state = if intact.is_ok() { ledger.state().map_err(failed)? } else { LedgerState::default() };
        let last = commits.last().map(|(_, run)| run.clone());
        let known = |ready: &Ready| {
            commits.iter().any(|(number, known)| known.run_id == ready.run_id && *number == ready.commit)
        };
        let failed_at = |error: crate::pipeline::RunError| Failure::source(format!("failed to {error}"));
        let leftovers = pipeline::leftovers(&plan.out, &plan.state, known).map_err(failed_at)?;
        // Without a finished run nobody knows the towns.
        let towns = FinishedRun::open(&plan.out.join("latest")).ok();
        let towns = towns.and_then(|run| explain::towns(&run).ok()).unwrap_or_default();
        let town_of = |case: &CaseRecord| {
            let town = case.finding().and_then(|finding| towns.get(&finding.identity.0).cloned());
            town.unwrap_or_default()
        };
        let day = last.as_ref().map(|run| run.as_of);
        let end = Day::from_ymd(9999, 12, 31).ok_or_else(|| Failure::bug("the last day there is"))?;
        let manifest = last.as_ref().map(|run| plan.out.join(&run.run_id).join("manifest.json"));
        let sent = match &last {
            Some(run) if intact.is_ok() => {
                let run = LaidOut { run_id: &run.run_id, day: run.as_of };
                pipeline::standing(&plan, &ledger, &run).map_err(failed)?
            }
            _ => Vec::new(),
        };
        Ok(Self {
            folder: manifest.as_ref().is_some_and(|manifest| manifest.is_file()),
            alarms: manifest.map_or(Value::Null, |manifest| alarms(&manifest)),
            latest: pipeline::latest(&plan.out),
            at_work: pipeline::at_work(&plan.state, &plan.out).map_err(failed_at)?,
            leftovers,
            ledger: path.exists().then_some(intact),
            cases: cases(&state, &plan, day, |case| case.rule().to_owned()),
            towns: cases(&state, &plan, day, town_of),
            conflicts: state.decisions().conflicts,
            deliveries: ledger.deliveries_before(end).map_err(failed)?,
            sent,
            last,
            plan,
        })
    }

    /// Extracts of the pipeline that never came.
    fn never(&self) -> Vec<&str> {
        let sources = self.plan.sources.iter().map(|source| source.extract.as_str());
        sources.filter(|extract| !self.deliveries.contains_key(*extract)).collect()
    }

    fn points(&self) -> bool {
        self.last.as_ref().is_some_and(|run| self.latest.as_ref() == Some(&run.run_id))
    }

    fn title(&self, extract: &str) -> String {
        self.plan.contracts.get(extract).map_or_else(String::new, |contract| contract.title.clone())
    }

    fn text(&self) -> String {
        let mut parts = vec![self.plan.title.clone(), self.overview(), self.case_table()];
        parts.extend(self.town_table());
        parts.extend(self.conflicts.iter().map(super::case::conflict_words));
        if !self.deliveries.is_empty() {
            let row = |delivery: &Delivery| {
                let day = delivery.as_of.map_or_else(|| "日期不详".to_owned(), Day::iso);
                let rows = format!("{} 行", delivery.rows);
                vec![format!("  {}", delivery.extract), day, rows, self.title(&delivery.extract)]
            };
            let rows: Vec<Vec<String>> = self.deliveries.values().map(row).collect();
            parts.push(format!("最近一次被接收的交付\n{}", aligned(&rows)));
        }
        let never: Vec<String> =
            self.never().iter().map(|extract| format!("  {extract}《{}》", self.title(extract))).collect();
        if !never.is_empty() {
            parts.push(format!("从未交付\n{}", never.join("\n")));
        }
        parts.join("\n\n")
    }

    fn overview(&self) -> String {
        let row = |title: &str, words: String| vec![title.to_owned(), words];
        let mut rows = Vec::new();
        match &self.last {
            None => rows.push(row("最近一次运行", "还没有提交过".to_owned())),
            Some(run) => {
                let words =
                    format!("{}，数据截至 {}，提交于 {}", run.run_id, run.as_of.iso(), run.facts.committed);
                rows.push(row("最近一次运行", words));
                let folder = self.plan.out.join(&run.run_id).display().to_string();
                let here = if self.folder { folder } else { format!("不在：{folder}") };
                rows.push(row("  文件夹", here));
                rows.push(row("  与此前各夜", comparison(&self.alarms)));
                rows.extend(self.sent.iter().map(|sent| {
                    let words = match sent.why_not() {
                        Some(why) => format!("未送达 {}：{}（{why}）", sent.remote, sent.file),
                        None => format!("已送达 {}：{}", sent.remote, sent.file),
                    };
                    row("  发送", words)
                }));
            }
        }
        rows.push(row(
            "  latest",
            match &self.latest {
                None => "没有".to_owned(),
                Some(_) if self.points() => "指向最近一次运行".to_owned(),
                Some(other) => format!("指向另一次运行 {other}"),
            },
        ));
        let working = self.at_work.clone().map_or_else(|| "没有".to_owned(), |owner| format!("有：{owner}"));
        rows.push(row("正在运行", working));
        if self.leftovers.is_empty() {
            rows.push(row("中断残留", "没有".to_owned()));
        }
        for left in &self.leftovers {
            let run = left.run.as_ref().map_or_else(String::new, |run| format!("（{run}）"));
            let words = self.fate(left.fate);
            rows.push(row("中断残留", format!("{}{run}：{words}", left.path.display())));
        }
        rows.push(row(
            "台账",
            match &self.ledger {
                None => "还没有".to_owned(),
                Some(Ok(events)) => format!("完好，{events} 个事件"),
                Some(Err(why)) => format!("已损坏：{why}"),
            },
        ));
        aligned(&rows)
    }

    fn fate(&self, fate: Fate) -> &'static str {
        match fate {
            Fate::Foreign => "属于另一个台账文件夹的管道，本管道不动它",
            _ if self.at_work.is_some() => "正在运行的一次可能在用，运行结束后再看",
            Fate::Published => "该次运行已提交，下一次运行先补发它的清单",
            Fate::Pointed => "已就位，下一次运行把 latest 指向它",
            Fate::Removed => "该次运行未提交，下一次运行将其清除",
        }
    }

    fn case_table(&self) -> String {
        if self.cases.is_empty() {
            return "线索：没有".to_owned();
        }
        let rules = self.plan.book.rules.iter();
        let titles: BTreeMap<&str, &str> =
            rules.map(|rule| (rule.id.as_str(), rule.header.title.as_str())).collect();
        let head =
            ["  规则", "待答复", "其中新增", "其中待确认", "其中逾期", "已答复", "办结", "已撤回", "情形"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(self.cases.iter().map(|(rule, cases)| {
            let numbers = [
                cases.open,
                cases.new,
                cases.annex,
                cases.overdue,
                cases.answered,
                cases.closed,
                cases.withdrawn,
            ]
            .map(|n| n.to_string());
            let title = titles.get(rule.as_str()).copied().unwrap_or("（现行管道不再运行）");
            [vec![format!("  {rule}")], numbers.to_vec(), vec![title.to_owned()]].concat()
        }));
        format!("线索\n{}", aligned(&rows))
    }

    fn town_table(&self) -> Option<String> {
        let head = ["  镇（街道）", "待答复", "其中新增", "其中逾期", "已答复", "办结", "已撤回"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(self.towns.iter().map(|(town, c)| {
            let town = if town.is_empty() { "未归镇" } else { town };
            let numbers =
                [c.open, c.new, c.overdue, c.answered, c.closed, c.withdrawn].map(|n| n.to_string());
            [vec![format!("  {town}")], numbers.to_vec()].concat()
        }));
        (rows.len() > 1).then(|| format!("各镇线索\n{}", aligned(&rows)))
    }

    fn json(&self) -> Value {
        let last = self.last.as_ref().map(|run| {
            json!({
                "run": run.run_id, "as_of": run.as_of.iso(), "committed": run.facts.committed,
                "plan": run.facts.plan_hash, "folder_present": self.folder, "latest": self.points(),
            })
        });
        let leftovers = self.leftovers.iter().map(|left| {
            let fate = match left.fate {
                Fate::Published => "published",
                Fate::Pointed => "pointed",
                Fate::Removed => "removed",
                Fate::Foreign => "foreign",
            };
            json!({ "path": left.path.display().to_string(), "run": left.run, "fate": fate })
        });
        let counted = |(name, c): (&String, &Cases)| {
            let counts = json!({
                "open": c.open, "new": c.new, "annex": c.annex, "overdue": c.overdue,
                "answered": c.answered, "closed": c.closed, "withdrawn": c.withdrawn,
            });
            (name.clone(), counts)
        };
        let cases = self.cases.iter().map(counted);
        let towns = self.towns.iter().map(counted);
        let deliveries = self.deliveries.values().map(|delivery| {
            let facts = json!({ "as_of": delivery.as_of.map(Day::iso), "rows": delivery.rows });
            (delivery.extract.clone(), facts)
        });
        let ledger = self.ledger.as_ref().map(|ledger| {
            json!({
                "intact": ledger.is_ok(), "events": ledger.as_ref().ok(), "damage": ledger.as_ref().err(),
            })
        });
        json!({
            "pipeline": self.plan.file.display().to_string(),
            "last_run": last,
            "latest": self.latest,
            "at_work": self.at_work,
            "leftovers": leftovers.collect::<Vec<_>>(),
            "alarms": self.alarms,
            "sent": self.sent.iter().map(super::handover::told).collect::<Vec<_>>(),
            "ledger": ledger,
            "cases": cases.collect::<serde_json::Map<_, _>>(),
            "towns": towns.collect::<serde_json::Map<_, _>>(),
            "conflicts": self.conflicts,
            "deliveries": deliveries.collect::<serde_json::Map<_, _>>(),
            "never_delivered": self.never(),
        })
    }
}

/// How a run's numbers compare with the nights before it; nothing where no manifest tells.
fn alarms(manifest: &Path) -> Value {
    let text = std::fs::read(manifest).unwrap_or_default();
    let mut manifest: Value = serde_json::from_slice(&text).unwrap_or_default();
    manifest.get_mut("alarms").map_or(Value::Null, Value::take)
}

/// The same in words.
fn comparison(told: &Value) -> String {
    let number = |key: &str| told[key].as_u64().unwrap_or_default();
    let alarms: Vec<&str> =
        told["alarms"].as_array().into_iter().flatten().filter_map(|alarm| alarm["title"].as_str()).collect();
    match (number("series"), alarms.as_slice()) {
        (0, _) => format!("可比的只有 {} 夜，未作比较", number("nights")),
        (series, []) => format!("{series} 项数字都在正常起伏之内"),
        (_, alarms) => format!("{} 项异常：{}", alarms.len(), alarms.join("；")),
    }
}

/// Cases by rule or town, on the day of the last run.
fn cases(
    state: &LedgerState,
    plan: &Plan,
    last: Option<Day>,
    name: impl Fn(&CaseRecord) -> String,
) -> BTreeMap<String, Cases> {
    let mut counts: BTreeMap<String, Cases> = BTreeMap::new();
    for case in state.cases.values() {
        let count = counts.entry(name(case)).or_default();
        match case.phase {
            Phase::Withdrawn => count.withdrawn += 1,
            Phase::Closed | Phase::Suspended => count.closed += 1,
            Phase::Answered | Phase::Approved | Phase::Objected => count.answered += 1,
            Phase::New | Phase::Sent | Phase::Reopened | Phase::Disputed => {
                let rule = plan.book.rule(case.rule());
                let due = rule.map(|rule| plan.next_due(rule, case.listed_on, case.is_acknowledged()));
                count.open += 1;
                count.new += u64::from(Some(case.listed_on) == last);
                count.overdue += u64::from(due.is_some() && due < last);
                count.annex += u64::from(case.finding().is_some_and(|finding| finding.annex));
            }
        }
    }
    counts
}
