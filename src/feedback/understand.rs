//! One filled-in row as an answer: what the cells mean in the list of its case.

use super::ImportEnv;
use super::read::Filled;
use crate::domain::{Answer, Day, Outcome, Silence};
use crate::field::{Cell, date, money, month};
use crate::ledger::{
    Acknowledgement, CaseNumberError, CaseRecord, Incoming, LedgerState, Said, parse_case_number,
};
use crate::report::{AnswerColumn, AnswerField, AnswerKind, ListTemplate, OutcomeCode, SilenceRule};

/// Name of a cell and why it cannot be taken.
type Objection = (String, String);

/// The answer of a row.
pub(super) fn understand(
    row: &Filled,
    state: &LedgerState,
    env: &ImportEnv<'_>,
) -> Result<Incoming, Objection> {
    if let Some(cell) = row.formulas.first() {
        return Err((cell.clone(), "单元格是公式，请粘贴为数值或文字后重报".to_owned()));
    }
    let number =
        parse_case_number(&row.clue).map_err(|error| (row.clue_cell.clone(), wrong_number(error)))?;
    let unknown = || (row.clue_cell.clone(), "台账中没有这个线索编号".to_owned());
    let (_, record) = state.by_number(&number).ok_or_else(unknown)?;
    let list = record.finding().map(|finding| finding.list).unwrap_or_default();
    let no_list = || (row.clue_cell.clone(), "该线索所属清单已不在用，无法登记".to_owned());
    let template = env.desk.template(&list).ok_or_else(no_list)?;
    let reader = Reader { row, template, env };
    let said = match reader.acknowledgement()? {
        Some(receipt) => Said::Received(receipt),
        None => Said::Answer(Box::new(reader.answer(record)?)),
    };
    Ok(Incoming { number, said })
}

fn wrong_number(error: CaseNumberError) -> String {
    match error {
        CaseNumberError::Length => "不是线索编号：应为八位".to_owned(),
        CaseNumberError::Character(at) => format!("不是线索编号：第 {at} 位不是可用的字符"),
        CaseNumberError::Check => "线索编号校验不符，抄写有误".to_owned(),
    }
}

/// Reads the cells of one row in the words of one list.
struct Reader<'a> {
    row: &'a Filled,
    template: &'a ListTemplate,
    env: &'a ImportEnv<'a>,
}

impl Reader<'_> {
    /// That the case was received, where the row says so and answers nothing yet.
    fn acknowledgement(&self) -> Result<Option<Acknowledgement>, Objection> {
        let text = self.text(AnswerField::Acknowledged);
        let answered =
            [AnswerField::Result, AnswerField::Same, AnswerField::Reason, AnswerField::Disposition]
                .into_iter()
                .any(|field| !self.text(field).is_empty());
        if text.is_empty() || answered {
            return Ok(None);
        }
        let known =
            self.column(AnswerField::Acknowledged).is_some_and(|column| column.choices.contains(&text));
        if !known {
            return Err(self.object(AnswerField::Acknowledged, "确认收悉只能填下拉列表中的“已收悉”"));
        }
        let by = self.text(AnswerField::Officer);
        if by.is_empty() {
            return Err(self.object(AnswerField::Officer, "没有填写核查人（由谁确认收悉）"));
        }
        Ok(Some(Acknowledgement { by, on: self.day(AnswerField::CheckedOn)? }))
    }

    fn answer(&self, record: &CaseRecord) -> Result<Answer, Objection> {
        let finding = record.finding();
        let compared = finding.as_ref().is_some_and(|finding| !finding.candidates.is_empty());
        let same = self.same()?;
        if same.is_some() && !compared {
            let words = "该线索没有可对照的另一行，请改填核查结果";
            return Err(self.object(AnswerField::Same, words));
        }
        let outcome = self.outcome(same)?;
        let officer = self.text(AnswerField::Officer);
        if officer.is_empty() {
            return Err(self.object(AnswerField::Officer, "没有填写核查人"));
        }
        let checked_on = self.day(AnswerField::CheckedOn)?;
        let reason = self.text(AnswerField::Reason);
        let meaning = outcome.map(|outcome| self.meaning(outcome, &reason)).transpose()?;
        let proof_until = self.day(AnswerField::ProofUntil)?;
        let annex = finding.as_ref().is_some_and(|finding| finding.annex);
        // On a list a reason can only refute the link that the case rests on.
        let refutable = finding.as_ref().is_some_and(|finding| finding.weakest_link.is_some());
        let asked = |same: &bool| if annex { compared } else { !same && refutable };
        let proves = meaning.and_then(|meaning| meaning.proves).filter(asked);
        let same = same.or(proves);
        let silence = match meaning {
            // The question of the annex is answered; what follows from it, the next night finds.
            _ if same.is_some() && annex => Silence::Fact,
            None => Silence::Fact,
            Some(meaning) => self.silence(meaning.silence, checked_on, proof_until)?,
        };
        let disposition = self.text(AnswerField::Disposition);
        Ok(Answer {
            outcome,
            code: meaning.map_or_else(String::new, |meaning| meaning.code.clone()),
            reason,
            same,
            fields: self.other_fields()?,
            officer,
            checked_on,
            approver: self.text(AnswerField::Approver),
            silence,
            needs_approval: self.env.desk.outcomes.needs_approval(&self.template.list, &disposition),
            corrects: meaning.map_or_else(Vec::new, |meaning| meaning.corrects.clone()),
            class: meaning.map_or_else(|| "plain".to_owned(), |meaning| meaning.class.clone()),
            pairs: Vec::new(),
        })
    }

    fn column(&self, field: AnswerField) -> Option<&AnswerColumn> {
        self.template.answer.iter().find(|answer| answer.field == field)
    }

    /// The text of a column; empty when nothing stands there.
    fn of_column(&self, column: &AnswerColumn) -> String {
        let heading = crate::contract::normalised_heading(&column.title);
        self.row.cells.get(&heading).map_or_else(String::new, |(text, _)| text.clone())
    }

    fn text(&self, field: AnswerField) -> String {
        self.column(field).map_or_else(String::new, |column| self.of_column(column))
    }

    fn object(&self, field: AnswerField, reason: &str) -> Objection {
        (self.row.cell_of(field), reason.to_owned())
    }

    fn same(&self) -> Result<Option<bool>, Objection> {
        let Some(column) = self.column(AnswerField::Same) else { return Ok(None) };
        let text = self.of_column(column);
        match (text.is_empty(), column.choices.iter().position(|word| *word == text)) {
            (true, _) => Ok(None),
            (false, Some(at)) => Ok(Some(at == 0)),
            (false, None) => {
                Err(self.object(AnswerField::Same, "是否同一人只能填下拉列表中的“同一人”或“不是同一人”"))
            }
        }
    }

    fn outcome(&self, same: Option<bool>) -> Result<Option<Outcome>, Objection> {
        let text = self.text(AnswerField::Result);
        match Outcome::of_title(&text) {
            Some(outcome) => Ok(Some(outcome)),
            None if !text.is_empty() => {
                let reason = "核查结果只能填属实、部分属实、不属实、无法核实";
                Err(self.object(AnswerField::Result, reason))
            }
            None if same.is_some() => Ok(None),
            None => Err(self.object(AnswerField::Result, "没有填写核查结果")),
        }
    }

    fn meaning(&self, outcome: Outcome, reason: &str) -> Result<&OutcomeCode, Objection> {
        let outcomes = &self.env.desk.outcomes;
        let list = self.template.list.as_str();
        if let Some(meaning) = outcomes.meaning(list, reason, outcome) {
            return Ok(meaning);
        }
        if reason.is_empty() {
            let words = format!("核查结果为“{}”时须选择原因分类", outcome.title());
            return Err(self.object(AnswerField::Reason, &words));
        }
        if outcomes.reasons(list).iter().any(|label| label == reason) {
            let words = format!("原因分类与核查结果“{}”不符", outcome.title());
            return Err(self.object(AnswerField::Reason, &words));
        }
        // Words of one's own need a sentence beside them; they count as the last reason of the list.
        let last = outcomes.reasons(list);
        let other = last.iter().rev().find_map(|label| outcomes.meaning(list, label, outcome));
        match other.filter(|_| !self.text(AnswerField::Note).is_empty()) {
            Some(meaning) => Ok(meaning),
            None => {
                Err(self
                    .object(AnswerField::Reason, "原因分类不在下拉列表中；确需另写的，请同时填写情况说明"))
            }
        }
    }

    fn silence(
        &self,
        rule: SilenceRule,
        checked_on: Option<Day>,
        proof_until: Option<Day>,
    ) -> Result<Silence, Objection> {
        Ok(match (rule, proof_until) {
            (SilenceRule::Fact, _) => Silence::Fact,
            (SilenceRule::Gone, _) => Silence::Gone,
            (SilenceRule::Days(days), _) => {
                let days = i32::try_from(days).unwrap_or(i32::MAX / 2);
                Silence::Through(checked_on.unwrap_or(self.env.day).plus_days(days))
            }
            (SilenceRule::Proof, Some(until)) => Silence::Through(until),
            (SilenceRule::Proof, None) => {
                let words = "该原因须凭证明，请填写证明有效期至";
                return Err(self.object(AnswerField::ProofUntil, words));
            }
        })
    }

    fn day(&self, field: AnswerField) -> Result<Option<Day>, Objection> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        match date::parse(&text).day {
            Some(day) => Ok(Some(day)),
            None => Err(self.object(field, "日期无法识别，请按 2026-11-23 的形式填写")),
        }
    }

    /// Cells that are kept as they are, by heading; months and amounts have to be such.
    fn other_fields(&self) -> Result<std::collections::BTreeMap<String, String>, Objection> {
        let kept = |field| {
            matches!(field, AnswerField::Other | AnswerField::Note | AnswerField::Disposition)
                || field == AnswerField::ProofUntil
        };
        let mut fields = std::collections::BTreeMap::new();
        for column in self.template.answer.iter().filter(|column| kept(column.field)) {
            let text = self.of_column(column);
            if text.is_empty() {
                continue;
            }
            let text = match column.kind {
                AnswerKind::Text => text,
                AnswerKind::Date => date::parse(&text).day.map_or(text, Day::iso),
                AnswerKind::Month => match month::parse(&text) {
                    Cell::Value(value) => month::text(value),
                    Cell::Empty => continue,
                    Cell::Unreadable(_) => {
                        return Err(self.object_at(column, "年月无法识别，请按 2026-11 的形式填写"));
                    }
                },
                AnswerKind::Yuan => match money::parse_fen(&text) {
                    Cell::Value(_) => text,
                    Cell::Empty => continue,
                    Cell::Unreadable(_) => return Err(self.object_at(column, "金额无法识别")),
                },
            };
            fields.insert(column.title.clone(), text);
        }
        Ok(fields)
    }

    fn object_at(&self, column: &AnswerColumn, reason: &str) -> Objection {
        let heading = crate::contract::normalised_heading(&column.title);
        let cell = self.row.cells.get(&heading).map_or(&self.row.clue_cell, |(_, cell)| cell);
        (cell.clone(), reason.to_owned())
    }
}
