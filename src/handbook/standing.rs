//! Every rule that was agreed on, and whether it is written, runs, or lacks data.

use crate::spec::Plan;
use crate::tables::Priority;

/// Where a rule stands. Nothing of it is stored: the folder of rules and the pipeline tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The pipeline runs it.
    Runs,
    /// It is written, and this pipeline does not run it.
    NotInPipeline,
    /// It needs data that nobody delivers.
    LacksData(String),
    /// The data is agreed on (titles of the extracts); nobody has written the rule yet.
    Unwritten(Vec<String>),
}

impl Standing {
    /// Word for machines.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::NotInPipeline => "not_in_pipeline",
            Self::LacksData(_) => "lacks_data",
            Self::Unwritten(_) => "unwritten",
        }
    }

    /// In words, for officers.
    pub fn words(&self) -> String {
        match self {
            Self::Runs => "运行".to_owned(),
            Self::NotInPipeline => "已编写，本管道未启用".to_owned(),
            Self::LacksData(what) => format!("缺数据：{what}"),
            Self::Unwritten(extracts) => format!("未编写（数据已有约定：{}）", extracts.join("、")),
        }
    }
}

/// One rule of the book, or one beside it.
#[derive(Clone, Debug)]
pub struct BookRow {
    /// Rule id.
    pub rule: String,
    /// Title: the rule's own where it runs, else the book's.
    pub title: String,
    /// Title of its list.
    pub list: String,
    /// When it is wanted; `None` for a rule that is not in the book.
    pub priority: Option<Priority>,
    /// Where it stands.
    pub standing: Standing,
}

/// All rules of the book in its order, then those of the folder that are not in it.
pub fn all_rules(plan: &Plan) -> Vec<BookRow> {
    let book = &plan.tables.rule_book;
    let written = |rule: &str| {
        if plan.book.rule(rule).is_some() {
            return Some(Standing::Runs);
        }
        plan.rule_files.iter().any(|id| id == rule).then_some(Standing::NotInPipeline)
    };
    let title = |rule: &str| {
        let found = plan.book.rule(rule);
        found.map(|rule| rule.header.title.clone())
    };
    let list =
        |list: &str| plan.desk.template(list).map_or_else(|| list.to_owned(), |found| found.title.clone());
    let extract = |id: &String| {
        plan.contracts.get(id).map_or_else(|| id.clone(), |contract| format!("《{}》", contract.title))
    };
    let of_book = book.entries.iter().map(|entry| BookRow {
        rule: entry.rule.clone(),
        title: title(&entry.rule).unwrap_or_else(|| entry.title.clone()),
        list: list(&entry.list),
        priority: Some(entry.priority),
        standing: written(&entry.rule).unwrap_or_else(|| {
            if entry.needs.is_empty() {
                Standing::Unwritten(entry.reads.iter().map(extract).collect())
            } else {
                Standing::LacksData(entry.needs.clone())
            }
        }),
    });
    let beside = plan.rule_files.iter().filter(|rule| book.entry(rule).is_none()).map(|rule| {
        let found = plan.book.rule(rule);
        BookRow {
            rule: rule.clone(),
            title: found.map_or_else(String::new, |rule| rule.header.title.clone()),
            list: found.map_or_else(String::new, |rule| list(&rule.header.list)),
            priority: None,
            standing: written(rule).unwrap_or(Standing::NotInPipeline),
        }
    });
    of_book.chain(beside).collect()
}
