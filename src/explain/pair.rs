//! Why two rows are one person or not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::ExplainError;
use super::mask::Mask;
use super::people::{Forest, Hop, MentionRow, Named, ends, find, mentions_of};
use super::rebuild::Rebuilt;
use super::run::FinishedRun;
use super::sides::{Side, Words};
use super::table::each_row;
use crate::comparator;
use crate::domain::{Grade, KnownBefore, Link, Remembered};
use crate::kernel::weight;
use crate::link::{self, Compared, Linked, Prepared, Settings, Step, Story, Treated, Waterfall};
use crate::report::artifacts::RowIndex;
use crate::report::comparator_title;
use crate::spec::Plan;

/// Everything there is to say about a pair.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own in the JSON")]
pub struct PairReport {
    /// Run id.
    pub run: String,
    /// Day the run speaks about.
    pub as_of: String,
    /// How the run linked.
    pub linkage: &'static str,
    /// Whether the pipeline, its contracts or its tables are others now than the run's.
    pub plan_changed: bool,
    /// Whether weighing again gave exactly the links of the run.
    pub reproduced: bool,
    /// The rows as they stand.
    pub left: Side,
    /// The rows as they stand.
    pub right: Side,
    /// Whether the two rows alone were compared here, because the run did not ask the model about them.
    pub rows_alone: bool,
    /// The persons that were compared: the rows found so far to be one person, and their values.
    pub compared: Vec<PersonReport>,
    /// Blocking rules under which they share a key.
    pub blocks: Vec<String>,
    /// The comparisons and what each weighs.
    pub parts: Vec<PartReport>,
    /// Bits before anything is compared.
    pub prior: Option<f64>,
    /// What twins, brothers and sisters take away, in bits.
    pub resembling: Option<f64>,
    /// Weight of the pair by itself, in bits.
    pub total: Option<f64>,
    /// Probability of that.
    pub probability: Option<f64>,
    /// What the run did with the pair.
    pub treated: TreatedReport,
    /// Where the decisions lie.
    pub thresholds: Thresholds,
    /// Whether the run holds both for one person.
    pub same_person: bool,
    /// The links that make them one, in order.
    pub chain: Vec<Hop>,
    /// What the run's artifacts hold of the pair.
    pub stored: Vec<Stored>,
    /// Single changes that would cross the threshold of linking, the smallest first.
    pub flips: Vec<FlipReport>,
    /// The smallest of them in one Chinese sentence.
    pub flip_sentence: String,
    /// All of it in one Chinese sentence.
    pub sentence: String,
}

/// One comparison on another level, with which the decision would be another one.
#[derive(Clone, Debug, Serialize)]
pub struct FlipReport {
    /// Comparator.
    pub comparator: String,
    /// Level as it is, in Chinese.
    pub from: &'static str,
    /// Level as it would have to be, in Chinese.
    pub to: &'static str,
    /// Bits it changes.
    pub change: f64,
    /// Bits of the pair then, with the same rivals.
    pub total: f64,
    /// Whether the pair would be linked.
    pub linked: bool,
}

/// One side of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct PersonReport {
    /// Rows found so far to be this person.
    pub mentions: Vec<Named>,
    /// Attribute, its title and the values compared.
    pub values: Vec<(&'static str, &'static str, String)>,
}

/// One comparison.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    /// What was compared.
    pub attribute: link::Attribute,
    /// Comparator.
    pub comparator: String,
    /// Key of the level.
    pub level: &'static str,
    /// The level in Chinese.
    pub level_title: &'static str,
    /// Probability of the level given one person.
    pub m: Option<f64>,
    /// Probability of the level given two strangers.
    pub u: Option<f64>,
    /// Whether it counts; what an agreeing number tells already does not.
    pub counted: bool,
    /// log2(m/u).
    pub bits: f64,
    /// Chance that a stranger has just this value.
    pub chance: Option<f64>,
    /// What the frequency of the value adds, in bits.
    pub frequency_bits: f64,
}

/// What the run did with the pair.
#[derive(Clone, Debug, Serialize)]
pub struct TreatedReport {
    /// `joined_before`, `weighed`, `given_up`, `refuted`, `excluded`, `not_asked`, `near_miss`.
    pub kind: &'static str,
    /// In Chinese.
    pub title: &'static str,
    /// Weight given the rivals, in bits, as links and review pairs are stored.
    pub weight: Option<f64>,
    /// Probability given the rivals.
    pub probability: Option<f64>,
    /// Other candidates of either of the two.
    pub rivals: Option<usize>,
}

/// The thresholds of the pipeline.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Thresholds {
    /// Linked from this probability on.
    pub link_at: f64,
    /// The same in bits.
    pub link_bits: f64,
    /// Reviewed from this probability on.
    pub review_at: f64,
    /// The same in bits.
    pub review_bits: f64,
    /// Shown as a near miss from this probability on.
    pub near_miss_at: f64,
}

/// What an artifact holds of the pair.
#[derive(Clone, Debug, Serialize)]
pub struct Stored {
    /// `links`, `review_pairs` or `near_misses`.
    pub artifact: &'static str,
    /// The first mention.
    pub left: Named,
    /// The second.
    pub right: Named,
    /// Weight in bits.
    pub weight: f64,
    /// Probability.
    pub probability: f64,
    /// Grade.
    pub grade: String,
    /// Name of the pass, or what differs.
    pub words: String,
}

/// Explains a pair. `full` shows numbers of persons unmasked.
///
/// # Errors
/// When a row is not there or not clear, or the run cannot be read.
pub fn pair(
    plan: &Plan,
    run: &FinishedRun,
    (left, right): (&str, &str),
    full: bool,
) -> Result<PairReport, ExplainError> {
    let (left, right) = (find(run, left)?, find(run, right)?);
    if left.mention == right.mention {
        let message = "both names are the same person in the same row";
        return Err(ExplainError::asked(message, None));
    }
    let rebuilt = Rebuilt::of(plan, run)?;
    let broken = |error: arrow::error::ArrowError| ExplainError::Changed(error.to_string());
    let index = RowIndex::new(&rebuilt.records, &rebuilt.mentions).map_err(broken)?;
    let at = (rebuilt.at(&index, &left.mention)?, rebuilt.at(&index, &right.mention)?);
    let prepared = Prepared::new(&rebuilt.mentions, &rebuilt.records, &plan.tables, &plan.link)
        .map_err(|problem| ExplainError::Changed(problem.message))?;
    let remembered = remembered(run, &index, rebuilt.mentions.mentions.len())?;
    let known = KnownBefore { judgements: &rebuilt.judgements, remembered: &remembered };
    let vectors = link::compare(link::block(&prepared, known, run.linkage));
    let model = link::fit(&vectors, &plan.model);
    let weighed = vectors.explain(&model, at.0, at.1);
    let linked = link::score(vectors, &model);
    let story = near_miss(run, &linked, (&left, &right), at)?.unwrap_or(weighed);
    let words = Words { plan, rebuilt: &rebuilt, mask: Mask::of(full) };
    let named = |mention: &u32| {
        let (extract, row_key, role) = index.name(*mention);
        Named { extract: extract.into(), row_key: row_key.into(), role: role.into() }
    };
    let person = |person: &Compared| PersonReport {
        mentions: person.mentions.iter().map(named).collect(),
        values: words.compared(person),
    };
    let compared: Vec<PersonReport> = story.left.iter().chain(&story.right).map(person).collect();
    let facts = Facts {
        run,
        plan,
        reproduced: reproduced(run, &index, &linked.links)?,
        sides: (words.side(at.0, &left), words.side(at.1, &right)),
        compared,
    };
    facts.report(&story)
}

/// What is known of a pair before it is told.
struct Facts<'a> {
    run: &'a FinishedRun,
    plan: &'a Plan,
    reproduced: bool,
    sides: (Side, Side),
    compared: Vec<PersonReport>,
}

impl Facts<'_> {
    fn report(self, story: &Story) -> Result<PairReport, ExplainError> {
        let Self { run, plan, reproduced, sides: (left, right), compared } = self;
        let same_person = left.at.identity == right.at.identity;
        let chain = if same_person {
            let mentions = mentions_of(run, &BTreeSet::from([left.at.identity]))?;
            Forest::read(run, &mentions)?.chain(&left.at.mention, &right.at.mention)
        } else {
            Vec::new()
        };
        let settings = &plan.link;
        let waterfall = story.waterfall.as_ref();
        let thresholds = thresholds(settings);
        let treated = treated(story.treated);
        let sentence = sentence(story, &treated, &thresholds, same_person, &chain);
        let flips = flips(story, &treated, &thresholds, settings);
        let flip_sentence = flip_sentence(story, &treated, &thresholds, flips.first());
        Ok(PairReport {
            run: run.run_id.clone(),
            as_of: run.as_of.iso(),
            linkage: run.linkage.word(),
            plan_changed: run.plan_hash != plan.hash,
            reproduced,
            rows_alone: story.rows_alone,
            blocks: story.blocks.clone(),
            parts: waterfall.map_or_else(Vec::new, |waterfall| parts(waterfall, settings)),
            prior: waterfall.map(|waterfall| waterfall.prior),
            resembling: waterfall.map(|waterfall| waterfall.resembling),
            total: waterfall.map(|waterfall| waterfall.total),
            probability: waterfall.map(|waterfall| weight::probability(waterfall.total)),
            stored: stored(run, &compared, (&left.at.mention, &right.at.mention))?,
            left,
            right,
            compared,
            treated,
            thresholds,
            same_person,
            chain,
            flip_sentence,
            flips,
            sentence,
        })
    }
}

/// The story of a near miss, when one of the two was looked up as a candidate for the other.
fn near_miss(
    run: &FinishedRun,
    linked: &Linked<'_>,
    (left, right): (&MentionRow, &MentionRow),
    at: (u32, u32),
) -> Result<Option<Story>, ExplainError> {
    let (mut straight, mut turned) = (false, false);
    each_row(&run.artifact("near_misses.parquet"), &NEAR_MISS[..6], |cells| {
        let (subject, candidate) = ends(cells);
        straight |= subject == left.mention && candidate == right.mention;
        turned |= subject == right.mention && candidate == left.mention;
    })?;
    if straight {
        return Ok(linked.explain_near_miss(at.0, at.1));
    }
    let story = if turned { linked.explain_near_miss(at.1, at.0) } else { None };
    Ok(story.map(|story| Story { left: story.right, right: story.left, ..story }))
}

pub(super) const PAIR: [&str; 9] = [
    "left_extract",
    "left_row_key",
    "left_role",
    "right_extract",
    "right_row_key",
    "right_role",
    "weight",
    "probability",
    "grade",
];
pub(super) const NEAR_MISS: [&str; 10] = [
    "subject_extract",
    "subject_row_key",
    "subject_role",
    "candidate_extract",
    "candidate_row_key",
    "candidate_role",
    "weight",
    "probability",
    "grade",
    "difference",
];

/// What the run knew from the night before and tonight's rows do not say.
fn remembered(
    run: &FinishedRun,
    index: &RowIndex<'_>,
    mentions: usize,
) -> Result<Vec<Remembered>, ExplainError> {
    let mut named: Vec<(Named, Named, Grade)> = Vec::new();
    let columns: Vec<&str> = PAIR.into_iter().chain(["pass"]).collect();
    each_row(&run.artifact("links.parquet"), &columns, |cells| {
        if cells.text(9) == link::REMEMBERED {
            let grade =
                [Grade::A, Grade::B, Grade::C].into_iter().find(|grade| cells.text(8) == grade.letter());
            let (left, right) = ends(cells);
            named.push((left, right, grade.unwrap_or(Grade::D)));
        }
    })?;
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let at: BTreeMap<(&str, &str, &str), u32> = (0..).take(mentions).map(|at| (index.name(at), at)).collect();
    let find =
        |name: &Named| at.get(&(name.extract.as_str(), name.row_key.as_str(), name.role.as_str())).copied();
    let found = named.iter().filter_map(|(left, right, grade)| {
        // They were joined, so no two numbers stood in the way.
        Some(Remembered { left: find(left)?, right: find(right)?, grade: *grade, same_numbers: true })
    });
    Ok(found.collect())
}

/// Whether linking again gave the links of the run, one by one.
fn reproduced(run: &FinishedRun, index: &RowIndex<'_>, links: &[Link]) -> Result<bool, ExplainError> {
    let mut again = links.iter();
    let mut equal = true;
    each_row(&run.artifact("links.parquet"), &PAIR, |cells| {
        let (left, right) = ends(cells);
        let same = |link: &Link| {
            let is = |named: &Named, at: u32| {
                (named.extract.as_str(), named.row_key.as_str(), named.role.as_str()) == index.name(at)
            };
            let weight: f64 = cells.number(6);
            is(&left, link.left)
                && is(&right, link.right)
                && weight.to_bits() == f64::from(link.weight).to_bits()
        };
        equal &= again.next().is_some_and(same);
    })?;
    Ok(equal && again.next().is_none())
}

/// What the artifacts hold between the two persons compared: links of the model, pairs for review, near
/// misses. Of two rows that were joined before, what is held of the rows.
fn stored(
    run: &FinishedRun,
    compared: &[PersonReport],
    (left, right): (&Named, &Named),
) -> Result<Vec<Stored>, ExplainError> {
    let (ours, theirs): (Vec<&Named>, Vec<&Named>) = match compared {
        [x, y] => (x.mentions.iter().collect(), y.mentions.iter().collect()),
        _ => (vec![left], vec![right]),
    };
    let (ours, theirs): (BTreeSet<&Named>, BTreeSet<&Named>) =
        (ours.into_iter().collect(), theirs.into_iter().collect());
    let mut found = Vec::new();
    for (artifact, sides, words) in [
        ("links", &PAIR[..], "pass"),
        ("review_pairs", &PAIR[..], "difference"),
        ("near_misses", &NEAR_MISS[..9], "difference"),
    ] {
        let columns: Vec<&str> = sides.iter().copied().chain([words]).collect();
        each_row(&run.artifact(&format!("{artifact}.parquet")), &columns, |cells| {
            let (x, y) = ends(cells);
            let between =
                (ours.contains(&x) && theirs.contains(&y)) || (ours.contains(&y) && theirs.contains(&x));
            if between {
                found.push(Stored {
                    artifact,
                    left: x,
                    right: y,
                    weight: cells.number(6),
                    probability: cells.number(7),
                    grade: cells.owned(8),
                    words: cells.owned(9),
                });
            }
        })?;
    }
    Ok(found)
}

fn parts(waterfall: &Waterfall, settings: &Settings) -> Vec<PartReport> {
    let part = |(step, comparison): (&Step, &link::ComparisonSetting)| {
        let rung = comparator::ladder(&comparison.comparator)
            .and_then(|ladder| ladder.levels.get(usize::from(step.level)));
        PartReport {
            attribute: step.attribute,
            comparator: comparison.comparator.clone(),
            level: rung.map_or("null", |rung| rung.key),
            level_title: rung.map_or("", |rung| rung.label),
            m: step.m,
            u: step.u,
            counted: step.counted,
            bits: step.bits,
            chance: step.chance,
            frequency_bits: step.frequency_bits,
        }
    };
    waterfall.steps.iter().zip(&settings.comparison).map(part).collect()
}

fn thresholds(settings: &Settings) -> Thresholds {
    Thresholds {
        link_at: settings.link_at,
        link_bits: weight::bits(settings.link_at),
        review_at: settings.review_at,
        review_bits: weight::bits(settings.review_at),
        near_miss_at: settings.near_miss_at,
    }
}

fn treated(treated: Treated) -> TreatedReport {
    let (kind, title) = match treated {
        Treated::JoinedBefore => ("joined_before", "模型比对之前已由确定性关联认定，模型未参与"),
        Treated::Weighed { .. } => ("weighed", "作为候选由模型加权"),
        Treated::GivenUp => ("given_up", "未成为候选：没有共同的分块条件，或权重低于保留下限"),
        Treated::Refuted => ("refuted", "不参与比对：有答复认定为两人"),
        Treated::Excluded => ("excluded", "不参与比对：各有有效证号且不同，或同为一行一人名单中的两行"),
        Treated::NotAsked => ("not_asked", "模型未参与：可比对的信息太少，或该次运行只按证号关联"),
        Treated::NearMiss => ("near_miss", "作为未找到者的近似候选由模型加权"),
    };
    let (mut weight, mut probability, mut rivals) = (None, None, None);
    if let Treated::Weighed { weight: w, probability: p, rivals: r, .. } = treated {
        (weight, probability, rivals) = (Some(w), Some(p), Some(r));
    }
    TreatedReport { kind, title, weight, probability, rivals }
}

/// Bits of the pair as the run decided on them.
fn decided(story: &Story, treated: &TreatedReport) -> Option<f64> {
    let asked = matches!(story.treated, Treated::Weighed { .. } | Treated::GivenUp | Treated::NearMiss);
    let total = story.waterfall.as_ref().map(|waterfall| waterfall.total);
    treated.weight.or(total.filter(|_| asked && !story.rows_alone))
}

/// Single changes that would cross the threshold of linking, the smallest first. Rivals count as they are.
fn flips(
    story: &Story,
    treated: &TreatedReport,
    thresholds: &Thresholds,
    settings: &Settings,
) -> Vec<FlipReport> {
    let (Some(now), Some(waterfall)) = (decided(story, treated), &story.waterfall) else { return Vec::new() };
    let label = |comparison: usize, level: u8| {
        let label =
            comparator::ladder(&settings.comparison[comparison].comparator).map_or("", |l| l.label(level));
        if label.is_empty() { "无可比对" } else { label }
    };
    let flip = |flip: &link::Flip| {
        let change = flip.total - waterfall.total;
        let linked = now + change >= thresholds.link_bits;
        (linked != (now >= thresholds.link_bits)).then(|| FlipReport {
            comparator: settings.comparison[flip.comparison].comparator.clone(),
            from: label(flip.comparison, waterfall.steps[flip.comparison].level),
            to: label(flip.comparison, flip.level),
            change,
            total: now + change,
            linked,
        })
    };
    let mut flips: Vec<FlipReport> = story.flips.iter().filter_map(flip).collect();
    flips.sort_by(|x, y| x.change.abs().total_cmp(&y.change.abs()));
    flips
}

fn flip_sentence(
    story: &Story,
    treated: &TreatedReport,
    thresholds: &Thresholds,
    smallest: Option<&FlipReport>,
) -> String {
    let Some(now) = decided(story, treated) else {
        return "判定不是由模型的权重作出的，单项比对的改变不影响它。".to_owned();
    };
    let side = |linked: bool| if linked { "达到" } else { "低于" };
    match smallest {
        Some(flip) => format!(
            "若只有{}由“{}”变为“{}”，权重改变 {:+.1} 比特，为 {:+.1} 比特，将{}自动认定门槛 {:+.1} 比特。",
            comparator_title(&flip.comparator),
            flip.from,
            flip.to,
            flip.change,
            flip.total,
            side(flip.linked),
            thresholds.link_bits
        ),
        None => format!(
            "任何单项比对的改变都不会使其{}自动认定门槛 {:+.1} 比特。",
            side(now < thresholds.link_bits),
            thresholds.link_bits
        ),
    }
}

/// All of it in one sentence; it holds no value of a person.
fn sentence(
    story: &Story,
    treated: &TreatedReport,
    thresholds: &Thresholds,
    same_person: bool,
    chain: &[Hop],
) -> String {
    let said = if story.difference.is_empty() { "没有可比对的信息" } else { &story.difference };
    let bits = |bits: f64| format!("{bits:.1} 比特");
    let total = story.waterfall.as_ref().map_or_else(String::new, |w| format!("，模型给 {}", bits(w.total)));
    let mut passes: Vec<&str> = chain.iter().map(|hop| hop.pass_title).collect();
    passes.dedup();
    let passes = passes.join("、");
    match (story.treated, treated.probability) {
        (Treated::JoinedBefore, _) => {
            format!("该次运行认定为同一人，依据是{passes}，未用模型；单看这两行：{said}{total}。")
        }
        (Treated::Weighed { .. }, Some(p)) if p >= thresholds.link_at && same_person => {
            let over = weight::bits(p) - thresholds.link_bits;
            format!("{said}{total}，计入竞争候选后高于自动认定门槛 {}，该次运行认定为同一人。", bits(over))
        }
        (Treated::Weighed { .. }, Some(p)) if p >= thresholds.link_at => {
            format!(
                "{said}{total}，达到自动认定门槛，但认定会使一人有两个证号或占同一名单的两行，留给人工确认。"
            )
        }
        (Treated::Weighed { tied, .. }, Some(p)) if p >= thresholds.review_at || tied > 0 => {
            let short = thresholds.link_bits - weight::bits(p);
            let held =
                if same_person { "，后由其他行认定为同一人" } else { "，列入人工确认" };
            let tie = link::tie_words(tied);
            format!("{said}{tie}{total}，计入竞争候选后距自动认定门槛差 {}{held}。", bits(short))
        }
        (Treated::NearMiss, _) => {
            format!("{said}{total}，不足以认定，但足以怀疑未找到的就是此人，所以转为待确认而不下结论。")
        }
        _ => {
            let verdict = match (same_person, passes.is_empty()) {
                (true, false) => format!("该次运行经由其他行认定为同一人（{passes}）"),
                (true, true) => "该次运行认定为同一人".to_owned(),
                (false, _) => "该次运行不认定为同一人".to_owned(),
            };
            format!("{}；{said}{total}；{verdict}。", treated.title)
        }
    }
}
