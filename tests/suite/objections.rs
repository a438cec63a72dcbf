//! What two persons settled is told, objected to and decided on: the ledger's part, and the commands on the demo
//! county.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use doudi::domain::{CaseStatus, Day, Phase};
use doudi::ledger::{
    AnswerCell, CaseRecord, Decision, Deed, EventKind, Ledger, LedgerError, NotDone, Notice, Objection, Taken,
};
use serde_json::json;

use crate::answers::{asked, confirmed, explained, first, import, told, with_more_evidence};
use crate::county::{County, NIGHT, copy};
use crate::ledger::{FULL, day, finding, night};

fn notice(file: &str) -> Deed {
    Deed::Notice(Notice { file: file.into(), sha256: "00".into(), by: "root".into() })
}

fn objection(on: i32) -> Deed {
    Deed::Object(Objection { officer: "丙".into(), on: day(on), reason: "已提供在读证明".into() })
}

fn decision(officer: &str, approver: &str, on: i32) -> Decision {
    Decision {
        officer: officer.into(), approver: approver.into(), on: day(on), reason: "材料属实".into()
    }
}

/// Enters one deed on a day; what was refused is told.
fn enter(ledger: &mut Ledger, clue: &str, on: i32, deed: Deed) -> Option<NotDone> {
    let before = ledger.events().unwrap().len();
    let result = ledger.record("deed", day(on), &[(clue.to_owned(), deed)]);
    ledger.verify().unwrap();
    let written = ledger.events().unwrap().len() - before;
    match result {
        Ok(()) => {
            assert_eq!(written, 1);
            None
        }
        Err(LedgerError::NotDone { number, why }) => {
            assert_eq!((number.as_str(), written), (clue, 0));
            Some(why)
        }
        Err(other) => panic!("{other}"),
    }
}

/// A ledger with one case whose stop two persons have settled on day 2.
fn stopped() -> (Ledger, String) {
    let (mut ledger, clue) = asked();
    let mut stop = confirmed("甲");
    stop.needs_approval = true;
    stop.approver = "乙".into();
    import(&mut ledger, 2, &[(&clue, stop)]);
    (ledger, clue)
}

#[test]
fn only_what_a_second_person_has_approved_is_told_or_objected_to() {
    let (mut ledger, clue) = asked();
    let refused = |ledger: &mut Ledger, on| {
        [notice("a"), objection(on), Deed::Uphold(decision("丙", "丁", on))]
            .map(|deed| enter(ledger, &clue, on, deed))
    };
    let not_approved = [Some(NotDone::NotApproved), Some(NotDone::NotApproved), Some(NotDone::NoObjection)];
    assert_eq!(refused(&mut ledger, 1), not_approved);
    let mut stop = confirmed("甲");
    stop.needs_approval = true;
    import(&mut ledger, 2, &[(&clue, stop.clone())]);
    assert_eq!(refused(&mut ledger, 2), not_approved, "one person has answered");
    stop.approver = "乙".into();
    import(&mut ledger, 3, &[(&clue, stop)]);
    assert_eq!(enter(&mut ledger, &clue, 3, notice("a")), None);
    assert_eq!((first(&ledger).phase, first(&ledger).notices.len()), (Phase::Approved, 1));
    assert_eq!(enter(&mut ledger, "2222-2222", 3, notice("a")), Some(NotDone::Unknown));
    // What explains a case stops nothing, however many sign it.
    let (mut ledger, clue) = asked();
    let mut fine = explained("甲");
    fine.needs_approval = true;
    fine.approver = "乙".into();
    import(&mut ledger, 2, &[(&clue, fine)]);
    assert_eq!(enter(&mut ledger, &clue, 2, notice("a")), Some(NotDone::NotApproved));
}

#[test]
fn an_objection_puts_the_case_aside_until_two_persons_decide() {
    let (mut ledger, clue) = stopped();
    assert_eq!(enter(&mut ledger, &clue, 3, objection(4)), Some(NotDone::Day), "tomorrow");
    assert_eq!(enter(&mut ledger, &clue, 3, objection(0)), Some(NotDone::Day), "before it was listed");
    assert_eq!(enter(&mut ledger, &clue, 3, objection(3)), None);
    assert_eq!(enter(&mut ledger, &clue, 3, objection(3)), Some(NotDone::UnderObjection));
    assert_eq!(enter(&mut ledger, &clue, 3, notice("b")), Some(NotDone::UnderObjection));
    let record = first(&ledger);
    assert_eq!(record.phase, Phase::Objected);
    assert!(record.standing().is_none() && record.settled_by_two().is_none(), "nothing counts meanwhile");
    // Nights neither withdraw it nor ask about it; answers have to wait for the decision.
    let plan = night(&mut ledger, 4, FULL, &[]);
    assert_eq!(told(&plan), [(CaseStatus::Carried, Phase::Objected, false)]);
    let plan = night(&mut ledger, 5, FULL, &[with_more_evidence()]);
    assert_eq!(told(&plan), [(CaseStatus::Changed, Phase::Objected, false)]);
    let refused = import(&mut ledger, 5, &[(&clue, explained("戊"))]);
    assert_eq!(refused[0].as_ref().unwrap_err().cell, AnswerCell::Clue);

    for (officer, approver, on, why) in [
        ("丙", "丙", 5, NotDone::OnePerson),
        ("Li Si", "li  si", 5, NotDone::OnePerson),
        ("丙", " ", 5, NotDone::Empty),
        ("丙", "丁", 2, NotDone::Day),
    ] {
        let deed = Deed::Revoke(decision(officer, approver, on));
        assert_eq!(enter(&mut ledger, &clue, 5, deed), Some(why), "{officer} {approver} {on}");
    }
    assert_eq!(enter(&mut ledger, &clue, 5, Deed::Uphold(decision("丙", "丁", 5))), None);
    let record = first(&ledger);
    assert_eq!(record.phase, Phase::Approved);
    assert!(record.settled_by_two().is_some_and(|given| given.approved_by == "乙"));
    assert!(
        record.objections[0]
            .decided
            .as_ref()
            .is_some_and(|(decision, upheld)| *upheld && decision.approver == "丁")
    );
    let plan = night(&mut ledger, 6, FULL, &[]);
    assert_eq!(told(&plan), [(CaseStatus::Withdrawn, Phase::Closed, false)]);
    // Also what is over can be objected to.
    assert_eq!(enter(&mut ledger, &clue, 7, objection(7)), None);
    assert_eq!(first(&ledger).objections.len(), 2);
}

#[test]
fn a_revoked_stop_counts_no_more_and_is_asked_about_only_when_its_fact_changes() {
    let (mut ledger, clue) = stopped();
    enter(&mut ledger, &clue, 3, objection(3));
    assert_eq!(enter(&mut ledger, &clue, 4, Deed::Revoke(decision("丙", "丁", 4))), None);
    let record = first(&ledger);
    assert_eq!((record.phase, record.answers[0].revoked), (Phase::Closed, true));
    assert!(record.standing().is_none());
    assert_eq!(enter(&mut ledger, &clue, 4, notice("a")), Some(NotDone::NotApproved));
    assert_eq!(
        enter(&mut ledger, &clue, 4, Deed::Revoke(decision("丙", "丁", 4))),
        Some(NotDone::NoObjection)
    );
    // The same file once more changes nothing, and who agrees with the decision disputes nothing.
    let mut stop = confirmed("甲");
    stop.needs_approval = true;
    stop.approver = "乙".into();
    assert_eq!(import(&mut ledger, 5, &[(&clue, stop)]), [Ok(Taken::Known)]);
    assert_eq!(import(&mut ledger, 5, &[(&clue, explained("戊"))]), [Ok(Taken::Recorded)]);
    assert_eq!(first(&ledger).phase, Phase::Closed);
    for number in [6, 7] {
        let plan = night(&mut ledger, number, FULL, &[finding("d", "a", "x")]);
        assert_eq!((plan.events.len(), plan.cases[0].asks()), (0, false), "night {number}");
    }
    let plan = night(&mut ledger, 8, FULL, &[with_more_evidence()]);
    assert_eq!(told(&plan), [(CaseStatus::New, Phase::Sent, true)]);
    assert_eq!(plan.count(EventKind::Reopened), 1);
}

#[test]
fn several_deeds_are_written_together_or_not_at_all() {
    let (mut ledger, clue) = stopped();
    let before = ledger.events().unwrap().len();
    let deeds = [(clue.clone(), notice("a")), ("2222-2222".to_owned(), notice("b"))];
    assert!(matches!(ledger.record("notice", day(3), &deeds), Err(LedgerError::NotDone { .. })));
    assert_eq!(ledger.events().unwrap().len(), before);
}

/// A ledger that version 4 of the schema wrote: four cases, two of them stopped by two persons, one by one.
#[test]
fn a_ledger_of_version_4_is_read_migrated_and_takes_an_objection() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/compat/ledger-v4.sqlite");
    fs::copy(&old, &path).unwrap();
    let look = Ledger::open_for_planning(&path).unwrap();
    assert_eq!(look.verify().unwrap(), 13);
    drop(look);
    let mut ledger = Ledger::open(&path).unwrap();
    let day = Day::from_ymd(2026, 11, 22).unwrap();
    let mut deed = |number: &str| {
        let objection = Objection { officer: "赵某".into(), on: day, reason: "已提供材料".into() };
        ledger.record("objection", day, &[(number.to_owned(), Deed::Object(objection))]).is_ok()
    };
    assert!(deed("H3D8-288V") && !deed("ZWME-E75J") && !deed("BB53-VMSC"));
    assert_eq!(ledger.verify().unwrap(), 14);
    let state = ledger.state().unwrap();
    let phases: BTreeSet<Phase> = state.cases.values().map(|case: &CaseRecord| case.phase).collect();
    assert_eq!(phases, BTreeSet::from([Phase::Sent, Phase::Answered, Phase::Approved, Phase::Objected]));
}

/// Text of a draft, paragraph by paragraph.
fn text_of(path: &Path) -> Vec<String> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut xml = String::new();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    let texts = xml.split("<w:t xml:space=\"preserve\">").skip(1);
    texts.map(|part| part.split("</w:t>").next().unwrap().to_owned()).collect()
}

/// First case of a rule on the list itself, not the annex.
fn case_of(county: &County, rule: &str) -> String {
    let rows = county.rows("cases.parquet", &["rule", "annex", "case_number"]);
    rows.into_iter().find(|row| row[0] == rule && row[1] == "false").unwrap().swap_remove(2)
}

#[test]
fn notices_are_drafted_of_what_two_approved_and_an_objection_is_decided_by_two() {
    let folder = tempfile::tempdir().unwrap();
    copy(&NIGHT.folder, folder.path());
    let county = County { folder: folder.path().to_owned() };
    // A dead recipient, a parent's release (of which a family may not read), a stop with one signature.
    let [open, custody, lone] =
        ["e_living_no_dibao", "e_parent_released", "e_hukou_moved"].map(|rule| case_of(&county, rule));
    let answer =
        |clue: &str, what: &str, second: &str| format!("{clue},属实,情况属实,{what},王某,{second}\n");
    let file = folder.path().join("反馈.csv");
    let rows = [
        "线索编号,核查结果,原因分类,处理意见,核查人,审核人\n".to_owned(),
        answer(&open, "停发", "李某"),
        answer(&custody, "调整类别", "李某"),
        answer(&lone, "停发", ""),
    ];
    fs::write(&file, rows.concat()).unwrap();
    county.well(&["feedback", "import", "--as-of", "2026-11-20", file.to_str().unwrap()]);

    let on = ["--as-of", "2026-11-21"];
    let (code, said) =
        county.refused(&[&["case", "notice", &lone, "--out", "drafts"], on.as_slice()].concat());
    assert_eq!((code, said.contains("no second person has approved")), (2, true), "{said}");
    assert!(!county.folder.join("drafts").exists());
    let drafted = county.json(&[&["case", "notice", "--all", "--out", "drafts"], on.as_slice()].concat());
    assert_eq!((drafted["drafted"].as_array().unwrap().len(), &drafted["left_out"]), (2, &json!([])));
    let again = county.json(&[&["case", "notice", "--all", "--out", "drafts"], on.as_slice()].concat());
    assert_eq!(again["drafted"], json!([]), "each is drafted once");
    let (code, _) = county.refused(&[&["case", "notice", &open, "--out", "drafts"], on.as_slice()].concat());
    assert_eq!(code, 2, "a draft that an office may have edited is not written over");
    county.well(&[&["case", "notice", &open, "--out", "other"], on.as_slice()].concat());
    let draft = |folder: &str, clue: &str| county.folder.join(folder).join(format!("告知书_{clue}.docx"));
    assert_eq!(fs::read(draft("drafts", &open)).unwrap(), fs::read(draft("other", &open)).unwrap());

    let text = text_of(&draft("drafts", &open));
    assert_eq!(text[0], "告知书（草稿）");
    let whole = text.join("\n");
    for words in [
        "********",
        "拟停止发放该项待遇",
        "10 日内【天数待客户确认】",
        "　　　　年　　月　　日",
        "国发〔2015〕52号",
    ] {
        assert!(whole.contains(words), "{words}: {whole}");
    }
    let last = county.rows("cases.parquet", &["case_number", "details"]);
    let details = &last.iter().find(|row| row[0] == open).unwrap()[1];
    let month = details.split("suggested_last_month=").nth(1).unwrap().get(..7).unwrap();
    assert!(whole.contains(&format!("建议末领年月为 {month}，自 ")), "{month}: {whole}");
    let hidden = text_of(&draft("drafts", &custody)).join("\n");
    assert!(
        hidden.contains("【事由涉及不予披露的信息") && hidden.contains("【待核实：条文待核对】"),
        "{hidden}"
    );
    for word in ["释放", "羁押", "服刑", "刑"] {
        assert!(!hidden.contains(word), "{word}: {hidden}");
    }
    decided(&county, &open);
}

/// An objection to a stop, the list of the next night, the decision, and what is told of all that.
fn decided(county: &County, clue: &str) {
    let on = ["--as-of", "2026-11-21"];
    let object = ["case", "object", clue, "--officer", "赵某", "--reason", "已提供在保证明"];
    county.well(&[object.as_slice(), &on].concat());
    let shown = county.json(&["case", "show", clue]);
    assert_eq!((&shown["phase"], &shown["objections"][0]["reason"]), (&json!("objected"), &json!(null)));
    assert!(county.well(&["case", "list"]).contains(clue), "somebody has to decide");

    county.well(&["run", "pipelines/nightly.toml", "--as-of", "2026-11-21"]);
    let lists = county.folder.join("out/latest/lists/civil-affairs-relief");
    let list = fs::read_to_string(lists.join("应退未退疑似清单_2026-11-21.csv")).unwrap();
    let line = list.lines().find(|line| line.contains(clue)).unwrap();
    assert!(line.contains("【异议复核中】"), "{line}");

    let decide = |officer: &'static str, approver: &'static str| {
        [
            "case",
            "decide",
            clue,
            "--revoke",
            "--reason",
            "在保证明属实",
            "--officer",
            officer,
            "--approver",
            approver,
        ]
    };
    let (code, said) = county.refused(&[decide("钱某", "钱某").as_slice(), &on].concat());
    assert_eq!((code, said.contains("a decision takes two")), (2, true), "{said}");
    county.well(&[decide("钱某", "孙某").as_slice(), &on].concat());
    let text = county.well(&["case", "show", clue]);
    for words in [
        "已办结",
        "审核人 李某，已撤销",
        "告知书（草稿）",
        "登记人 赵某",
        "决定撤销",
        "复核人 钱某，审核人 孙某",
        "提出异议",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("在保证明"), "what people wrote is told only when it is asked for");
    assert!(county.json(&["status"])["ledger"]["intact"].as_bool().unwrap());
}
