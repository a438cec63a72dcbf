//! The keys to the simulation: `truth.csv`, `findings_truth.csv`, `truth_strata.csv`, and the agencies'
//! manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::calendar::Calendar;
use super::dice::text_word;
use super::families::World;
use super::findings::{Expected, VillageFacts, expected_of_villages};
use super::ids::Registry;
use super::layout::{ALL, Extract};
use super::people::Family;
use super::writers::{Sink, SynthError};
use super::{SynthSummary, cut_off};
use crate::domain::ResidentId;

/// Hard cases among the people of a chunk.
#[derive(Default)]
pub(crate) struct Marks {
    strata: Vec<(u64, &'static str)>,
    /// Children with a word for their full name: common names are known only when all are counted.
    names: Vec<(u64, u64)>,
}

impl Marks {
    /// Notes the hard cases of a family.
    pub(crate) fn family(&mut self, family: &Family) {
        for person in &family.people {
            let mut mark = |stratum| self.strata.push((person.number, stratum));
            if person.former.is_some() {
                mark("changed_name");
            }
            if person.name.minority() {
                mark("minority");
            }
            if person.name.given.chars().any(rare) {
                mark("rare_char");
            }
            if person.id.is_none() {
                mark("no_id");
            }
            if let Some(kid) = &person.kid {
                if kid.is_twin {
                    mark("twins");
                }
                if kid.shares_char && !kid.is_twin {
                    mark("siblings");
                }
                self.names.push((person.number, text_word(&person.name.full())));
            }
        }
    }
}

/// Characters that old systems lose.
fn rare(ch: char) -> bool {
    let code = u32::from(ch);
    let outside_gb2312 = "喆堃珺玥芃昇湉翀淏赟祎妘彧晞珩琎骐镕旻".contains(ch);
    outside_gb2312 || (0x3400..0x4DC0).contains(&code) || code >= 0x20000
}

/// Extracts whose subjects' numbers are compared with the population register.
const COMPARED: [Extract; 28] = [
    Extract::ChildRoster,
    Extract::BenefitPayment,
    Extract::SocialRelief,
    Extract::DisabilitySubsidy,
    Extract::VisitLog,
    Extract::CareAgreement,
    Extract::ChildDirector,
    Extract::Adopted,
    Extract::Cremation,
    Extract::StudentRoll,
    Extract::RollChanged,
    Extract::HomeTeaching,
    Extract::Placed,
    Extract::DropoutLedger,
    Extract::EducationAid,
    Extract::DeathCancellation,
    Extract::MoveOut,
    Extract::Residence,
    Extract::Custody,
    Extract::MinorAlert,
    Extract::DisabilityCard,
    Extract::Rehabilitation,
    Extract::BasicSurvey,
    Extract::PrisonTerm,
    Extract::Judged,
    Extract::DeathCertificate,
    Extract::SeriousIllness,
    Extract::Insurance,
];

/// Writers of the key files.
pub(crate) struct TruthFiles {
    folder: PathBuf,
    truth: BufWriter<File>,
    mentions: u64,
    expected: Vec<Expected>,
    /// Rule, person and extract of numbers that stand wrongly.
    slips: BTreeSet<(&'static str, u64, &'static str)>,
    /// Person, extract and number of somebody else's numbers: whose they are is known at the end.
    borrowed: Vec<(u64, Extract, ResidentId)>,
    villages: Vec<VillageFacts>,
    marks: Marks,
}

fn create(path: &Path) -> Result<BufWriter<File>, SynthError> {
    let file = File::create(path).map_err(|e| SynthError::Io(path.to_owned(), e))?;
    Ok(BufWriter::with_capacity(1 << 18, file))
}

impl TruthFiles {
    /// Opens `truth.csv` in the folder.
    pub(crate) fn create(folder: &Path) -> Result<Self, SynthError> {
        let mut files = Self {
            folder: folder.to_owned(),
            truth: create(&folder.join("truth.csv"))?,
            mentions: 0,
            expected: Vec::new(),
            slips: BTreeSet::new(),
            borrowed: Vec::new(),
            villages: Vec::new(),
            marks: Marks::default(),
        };
        files.write("extract,file,sheet,row,role,person\n")?;
        Ok(files)
    }

    fn write(&mut self, text: &str) -> Result<(), SynthError> {
        let path = self.folder.join("truth.csv");
        self.truth.write_all(text.as_bytes()).map_err(|e| SynthError::Io(path, e))
    }

    /// Takes what the sinks have noted since the last time.
    pub(crate) fn take(&mut self, sinks: &mut [Sink]) -> Result<(), SynthError> {
        for (sink, extract) in sinks.iter_mut().zip(ALL) {
            let text = std::mem::take(&mut sink.truth);
            self.mentions += text.bytes().filter(|&b| b == b'\n').count() as u64;
            self.write(&text)?;
            let slips = std::mem::take(&mut sink.slips);
            let id = extract.layout().id;
            self.slips.extend(slips.bad.into_iter().map(|person| ("z_id_invalid", person, id)));
            self.slips
                .extend(slips.grown_up.into_iter().map(|person| ("z_guardian_id_as_child", person, id)));
            self.slips.extend(slips.shared.into_iter().map(|person| ("e_one_id_two_people", person, "")));
            let named = slips.borrowed.into_iter().filter(|_| COMPARED.contains(extract));
            self.borrowed.extend(named.map(|(person, number)| (person, *extract, number)));
        }
        Ok(())
    }

    /// Adds expected findings.
    pub(crate) fn expect(&mut self, expected: Vec<Expected>) {
        self.expected.extend(expected);
    }

    /// Adds what a chunk tells of its village.
    pub(crate) fn village(&mut self, facts: VillageFacts) {
        self.villages.push(facts);
    }

    /// Adds hard cases.
    pub(crate) fn mark(&mut self, marks: Marks) {
        self.marks.strata.extend(marks.strata);
        self.marks.names.extend(marks.names);
    }

    /// Writes the remaining files and the figures of the summary.
    pub(crate) fn finish(
        mut self,
        world: &World<'_>,
        registry: &Registry,
        sinks: &mut [Sink],
        summary: &mut SynthSummary,
    ) -> Result<(), SynthError> {
        self.take(sinks)?;
        let path = self.folder.join("truth.csv");
        self.truth.flush().map_err(|e| SynthError::Io(path, e))?;
        let slips = std::mem::take(&mut self.slips);
        let told = |(rule, person, event): (&'static str, u64, &str)| Expected::new(rule, person, event);
        self.expected.extend(slips.into_iter().map(told));
        let foreign = self.borrowed.iter().filter(|(_, _, number)| registry.resident(*number));
        let foreign =
            foreign.map(|(person, extract, _)| ("z_same_id_diff_name", *person, extract.layout().id));
        self.expected.extend(foreign.map(told));
        self.expected.extend(expected_of_villages(world, &self.villages));
        self.expected.sort_unstable();
        self.expected.dedup();
        let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
        let mut text = String::from("rule,person,event\n");
        let mut others = String::from("rule,person,stand_in\n");
        for expected in &self.expected {
            *by_rule.entry(expected.rule).or_default() += 1;
            let _ = writeln!(text, "{},{},{}", expected.rule, expected.person, expected.event);
            for stand_in in &expected.stand_ins {
                let _ = writeln!(others, "{},{},{stand_in}", expected.rule, expected.person);
            }
        }
        save(&self.folder.join("findings_truth.csv"), &text)?;
        save(&self.folder.join("findings_stand_ins.csv"), &others)?;
        summary.findings = by_rule.into_iter().map(|(rule, count)| (rule.to_owned(), count)).collect();
        summary.mentions = self.mentions;
        self.strata()
    }

    /// Common names: the hundredth part of the children whose full name most others share.
    fn strata(&mut self) -> Result<(), SynthError> {
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for (_, name) in &self.marks.names {
            *counts.entry(*name).or_default() += 1;
        }
        let mut shared: Vec<u32> = self.marks.names.iter().map(|(_, name)| counts[name]).collect();
        shared.sort_unstable_by(|a, b| b.cmp(a));
        let least = shared.get(shared.len() / 100).copied().unwrap_or(2).max(2);
        let common = self.marks.names.iter().filter(|(_, name)| counts[name] >= least);
        let mut strata: Vec<(u64, &str)> = common.map(|(person, _)| (*person, "common_name")).collect();
        strata.extend(self.marks.strata.iter().copied());
        strata.sort_unstable();
        strata.dedup();
        let mut text = String::from("person,stratum\n");
        for (person, stratum) in strata {
            let _ = writeln!(text, "{person},{stratum}");
        }
        save(&self.folder.join("truth_strata.csv"), &text)
    }
}

fn save(path: &Path, text: &str) -> Result<(), SynthError> {
    std::fs::write(path, text).map_err(|e| SynthError::Io(path.to_owned(), e))
}

/// One `manifest.csv` in each agency's folder.
pub(crate) fn manifests(out: &Path, sinks: &[Sink], calendar: &Calendar) -> Result<(), SynthError> {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for (sink, extract) in sinks.iter().zip(ALL) {
        let agency = extract.layout().agency;
        let text = lines
            .entry(agency)
            .or_insert_with(|| "文件名,来源单位,提供人,截止日期,行数,校验值,依据文号\n".to_owned());
        for file in &sink.delivered {
            let day = cut_off(calendar, *extract).iso();
            let (office, paper) = office(agency);
            let (name, rows, digest) = (&file.name, file.rows, &file.digest);
            let _ = writeln!(text, "{name},{office},信息科,{day},{rows},sha256:{digest},{paper}");
        }
    }
    lines.iter().try_for_each(|(agency, text)| save(&out.join(agency).join("manifest.csv"), text))
}

fn office(agency: &str) -> (&'static str, &'static str) {
    match agency {
        "civil-affairs" => ("启东市民政局", "启民〔2026〕12号"),
        "education" => ("启东市教育体育局", "启教〔2026〕31号"),
        "public-security" => ("启东市公安局", "启公〔2026〕8号"),
        "disability-federation" => ("启东市残疾人联合会", "启残〔2026〕5号"),
        "justice" => ("启东市司法局", "启司〔2026〕9号"),
        "court" => ("启东市人民法院", "启法〔2026〕17号"),
        "health" => ("启东市卫生健康委员会", "启卫〔2026〕22号"),
        "medical-insurance" => ("启东市医疗保障局", "启医保〔2026〕6号"),
        "human-resources" => ("启东市人力资源和社会保障局", "启人社〔2026〕14号"),
        _ => ("启东市应急管理局", "启应急〔2026〕11号"),
    }
}
