//! A small publication with every kind of row. All persons are invented; numbers have no valid region.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use doudi::diag::{Diagnostic, Spot};
use doudi::domain::{
    Case, CaseStatus, Completeness, Day, Evidence, ExtractState, FileReport, Finding, FindingDetail,
    FindingParts, Grade, IdentityId, KeptRows, LinkSummary, MentionRef, Phase, Place, PolicyMatch,
    Quarantined, ResidentId, RuleOutcome, Settlement, Severity, Sex,
};
use doudi::report::{
    Compared, Desk, DocketColumn, DocketFacts, DocketPart, DocketTemplate, ExtractFacts, IdentityFigures,
    Missed, NightBefore, NightFacts, PartStanding, Person, PolicyFacts, PublishInput, Published, RowPlace,
    RuleFacts, RulePrecision, publish,
};

pub(crate) const TOWNS: [&str; 3] = ["甲镇", "乙街道", "丙镇"];

/// All agencies that get lists.
pub(crate) const AGENCIES: [&str; 12] = [
    "civil-affairs",
    "civil-affairs-relief",
    "education",
    "disability-federation",
    "public-security",
    "justice",
    "court",
    "health",
    "medical-insurance",
    "human-resources",
    "emergency",
    "women-federation",
];

/// A table into the folder by which every recipient may get every list.
pub(crate) fn open_all_lists(folder: &Path) {
    let bundled = Desk::load(None, None).unwrap();
    let lists = bundled.templates.iter().flat_map(|template| {
        bundled.disclosure.recipients().iter().map(move |known| format!("{},{},,\n", template.list, known.id))
    });
    let text = format!("list,recipient,valid_from,valid_until\n{}", lists.collect::<String>());
    std::fs::write(folder.join("list_recipients.csv"), text).unwrap();
}

/// The bundled desk, but that every recipient may get every list.
fn open_desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    open_all_lists(folder.path());
    Desk::load(None, Some(folder.path())).unwrap()
}

/// Everything a [`PublishInput`] borrows.
pub(crate) struct Demo {
    pub(crate) desk: Desk,
    pub(crate) rules: Vec<RuleFacts>,
    pub(crate) outcomes: Vec<RuleOutcome>,
    pub(crate) cases: Vec<Case>,
    pub(crate) past: Vec<Case>,
    pub(crate) before: Option<NightBefore>,
    pub(crate) nights: Vec<NightFacts>,
    pub(crate) compared: Compared,
    pub(crate) precision: (Vec<RulePrecision>, Vec<Missed>),
    pub(crate) policies: Vec<PolicyFacts>,
    pub(crate) matches: Vec<PolicyMatch>,
    pub(crate) extracts: Vec<ExtractFacts>,
    pub(crate) link: LinkSummary,
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) day: Day,
    /// A ledger and what its view gave.
    pub(crate) docket: Option<(DocketTemplate, KeptRows)>,
}

/// A ledger of children 0 to `count`, each third listed in it, with one column of each class.
pub(crate) fn docket(classes: &[String], count: i64) -> (DocketTemplate, KeptRows) {
    let column = |class: &String| DocketColumn {
        name: format!("of_{class}"),
        title: format!("列<{class}>"),
        class: class.clone(),
        width: 10,
        sheet: true,
    };
    let part = |title: &str, standing| DocketPart {
        title: title.to_owned(),
        list: "dropout".into(),
        standing,
        registered: title.to_owned(),
        without_rules: Vec::new(),
        without: indexmap::IndexMap::default(),
    };
    let template = DocketTemplate {
        title: "适龄台账".into(),
        view: "v".into(),
        book: "台账".into(),
        recipients: AGENCIES.map(str::to_owned).to_vec(),
        basis: Vec::new(),
        reads: Vec::new(),
        optional_reads: Vec::new(),
        tally: format!("of_{}", classes[0]),
        tally_by: Vec::new(),
        what: vec!["说明".into()],
        column: classes.iter().map(column).collect(),
        copy: Vec::new(),
        copies_only: false,
        part: vec![part("疑似台账", PartStanding::Open), part("属实台账", PartStanding::Confirmed)],
    };
    let rows = usize::try_from(count).unwrap();
    let text = |cell: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![cell; rows])) };
    let listed: BooleanArray = (0..count).map(|at| Some(at % 3 == 0)).collect();
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("identity".into(), Arc::new(Int64Array::from_iter_values(0..count))),
        ("listed".into(), Arc::new(listed)),
        ("registered".into(), text(None)),
    ];
    columns.extend(classes.iter().map(|class| (format!("of_{class}"), text(Some(&format!("值<{class}>"))))));
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    (template, KeptRows { view: "v".into(), rows: Ok(rows), faults: String::new() })
}

/// The same ledger with one more column: name, class, and what stands in it for each child.
pub(crate) fn with_column(
    (mut template, kept): (DocketTemplate, KeptRows),
    (name, class): (&str, &str),
    cell: impl Fn(i64) -> &'static str,
) -> (DocketTemplate, KeptRows) {
    let rows = kept.rows.unwrap();
    let schema = rows.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    let mut columns: Vec<(String, ArrayRef)> = names.zip(rows.columns().iter().cloned()).collect();
    let cells = (0..i64::try_from(rows.num_rows()).unwrap()).map(|at| Some(cell(at)));
    columns.push((name.to_owned(), Arc::new(cells.collect::<StringArray>())));
    template.column.push(DocketColumn {
        name: name.to_owned(),
        title: format!("台账{name}"),
        class: class.to_owned(),
        width: 10,
        sheet: true,
    });
    (template, KeptRows { rows: Ok(RecordBatch::try_from_iter(columns).unwrap()), ..kept })
}

pub(crate) fn as_of() -> Day {
    Day::from_ymd(2026, 11, 20).unwrap()
}

fn rule(id: &str, title: &str, list: &str, recipients: &[&str], discloses: &[&str]) -> RuleFacts {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    RuleFacts {
        id: id.into(),
        title: title.into(),
        list: list.into(),
        severity: if list == "exit" { Severity::High } else { Severity::Medium },
        recipients: texts(recipients),
        due_days: 10,
        basis: vec!["《中华人民共和国义务教育法》第十三条".into()],
        verify: vec!["是否同名".into(), "是否已变更".into()],
        discloses: texts(discloses),
    }
}

pub(crate) fn rules() -> Vec<RuleFacts> {
    vec![
        rule("d_no_roll", "重点儿童无学籍", "dropout", &["education", "town"], &[]),
        rule("e_released", "父母刑满释放/解除羁押", "exit", &["civil-affairs", "town"], &["custody"]),
        rule("e_dead", "死亡仍享受", "exit", &["civil-affairs"], &[]),
        rule("z_id", "身份证无效", "data", &["owner"], &[]),
        rule("q_visit", "一月一访逾期", "quality", &["civil-affairs", "town"], &[]),
    ]
}

fn extract(id: &str, title: &str, agency: &str, read: u64, held: usize) -> ExtractFacts {
    let file = format!("{title}_20261118.csv");
    let quarantined = (0..held).map(|at| Quarantined {
        file: file.clone(),
        sheet: String::new(),
        row: u32::try_from(at).unwrap() + 2,
        field: Some("姓名".into()),
        code: "required_empty",
        reason: "姓名为空".into(),
        cells: vec!["1".into(), String::new()],
    });
    ExtractFacts {
        id: id.into(),
        title: title.into(),
        agency: agency.into(),
        owner: "某单位".into(),
        as_of: Day::from_ymd(2026, 11, 18),
        state: ExtractState::Complete,
        completeness: Completeness::default(),
        files: vec![FileReport {
            name: file.clone(),
            rows_read: read,
            rows_accepted: read - held as u64,
            rows_quarantined: held as u64,
            dropped_columns: vec!["备注".into()],
            ..FileReport::default()
        }],
        records: read - held as u64,
        quarantined: quarantined.collect(),
        headings: vec!["编号".into(), "姓名".into()],
        problems: vec![Diagnostic::warning("code_unknown", Spot::file(file), "3 values of 民族 are unknown")],
    }
}

pub(crate) fn extracts() -> Vec<ExtractFacts> {
    let mut missing = extract("absence", "缺勤", "education", 0, 0);
    missing.state = ExtractState::Missing;
    missing.files = Vec::new();
    missing.problems = Vec::new();
    vec![
        extract("child_roster", "儿童名册", "civil-affairs", 812, 3),
        extract("student_roll", "学籍", "education", 61_204, 12),
        missing,
        extract("population", "人口", "public-security", 1_098_311, 41),
        extract("custody", "羁押强戒", "public-security", 220, 0),
    ]
}

fn case(at: usize, rule: &RuleFacts, status: CaseStatus, annex: bool) -> Case {
    let subject = if rule.id == "z_id" { ("population", "resident") } else { ("child_roster", "child") };
    let row_key = format!("row{at}");
    let detail = |name: &str, value: &str| FindingDetail { name: name.into(), value: value.into() };
    let parts = FindingParts {
        rule: rule.id.clone(),
        list: rule.list.clone(),
        subject: (subject.0.into(), subject.1.into(), row_key.clone()),
        identity: IdentityId(i64::try_from(at).unwrap()),
        event: "2026-2027".into(),
        confidence: 0.93 + (at % 7) as f64 / 100.0,
        grade: if annex { Grade::C } else { Grade::A },
        reason: match rule.id.as_str() {
            "e_released" => "父亲服刑在押情形已于2026年10月12日结束，需核实是否仍符合事实无人抚养条件".into(),
            _ => {
                "12岁，困境儿童，2026-2027学年应读六年级，学籍库无记录（已查证号、姓名加出生日期、旧学籍号）"
                    .into()
            }
        },
        details: vec![
            detail("age", "12"),
            detail("category", "困境儿童"),
            detail("expected_grade", "六年级"),
            detail("release_date", "2026-10-12"),
            detail("not_in_any_template", "SECRET-UNLISTED"),
        ],
    };
    let mut evidence = vec![Evidence { extract: subject.0.into(), row_key }];
    if rule.id == "e_released" {
        evidence.push(Evidence { extract: "custody".into(), row_key: "c1".into() });
    }
    let mut finding = Finding::new(parts, evidence).unwrap();
    if annex {
        finding.annex = true;
        finding.annex_reason = "学籍中有疑似同一人：身份证第14位不同，姓名同音".into();
        finding.candidates = vec![("student_roll".into(), format!("pupil{at}"), "pupil".into())];
    }
    Case {
        number: format!("D{:03}-{:04}", at % 1000, at),
        key: finding.case_key(),
        status,
        first_seen: as_of().plus_days(if status == CaseStatus::New { 0 } else { -30 }),
        finding,
        withdrawn_reason: if status == CaseStatus::Withdrawn { "不再符合".into() } else { String::new() },
        phase: if status == CaseStatus::Withdrawn { Phase::Withdrawn } else { Phase::Sent },
        listed_on: as_of().plus_days(if status == CaseStatus::New { 0 } else { -30 }),
        reopened_reason: String::new(),
        acknowledged: None,
        answers: Vec::new(),
        settled: (status == CaseStatus::Withdrawn).then(|| (as_of(), Settlement::Withdrawn)),
    }
}

/// `count` cases, round robin over rules, statuses and the annex.
pub(crate) fn cases(count: usize) -> Vec<Case> {
    const STATUS: [CaseStatus; 7] = [
        CaseStatus::New,
        CaseStatus::Kept,
        CaseStatus::Kept,
        CaseStatus::Changed,
        CaseStatus::Kept,
        CaseStatus::Withdrawn,
        CaseStatus::Carried,
    ];
    let rules = rules();
    (0..count)
        .map(|at| case(at, &rules[at % rules.len()], STATUS[at % STATUS.len()], at % 11 == 10))
        .collect()
}

impl Demo {
    pub(crate) fn new(count: usize) -> Self {
        let outcomes = rules()
            .iter()
            .map(|rule| RuleOutcome {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                list: rule.list.clone(),
                not_run: (rule.id == "q_visit").then(|| "走访记录未收到".to_owned()),
                waiting: None,
                findings: 3,
                annex: 1,
                known_until: Some(as_of()),
            })
            .collect();
        let link = LinkSummary {
            mentions: 3_912_004,
            pairs: vec![("证号".into(), 2_310_222), ("姓名+出生日期".into(), 880_100)],
            links: vec![
                ("valid_id".into(), 2_200_001),
                ("household".into(), 40_233),
                ("model".into(), 9_120),
            ],
            review: 214,
            tied: 6,
            contradicted: 1,
            oversized: vec!["姓名+镇：一组 5,210 人，按出生年份拆分".into()],
            figures: None,
        };
        Self {
            desk: open_desk(),
            rules: rules(),
            outcomes,
            cases: cases(count),
            past: Vec::new(),
            before: None,
            nights: Vec::new(),
            compared: Compared::default(),
            precision: (Vec::new(), Vec::new()),
            policies: Vec::new(),
            matches: Vec::new(),
            extracts: extracts(),
            link,
            facts: vec![("模型".into(), "county-2026-11".into()), ("方案摘要".into(), "ab".repeat(32))],
            day: as_of(),
            docket: None,
        }
    }

    pub(crate) fn publish(&self, out: &std::path::Path) -> Published {
        let facts = |(template, rows)| DocketFacts { template, basis: Vec::new(), rows };
        let dockets: Vec<DocketFacts<'_>> = self.docket.iter().map(|(t, r)| facts((t, r))).collect();
        let input = PublishInput {
            dockets: &dockets,
            released: &[],
            desk: &self.desk,
            run_id: "20261120-ab12cd34",
            as_of: self.day,
            title: "困境儿童与控辍保学夜间比对",
            facts: &self.facts,
            rules: &self.rules,
            outcomes: &self.outcomes,
            cases: &self.cases,
            past: &self.past,
            before: self.before.as_ref(),
            nights: &self.nights,
            compared: &self.compared,
            precision: &self.precision,
            extracts: &self.extracts,
            link: &self.link,
            identities: IdentityFigures { count: 1_102_553, merged: 3, split: 1 },
            person: &person,
            place: &place,
            policies: &self.policies,
            matches: &self.matches,
            identity: &who,
            mention: &mention,
        };
        publish(&input, out).unwrap()
    }
}

fn person(finding: &Finding) -> Person {
    who(finding.identity)
}

pub(crate) fn who(identity: IdentityId) -> Person {
    let at = usize::try_from(identity.0).unwrap();
    // One in thirteen has no known town; names begin with a formula sign now and then.
    let town = (at % 13 != 12).then_some(at % 3);
    Person {
        name: if at % 10 == 5 {
            "=HYPERLINK(\"x\")".into()
        } else {
            format!("{}某{}", ["张", "欧阳", "李"][at % 3], ["", "甲", "乙"][at % 2])
        },
        sex: if at.is_multiple_of(2) { Sex::Male } else { Sex::Female },
        birth: Day::from_ymd(2014, 3, 5),
        resident_id: Some(ResidentId::from_body(99_010_120_140_305_000 + at as u64)),
        place: Place {
            town: town.map_or(0, |t| u16::try_from(t).unwrap() + 1),
            village: 1 + u16::try_from(at / 3 % 2).unwrap(),
            group: 0,
            outside: false,
        },
        town: town.map_or_else(String::new, |t| TOWNS[t].to_owned()),
        village: ["第一村", "第二村"][at / 3 % 2].into(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what the desk calls may know no place")]
fn place(evidence: &Evidence) -> Option<RowPlace> {
    Some(RowPlace { file: format!("{}_20261118.csv", evidence.extract), sheet: String::new(), row: 17 })
}

/// The row to compare with: one character of the name and two digits of the number differ.
fn mention((_, row_key, _): &MentionRef) -> Option<Person> {
    let at: u64 = row_key.strip_prefix("pupil")?.parse().ok()?;
    Some(Person {
        name: "张某甲".into(),
        birth: Day::from_ymd(2014, 5, 3),
        resident_id: Some(ResidentId::from_body(99_010_120_140_503_000 + at)),
        town: TOWNS[0].to_owned(),
        village: "第二村".into(),
        ..Person::default()
    })
}
