//! What holds a person together: its rows, the links between them, the weakest of these, human judgements.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::ExplainError;
use super::mask::Mask;
use super::pair::PAIR;
use super::people::{Forest, Hop, MentionRow, Named, ends, mentions_of};
use super::run::FinishedRun;
use super::table::each_row;
use crate::diag::did_you_mean;
use crate::domain::{Judgement, MentionRef, Verdict};
use crate::ledger::Ledger;
use crate::report::percent;
use crate::spec::Plan;

/// Everything there is to say about a person of a run.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityReport {
    /// Person.
    pub identity: i64,
    /// Run id.
    pub run: String,
    /// Day the run speaks about.
    pub as_of: String,
    /// Whether the pipeline, its contracts or its tables are others now than the run's.
    pub plan_changed: bool,
    /// Title and value of what is known best.
    pub values: Vec<(&'static str, String)>,
    /// Rows that name the person, in the order of the artifact.
    pub mentions: Vec<RowReport>,
    /// Links that make the rows one person: a tree, so that each of them holds two parts together. The weakest
    /// first.
    pub links: Vec<BridgeReport>,
    /// What people decided about rows of this person.
    pub judgements: Vec<JudgementReport>,
    /// Pairs with somebody else that wait for a person to decide.
    pub in_review: Vec<OpenPair>,
    /// All of it in one Chinese sentence.
    pub sentence: String,
}

/// A row of a person.
#[derive(Clone, Debug, Serialize)]
pub struct RowReport {
    /// The mention.
    #[serde(flatten)]
    pub at: MentionRow,
    /// Title of the extract.
    pub extract_title: String,
    /// Owner of the extract.
    pub owner: String,
}

/// A link, and what it holds together.
#[derive(Clone, Debug, Serialize)]
pub struct BridgeReport {
    /// The link.
    #[serde(flatten)]
    pub hop: Hop,
    /// Rows on the side of its first end.
    pub rows_from: usize,
    /// Rows on the side of its other end.
    pub rows_to: usize,
}

/// A human judgement.
#[derive(Clone, Debug, Serialize)]
pub struct JudgementReport {
    /// One row.
    pub left: Named,
    /// The other row.
    pub right: Named,
    /// Whether they were held to be one person.
    pub same: bool,
    /// Whether both rows are of this person.
    pub inside: bool,
}

/// A pair with somebody else.
#[derive(Clone, Debug, Serialize)]
pub struct OpenPair {
    /// Row of this person.
    pub own: Named,
    /// Row of the other.
    pub other: Named,
    /// Probability.
    pub probability: f64,
    /// What differs.
    pub difference: String,
}

/// Explains a person by its number. `full` shows numbers of persons unmasked.
///
/// # Errors
/// When the run has no such person, or cannot be read.
pub fn identity(
    plan: &Plan,
    run: &FinishedRun,
    text: &str,
    full: bool,
) -> Result<IdentityReport, ExplainError> {
    let number = find(run, text)?;
    let mentions = mentions_of(run, &BTreeSet::from([number]))?;
    let forest = Forest::read(run, &mentions)?;
    let own: BTreeSet<&Named> = mentions.iter().map(|row| &row.mention).collect();
    let links = bridges(&forest);
    let judgements = judgements(plan, &own)?;
    let in_review = in_review(run, &own)?;
    let row = |at: &MentionRow| {
        let contract = plan.contracts.get(&at.mention.extract);
        RowReport {
            at: at.clone(),
            extract_title: contract.map_or_else(String::new, |contract| contract.title.clone()),
            owner: contract.map_or_else(String::new, |contract| contract.owner.clone()),
        }
    };
    Ok(IdentityReport {
        identity: number,
        run: run.run_id.clone(),
        as_of: run.as_of.iso(),
        plan_changed: run.plan_hash != plan.hash,
        values: values(run, number, Mask::of(full))?,
        sentence: sentence(&mentions, &links, &judgements, in_review.len()),
        mentions: mentions.iter().map(row).collect(),
        links,
        judgements,
        in_review,
    })
}

/// The number of a person, which the run has to know.
fn find(run: &FinishedRun, text: &str) -> Result<i64, ExplainError> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    each_row(&run.artifact("identities.parquet"), &["identity_id"], |cells| {
        known.insert(cells.owned(0));
    })?;
    let wanted = text.trim();
    if known.contains(wanted)
        && let Ok(number) = wanted.parse()
    {
        return Ok(number);
    }
    let near = did_you_mean(wanted, known.iter().map(String::as_str));
    let help = near.map_or_else(
        || "the numbers of persons stand in `explain case` and in artifacts/identities.parquet".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(ExplainError::asked(format!("the run has no person `{wanted}`"), Some(help)))
}

fn values(run: &FinishedRun, number: i64, mask: Mask) -> Result<Vec<(&'static str, String)>, ExplainError> {
    let columns = ["identity_id", "name", "resident_id", "birth_date", "sex", "town", "village", "grade"];
    let mut found = Vec::new();
    each_row(&run.artifact("identities.parquet"), &columns, |cells| {
        if cells.number::<i64>(0) == number {
            let place = format!("{}{}", cells.text(5), cells.text(6));
            found = vec![
                ("姓名", cells.owned(1)),
                ("身份证号", mask.number(cells.text(2))),
                ("出生日期", cells.owned(3)),
                ("性别", cells.owned(4)),
                ("住址", place),
                ("等级", cells.owned(7)),
            ];
        }
    })?;
    Ok(found)
}

/// Every link with the rows on its two sides, the weakest first.
fn bridges(forest: &Forest) -> Vec<BridgeReport> {
    let hops = forest.hops();
    let mut near: BTreeMap<&Named, Vec<&Named>> = BTreeMap::new();
    for hop in &hops {
        near.entry(&hop.from).or_default().push(&hop.to);
        near.entry(&hop.to).or_default().push(&hop.from);
    }
    // Rows that can be reached from one end without crossing the link.
    let side = |from: &Named, without: &Named| {
        let mut seen = BTreeSet::from([from]);
        let mut open = VecDeque::from([from]);
        while let Some(here) = open.pop_front() {
            for &next in near.get(here).into_iter().flatten() {
                let crossing = here == from && next == without;
                if !crossing && seen.insert(next) {
                    open.push_back(next);
                }
            }
        }
        seen.len()
    };
    let mut bridges: Vec<BridgeReport> = hops
        .iter()
        .map(|hop| BridgeReport {
            rows_from: side(&hop.from, &hop.to),
            rows_to: side(&hop.to, &hop.from),
            hop: (*hop).clone(),
        })
        .collect();
    bridges.sort_by(|x, y| {
        let key = |bridge: &BridgeReport| (bridge.hop.from.clone(), bridge.hop.to.clone());
        x.hop.probability.total_cmp(&y.hop.probability).then_with(|| key(x).cmp(&key(y)))
    });
    bridges
}

fn judgements(plan: &Plan, own: &BTreeSet<&Named>) -> Result<Vec<JudgementReport>, ExplainError> {
    let known = Ledger::open_for_planning(&plan.ledger())?.judgements()?;
    let named = |(extract, row_key, role): &MentionRef| Named {
        extract: extract.clone(),
        row_key: row_key.clone(),
        role: role.clone(),
    };
    let report = |judgement: &Judgement| {
        let (left, right) = (named(&judgement.left), named(&judgement.right));
        let (here, there) = (own.contains(&left), own.contains(&right));
        (here || there).then(|| JudgementReport {
            left,
            right,
            same: judgement.verdict == Verdict::Same,
            inside: here && there,
        })
    };
    Ok(known.iter().filter_map(report).collect())
}

fn in_review(run: &FinishedRun, own: &BTreeSet<&Named>) -> Result<Vec<OpenPair>, ExplainError> {
    let columns: Vec<&str> = PAIR.into_iter().chain(["difference"]).collect();
    let mut found = Vec::new();
    each_row(&run.artifact("review_pairs.parquet"), &columns, |cells| {
        let (left, right) = ends(cells);
        let (own, other) = match (own.contains(&left), own.contains(&right)) {
            (true, false) => (left, right),
            (false, true) => (right, left),
            _ => return,
        };
        let (probability, difference) = (cells.number(7), cells.owned(9));
        found.push(OpenPair { own, other, probability, difference });
    })?;
    Ok(found)
}

/// All of it in one sentence; it holds no value of a person.
fn sentence(
    mentions: &[MentionRow],
    links: &[BridgeReport],
    judgements: &[JudgementReport],
    in_review: usize,
) -> String {
    let extracts: BTreeSet<&str> = mentions.iter().map(|row| row.mention.extract.as_str()).collect();
    let mut said = vec![format!("该人由 {} 个数据表的 {} 行组成", extracts.len(), mentions.len())];
    if let Some(weakest) = links.first() {
        said.push(format!(
            "{} 条联系中最弱的是{}（{}，等级 {}），若不成立则分为 {} 行和 {} 行",
            links.len(),
            weakest.hop.pass_title,
            percent(weakest.hop.probability),
            weakest.hop.grade,
            weakest.rows_from,
            weakest.rows_to
        ));
    }
    if !judgements.is_empty() {
        said.push(format!("人工判断 {} 条", judgements.len()));
    }
    if in_review > 0 {
        said.push(format!("另有 {in_review} 对待人工确认"));
    }
    format!("{}。", said.join("，"))
}
