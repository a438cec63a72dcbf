//! Why one pair is linked or not: the run's own scorer, asked about two mentions.
//!
//! In: two mentions, at a moment of the run. Out: the persons that were compared, the weight in its
//! parts, the rivals. It decides nothing and must never weigh a pair in another way than the run did.

use super::Linkage;
use super::assign::Edge;
use super::clusters::Clusters;
use super::fuzzy::{Vectors, may_be_one, weighed};
use super::keys::KeyMaker;
use super::model::LinkModel;
use super::near::Linked;
use super::prepare::Prepared;
use super::scorer::{Scorer, differences, number};
use super::settings::BlockingRule;
use super::unit::{Unit, Units};
use super::waterfall::{Flip, Waterfall};
use crate::domain::{Day, IdState, NameId, Place, Relation, ResidentId, Sex};
use crate::kernel::weight;

/// One side of a comparison: a person as far as it was known at that moment, with the values that
/// stood for it.
#[derive(Clone)]
pub struct Compared {
    /// Its mentions.
    pub mentions: Vec<u32>,
    /// Up to three names, the most frequent first.
    pub names: Vec<NameId>,
    /// A former name.
    pub former: Option<NameId>,
    /// Its number, trusted or damaged.
    pub id: Option<ResidentId>,
    /// What the number is worth.
    pub id_state: IdState,
    /// Birth date.
    pub birth: Option<Day>,
    /// Sex.
    pub sex: Sex,
    /// Up to two places.
    pub places: Vec<Place>,
    /// Telephone number, 0 unknown.
    pub phone: u64,
    /// Who is named beside it.
    pub relatives: Vec<(Relation, NameId)>,
}

/// What the run did with a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Treated {
    /// One person already before the model was asked: a sure pass had joined the two rows.
    JoinedBefore,
    /// Weighed against one another and against the rivals.
    Weighed {
        /// Probability given the rivals.
        probability: f64,
        /// The same in bits, as links and review pairs are stored.
        weight: f64,
        /// Other candidates of either of the two.
        rivals: usize,
        /// Those of them that fit about as well, where nothing says which is right.
        tied: u32,
    },
    /// Never weighed: an answer says that they are two persons.
    Refuted,
    /// Weighed and given up: below the weight worth keeping, or no blocking key brought them together.
    GivenUp,
    /// Never weighed: they cannot be one person (two trusted numbers, or two rows of one list of persons).
    Excluded,
    /// Never weighed: too little is known of one of them, or the run linked by numbers only.
    NotAsked,
    /// Weighed as a candidate for somebody who was not found.
    NearMiss,
}

/// How a pair was looked at.
pub struct Story {
    /// The first side, with what stood for it; `None` when there is nothing to compare.
    pub left: Option<Compared>,
    /// The second side.
    pub right: Option<Compared>,
    /// Whether the two rows alone were compared, because no comparison of the run took place.
    pub rows_alone: bool,
    /// Blocking rules under which they share a key.
    pub blocks: Vec<String>,
    /// What agrees and what differs, in the words of the ladders; no values.
    pub difference: String,
    /// The weight in its parts; `None` when there is nothing to compare.
    pub waterfall: Option<Waterfall>,
    /// What it would be with one comparison on another level.
    pub flips: Vec<Flip>,
    /// What the run did.
    pub treated: Treated,
}

/// What a pass is called in Chinese.
pub fn pass_title(pass: &str) -> &'static str {
    match pass {
        "valid_id" => "身份证号相同且姓名相符",
        "same_damaged_id" => "同一有误证号",
        "historic_id" => "业务号码内的首次登记证号",
        "card_id" => "业务证号内的证号",
        "changed_id" => "证号变更记录",
        "local_key" => "部门内部编号相同",
        "same_relative" => "同一人的同一亲属",
        "household" => "同户成员",
        "newborn" => "同一父母同日所生，一方尚未取名",
        "lent_number" => "证号为其父母或监护人的，姓名与其子女相同",
        "couple" => "父母双方姓名均相同",
        "model" => "模型综合比对",
        "judgement" => "人工认定",
        super::REMEMBERED => "上一晚已认定为同一人（相关数据本次未完整收到）",
        "equal_id" => "身份证号相等",
        _ => "其他",
    }
}

impl Vectors<'_> {
    /// How the run looks at two mentions in the stages compare and score.
    pub fn explain(&self, model: &LinkModel, left: u32, right: u32) -> Story {
        let pairs = &self.pairs;
        let (prepared, clusters, units) = (pairs.prepared, &pairs.clusters, &pairs.units);
        if clusters.root(left) == clusters.root(right) {
            return rows_alone(prepared, model, (left, right), Treated::JoinedBefore);
        }
        let asked = pairs.linkage == Linkage::Model;
        let (Some(x), Some(y)) = (unit_of(units, clusters, left), unit_of(units, clusters, right)) else {
            return rows_alone(prepared, model, (left, right), Treated::NotAsked);
        };
        if !asked {
            return rows_alone(prepared, model, (left, right), Treated::NotAsked);
        }
        let treated = if clusters.told_apart(left, right) {
            Treated::Refuted
        } else if may_be_one(&units.all[x as usize], &units.all[y as usize]) {
            let (edges, _) = weighed(pairs, model);
            treated(&edges, x, y)
        } else {
            Treated::Excluded
        };
        story(&Scene { prepared, clusters, units }, model, (x, y), treated)
    }
}

impl Linked<'_> {
    /// How a candidate was weighed for a subject that was not found: with all that links had told by
    /// then. `None` when one of them is nobody that can be compared.
    pub fn explain_near_miss(&self, subject: u32, candidate: u32) -> Option<Story> {
        let (prepared, clusters, units, model) = self.parts();
        let x = unit_of(units, clusters, subject)?;
        let y = unit_of(units, clusters, candidate)?;
        Some(story_of(&Scene { prepared, clusters, units }, model, (x, y), Treated::NearMiss))
    }
}

/// Persons at a moment of the run.
struct Scene<'a> {
    prepared: &'a Prepared<'a>,
    clusters: &'a Clusters,
    units: &'a Units,
}

/// The story of two units told from the side that the run looked up: the numbers follow it.
fn story(scene: &Scene<'_>, model: &LinkModel, (x, y): (u32, u32), treated: Treated) -> Story {
    let probe = |unit: u32| scene.units.all[unit as usize].probe;
    let turned = match (probe(x), probe(y)) {
        (true, true) | (false, false) => y < x,
        (first, _) => !first,
    };
    if !turned {
        return story_of(scene, model, (x, y), treated);
    }
    let story = story_of(scene, model, (y, x), treated);
    Story { left: story.right, right: story.left, ..story }
}

fn story_of(scene: &Scene<'_>, model: &LinkModel, (x, y): (u32, u32), treated: Treated) -> Story {
    let Scene { prepared, clusters, units } = *scene;
    let scorer = Scorer::new(prepared, clusters, units, model, -weight::LIMIT_BITS);
    let waterfall = scorer.waterfall(x, y);
    let levels: Vec<u8> = waterfall.steps.iter().map(|step| step.level).collect();
    Story {
        left: Some(compared(scene, x)),
        right: Some(compared(scene, y)),
        rows_alone: false,
        blocks: shared_blocks(scene, x, y),
        difference: differences(prepared, &levels, &units.all[x as usize], &units.all[y as usize]),
        waterfall: Some(waterfall),
        flips: scorer.flips(x, y),
        treated,
    }
}

/// The two rows by themselves, as if nothing had been linked: what the model would say of them.
fn rows_alone(prepared: &Prepared<'_>, model: &LinkModel, pair: (u32, u32), treated: Treated) -> Story {
    let mut clusters = Clusters::new(prepared);
    for at in 0..prepared.len() {
        clusters.trust(at, Prepared::usable_id(prepared.mention(at)));
    }
    clusters.flatten();
    let told = Units::of_mentions(prepared, &clusters, &[pair.0, pair.1]);
    let story = match &told {
        Some(units) => {
            let scene = Scene { prepared, clusters: &clusters, units };
            story_of(&scene, model, (0, 1), treated)
        }
        None => Story {
            left: None,
            right: None,
            rows_alone: true,
            blocks: Vec::new(),
            difference: String::new(),
            waterfall: None,
            flips: Vec::new(),
            treated,
        },
    };
    Story { rows_alone: true, ..story }
}

fn unit_of(units: &Units, clusters: &Clusters, mention: u32) -> Option<u32> {
    let root = clusters.root(mention);
    let at = units.all.iter().position(|unit| clusters.root(unit.hub) == root)?;
    u32::try_from(at).ok()
}

/// What became of a pair among all pairs worth keeping.
fn treated(edges: &[Vec<Edge>; 2], x: u32, y: u32) -> Treated {
    let same = |edge: &&Edge| (edge.probe, edge.other) == (x, y) || (edge.probe, edge.other) == (y, x);
    let Some((edge, among)) = edges.iter().find_map(|part| Some((part.iter().find(same)?, part))) else {
        return Treated::GivenUp;
    };
    let rival = |other: &&Edge| {
        let near = other.probe == edge.probe || other.other == edge.other;
        near && (other.probe, other.other) != (edge.probe, edge.other)
    };
    Treated::Weighed {
        probability: edge.probability,
        weight: weight::bits(edge.probability),
        rivals: among.iter().filter(rival).count(),
        tied: edge.tied,
    }
}

/// Titles of the blocking rules under which two units share a key, in the order of the rules.
fn shared_blocks(scene: &Scene<'_>, x: u32, y: u32) -> Vec<String> {
    let Scene { prepared, clusters, units } = *scene;
    let maker = KeyMaker { prepared, clusters, units };
    let keys = |unit: u32| maker.all(unit, &maker.relatives(unit));
    let theirs = keys(y);
    let mut rules: Vec<u16> =
        keys(x).into_iter().filter(|key| theirs.binary_search(key).is_ok()).map(|(_, rule)| rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let settings = &prepared.settings.block;
    rules.into_iter().filter_map(|rule| settings.get(usize::from(rule))).map(BlockingRule::title).collect()
}

fn compared(scene: &Scene<'_>, unit: u32) -> Compared {
    let Scene { prepared, clusters, units } = *scene;
    let here: &Unit = &units.all[unit as usize];
    let (id, id_state) = number(here);
    let relatives = units.relatives(prepared, clusters, unit);
    let mut relatives: Vec<(Relation, NameId)> =
        relatives.iter().map(|relative| (relative.kind, NameId(relative.name))).collect();
    relatives.dedup();
    let told = |place: &&Place| place.town != 0 || place.village != 0 || place.outside;
    Compared {
        mentions: units.members(unit).to_vec(),
        names: here.names.iter().copied().filter(|name| name.is_some()).collect(),
        former: Some(here.former).filter(|name| name.is_some()),
        id,
        id_state,
        birth: here.birth,
        sex: here.sex,
        places: here.places.iter().filter(told).copied().collect(),
        phone: here.phone,
        relatives,
    }
}
