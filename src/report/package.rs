//! Who gets what: cases and held-back rows sorted into one package for each recipient.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::book::{self, Book, BookList, NotRun, PeriodicBook, ProgressRow, SummaryCounts, SummaryRow};
use super::corrections::Correction;
use super::disclosure::{Recipient, RecipientKind};
use super::input::{PublishInput, RuleFacts};
use super::progress::Progress;
use super::rows::{CaseFacts, Context, ListRows, Receiver};
use super::template::{ListPart, ListTemplate};
use super::{
    DocketFacts, PublishedFile, ReportError, artifacts, corrections, docket, flat, periodic, policies,
};
use crate::domain::{CaseStatus, Day, Phase, Quarantined, digests_of};

/// Everything one recipient gets.
pub(super) struct Package<'a> {
    /// Folder below `lists/`.
    pub(super) folder: String,
    /// Name for people.
    pub(super) title: String,
    recipient: &'a Recipient,
    /// Lists that exist for it, by the templates' order, with its cases.
    pub(super) lists: Vec<(&'a ListTemplate, Vec<&'a CaseFacts<'a>>)>,
    /// Cases of earlier nights of which no list speaks tonight.
    past: Vec<&'a CaseFacts<'a>>,
    /// Rows of its own files that were held back: extract id and title, rows.
    returned: Vec<(&'a str, &'a str, &'a [Quarantined])>,
    /// Rows of its own that officers found wrong.
    corrections: Vec<Correction>,
    /// Ledgers.
    dockets: Vec<&'a DocketFacts<'a>>,
}

/// The packages of all recipients, sorted by folder. Agencies get every list that a rule addresses to
/// them, also an empty one (it says that nothing was found, or that rules did not run); towns and owners
/// get a package when there is something in it.
pub(super) fn sort_out<'a>(
    input: &PublishInput<'a>,
    (cases, past): (&'a [CaseFacts<'a>], &'a [CaseFacts<'a>]),
    context: &Context<'a>,
) -> Vec<Package<'a>> {
    let mut packages: BTreeMap<String, Builder<'a>> = BTreeMap::new();
    for rule in input.rules {
        let Some(template) = input.desk.template(&rule.list) else { continue };
        for recipient in rule.recipients.iter().filter_map(|name| context.disclosure().recipient(name)) {
            let gets = context.disclosure().may_get(&template.list, &recipient.id);
            if recipient.kind == RecipientKind::Agency && gets {
                builder(&mut packages, recipient, None).list(template);
            }
        }
    }
    for facts in cases {
        let Some(template) = input.desk.template(&facts.rule.list) else { continue };
        for (recipient, town) in addressees(facts, template, context) {
            builder(&mut packages, recipient, town).list(template).push(facts);
        }
    }
    for facts in past {
        let Some(template) = input.desk.template(&facts.rule.list) else { continue };
        for (recipient, town) in addressees(facts, template, context) {
            // Who gets nothing tonight needs no figures either.
            if let Some(package) = packages.get_mut(&folder_name(recipient, town)) {
                package.past.push(facts);
            }
        }
    }
    let returned_to = input.desk.templates.iter().find(|template| template.returned_rows.is_some());
    for extract in input.extracts.iter().filter(|extract| !extract.quarantined.is_empty()) {
        let owner = context.disclosure().recipient(&extract.agency);
        if let (Some(owner), Some(template)) = (owner, returned_to) {
            let package = builder(&mut packages, owner, None);
            package.list(template);
            package.returned.push((&extract.id, &extract.title, &extract.quarantined));
        }
    }
    for docket in input.dockets {
        let named = docket.template.recipients.iter();
        for recipient in named.filter_map(|name| context.disclosure().recipient(name)) {
            builder(&mut packages, recipient, None).dockets.push(docket);
        }
    }
    for (owner, corrections) in corrections::sort_out(input, cases, context) {
        builder(&mut packages, owner, None).corrections = corrections;
    }
    packages
        .into_iter()
        .map(|(folder, package)| Package {
            folder,
            title: package.title,
            recipient: package.recipient,
            lists: package.lists.into_values().collect(),
            past: package.past,
            returned: package.returned,
            corrections: package.corrections,
            dockets: package.dockets,
        })
        .collect()
}

struct Builder<'a> {
    title: String,
    recipient: &'a Recipient,
    lists: BTreeMap<(u32, &'a str), (&'a ListTemplate, Vec<&'a CaseFacts<'a>>)>,
    past: Vec<&'a CaseFacts<'a>>,
    returned: Vec<(&'a str, &'a str, &'a [Quarantined])>,
    corrections: Vec<Correction>,
    dockets: Vec<&'a DocketFacts<'a>>,
}

impl<'a> Builder<'a> {
    fn list(&mut self, template: &'a ListTemplate) -> &mut Vec<&'a CaseFacts<'a>> {
        let key = (template.order, template.list.as_str());
        &mut self.lists.entry(key).or_insert_with(|| (template, Vec::new())).1
    }
}

fn builder<'b, 'a>(
    packages: &'b mut BTreeMap<String, Builder<'a>>,
    recipient: &'a Recipient,
    town: Option<&str>,
) -> &'b mut Builder<'a> {
    packages.entry(folder_name(recipient, town)).or_insert_with(|| Builder {
        title: town.map_or_else(|| recipient.title.clone(), str::to_owned),
        recipient,
        lists: BTreeMap::new(),
        past: Vec::new(),
        returned: Vec::new(),
        corrections: Vec::new(),
        dockets: Vec::new(),
    })
}

fn folder_name(recipient: &Recipient, town: Option<&str>) -> String {
    town.map_or_else(|| recipient.id.clone(), |town| format!("{}-{}", recipient.id, file_name(town)))
}

/// The shown column of a rule that names the one of its recipients whom a finding goes to.
const ADDRESSEE: &str = "addressee";
/// The shown column of a rule that names a town which a finding goes to as well as to the town of its subject.
const ALSO_TOWN: &str = "also_town";

/// The recipients of a case, each once: agencies, its own town and another that it names, the owner of the subject's row.
fn addressees<'a, 'f>(
    facts: &'f CaseFacts<'a>,
    template: &ListTemplate,
    context: &Context<'a>,
) -> Vec<(&'a Recipient, Option<&'f str>)> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let known = |name: &str| context.disclosure().recipient(name);
    let shown = |name: &str| facts.case.finding.details.iter().find(|detail| detail.name == name);
    let (only, also) = (shown(ADDRESSEE), shown(ALSO_TOWN));
    let is_meant = |recipient: &&Recipient| {
        only.and_then(|only| known(&only.value)).is_none_or(|only| only.id == recipient.id)
    };
    let gets = |recipient: &&Recipient| context.disclosure().may_get(&template.list, &recipient.id);
    let named = facts.rule.recipients.iter().filter_map(|name| known(name));
    for recipient in named.filter(is_meant).filter(gets) {
        let addressees = match recipient.kind {
            RecipientKind::Agency => vec![(recipient, None)],
            RecipientKind::Town => {
                let towns =
                    std::iter::once(facts.person.town.as_str()).chain(also.map(|town| town.value.as_str()));
                towns.filter(|town| !town.is_empty()).map(|town| (recipient, Some(town))).collect()
            }
            RecipientKind::Owner => facts.owner().and_then(known).map(|r| (r, None)).into_iter().collect(),
            // Nobody but an office gets a list.
            RecipientKind::Person => Vec::new(),
        };
        for (recipient, town) in addressees {
            if seen.insert((&recipient.id, town)) {
                out.push((recipient, town));
            }
        }
    }
    out
}

/// The file with what its lists hold of new cases and of such that were asked about before.
fn counted<'r, 'a: 'r>(
    file: PublishedFile,
    sheets: impl IntoIterator<Item = &'r ListRows<'a>>,
) -> PublishedFile {
    let mut counted = file;
    for status in sheets.into_iter().flat_map(|rows| &rows.status) {
        match status {
            CaseStatus::New => counted.new += 1,
            CaseStatus::Kept | CaseStatus::Changed | CaseStatus::Carried => counted.carried_over += 1,
            CaseStatus::Withdrawn => {}
        }
    }
    counted
}

impl<'a> Package<'a> {
    /// Writes the workbooks, CSV and Parquet of the package below `out/lists/<folder>`.
    pub(super) fn write(
        &self,
        input: &PublishInput<'a>,
        context: &Context<'a>,
        out: &Path,
    ) -> Result<Vec<PublishedFile>, ReportError> {
        let folder = out.join("lists").join(&self.folder);
        fs::create_dir_all(&folder).map_err(ReportError::io(&folder))?;
        let receiver = Receiver { id: &self.recipient.id, context, whole: false };
        let day = input.as_of.iso();
        let mut files = Vec::new();
        let mut books: BTreeMap<&str, Vec<BookList<'a>>> = BTreeMap::new();
        for (template, cases) in &self.lists {
            let book = if self.recipient.book.is_empty() { &template.title } else { &self.recipient.book };
            for part in std::iter::once(None).chain(template.part.iter().map(Some)) {
                let own: Vec<&CaseFacts<'_>> =
                    cases.iter().copied().filter(|f| self.stands_in(f, template, part)).collect();
                // An empty list says that nothing was found; its parts need not.
                if part.is_some() && own.is_empty() {
                    continue;
                }
                let stem = part.map_or_else(
                    || format!("{}_{day}", template.title),
                    |part| format!("{}_{}_{day}", template.title, part.sheet),
                );
                let list = sheets((template, part), receiver, &own, &folder.join(&stem))?;
                files.extend(self.flat_files(input, &folder, &stem, &list)?);
                books.entry(book).or_default().push(list);
            }
        }
        for (title, lists) in books {
            let path = folder.join(format!("{title}_{day}.xlsx"));
            let book = self.book(title, lists, input, receiver);
            book::write(&path, &book)
                .map_err(|source| ReportError::Workbook { path: path.clone(), source })?;
            let whole = book.lists.iter().filter(|list| list.part.is_none());
            let templates: Vec<&ListTemplate> = whole.map(|list| list.main.template).collect();
            let count =
                book.lists.iter().map(|list| list.main.frame.height() + list.annex.frame.height()).sum();
            let file = self.file(input, &path, (title, &templates), count)?;
            files.push(counted(file, book.lists.iter().flat_map(|list| [&list.main, &list.annex])));
        }
        for (template, cases) in &self.lists {
            files.extend(self.periodic((template, cases), input, receiver, &folder)?);
        }
        for (id, title, held_back) in &self.returned {
            let path = folder.join(format!("未入库数据_{title}_{day}.csv"));
            let headings =
                input.extracts.iter().find(|extract| extract.id == *id).map(|e| e.headings.as_slice());
            artifacts::quarantine(&path, headings.unwrap_or_default(), held_back)?;
            files.push(self.file(input, &path, ("未入库数据退回数据提供单位", &[]), held_back.len())?);
        }
        if !self.corrections.is_empty() {
            let stem = format!("纠错回传_{day}");
            let head = corrections::Head { receiver: &self.title, run_id: input.run_id, as_of: input.as_of };
            for path in corrections::write(&folder, &stem, &head, &self.corrections)? {
                files.push(self.file(input, &path, ("纠错回传", &[]), self.corrections.len())?);
            }
        }
        let cases: Vec<&CaseFacts<'a>> = self.lists.iter().flat_map(|(_, cases)| cases).copied().collect();
        for docket in &self.dockets {
            for written in docket::write((input, docket), (receiver, &self.title), &cases, &folder)? {
                let mut file = self.file(input, &written.path, (&written.purpose, &[]), written.rows)?;
                file.basis.clone_from(&docket.basis);
                files.push(file);
            }
        }
        Ok(files)
    }

    /// The workbooks of figures that go with a list.
    fn periodic(
        &self,
        (template, cases): (&ListTemplate, &[&CaseFacts<'a>]),
        input: &PublishInput<'a>,
        receiver: Receiver<'_>,
        folder: &Path,
    ) -> Result<Vec<PublishedFile>, ReportError> {
        let specs = template.periodic.iter().filter(|spec| spec.recipients.contains(&self.recipient.id));
        let of_list = |facts: &&&CaseFacts<'_>| {
            input.desk.template(&facts.rule.list).is_some_and(|known| known.list == template.list)
        };
        let all: Vec<&CaseFacts<'_>> =
            cases.iter().chain(self.past.iter().filter(of_list)).copied().collect();
        let mut files = Vec::new();
        for spec in specs {
            let path = folder.join(format!("{}_{}.xlsx", spec.title, input.as_of.iso()));
            let returned = template.returned.as_ref();
            let shown = PeriodicBook {
                tables: periodic::tables(template, spec, (receiver, input.as_of), &all),
                returned,
                is_known: returned.is_some_and(|returned| receiver.context.knows_back(returned)),
            };
            let book = Book::plain(&spec.title, &self.title, input.run_id, input.as_of);
            book::write_periodic(&path, &book, &shown)
                .map_err(|source| ReportError::Workbook { path: path.clone(), source })?;
            files.push(self.file(input, &path, (&spec.title, &[template]), all.len())?);
        }
        Ok(files)
    }

    /// Whether the case stands on a list: somebody is asked about it, or was and need not answer any more.
    /// What waits for a second person, or for a decision on an objection, is the offices' business.
    fn lists_case(&self, facts: &CaseFacts<'_>) -> bool {
        let case = facts.case;
        let withdrawn = case.status == CaseStatus::Withdrawn;
        let waits = (case.waits_for_approval() || case.phase == Phase::Objected)
            && self.recipient.kind == RecipientKind::Agency;
        if withdrawn { case.phase == Phase::Withdrawn } else { case.phase.asks() || waits }
    }

    /// Whether the case stands on this sheet of a list, or its annex.
    fn stands_in(&self, facts: &CaseFacts<'_>, template: &ListTemplate, part: Option<&ListPart>) -> bool {
        let own = template.part_of(&facts.rule.id).map(|part| &part.sheet);
        self.lists_case(facts) && own == part.map(|part| &part.sheet)
    }

    /// CSV and Parquet of a list; the annex gets files of its own when it has rows.
    fn flat_files(
        &self,
        input: &PublishInput<'_>,
        folder: &Path,
        stem: &str,
        list: &BookList<'_>,
    ) -> Result<Vec<PublishedFile>, ReportError> {
        let mut files = Vec::new();
        let annex_stem = format!("{stem}_待确认");
        for (stem, rows) in [(stem, &list.main), (annex_stem.as_str(), &list.annex)] {
            if rows.frame.height() == 0 && stem == annex_stem {
                continue;
            }
            let csv = folder.join(format!("{stem}.csv"));
            let parquet = folder.join(format!("{stem}.parquet"));
            flat::csv(&csv, rows)?;
            flat::parquet(&parquet, rows)?;
            for path in [csv, parquet] {
                let template = rows.template;
                let file = self.file(input, &path, (&template.title, &[template]), rows.frame.height())?;
                files.push(counted(file, [rows]));
            }
        }
        Ok(files)
    }

    /// A file that was written: what it is for, on what basis, and its digests.
    fn file(
        &self,
        input: &PublishInput<'_>,
        path: &Path,
        (purpose, templates): (&str, &[&ListTemplate]),
        rows: usize,
    ) -> Result<PublishedFile, ReportError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let written = fs::File::open(path).map_err(ReportError::io(path))?;
        let (sha256, sm3) = digests_of(written).map_err(ReportError::io(path))?;
        let of_file = |rule: &&RuleFacts| {
            let list = input.desk.template(&rule.list).map(|template| &template.list);
            templates.iter().any(|template| Some(&template.list) == list)
        };
        let basis: BTreeSet<&String> = input.rules.iter().filter(of_file).flat_map(|r| &r.basis).collect();
        Ok(PublishedFile {
            path: format!("lists/{}/{name}", self.folder),
            recipient: self.folder.clone(),
            list: if let [only] = templates { only.list.clone() } else { String::new() },
            rows: rows as u64,
            new: 0,
            carried_over: 0,
            receiver: self.title.clone(),
            purpose: purpose.to_owned(),
            basis: basis.into_iter().cloned().collect(),
            sha256,
            sm3,
            approval: input.desk.export_approval(&self.recipient.id),
        })
    }

    fn book<'b>(
        &'b self,
        title: &str,
        lists: Vec<BookList<'b>>,
        input: &PublishInput<'b>,
        receiver: Receiver<'_>,
    ) -> Book<'b> {
        let in_book = |list: &str| {
            let template = input.desk.template(list);
            template.is_some_and(|template| lists.iter().any(|l| l.main.template.list == template.list))
        };
        let rules = || {
            input.rules.iter().filter(|rule| in_book(&rule.list)).filter(|rule| {
                let named =
                    rule.recipients.iter().filter_map(|name| receiver.context.disclosure().recipient(name));
                named.into_iter().any(|r| r.id == self.recipient.id || r.kind == RecipientKind::Owner)
            })
        };
        let list_title =
            |list: &str| input.desk.template(list).map_or_else(|| list.to_owned(), |t| t.title.clone());
        let not_run = input.outcomes.iter().filter_map(|outcome| {
            let reason = outcome.silence()?.clone();
            let rule = rules().find(|rule| rule.id == outcome.rule)?;
            Some(NotRun { rule: receiver.title(rule), list: list_title(&outcome.list), reason })
        });
        let returns = lists.iter().find_map(|list| list.main.template.returned_rows.clone());
        let returned = match returns {
            None => Vec::new(),
            Some(_) => self
                .returned
                .iter()
                .flat_map(|(_, title, rows)| rows.iter().map(|row| ((*title).to_owned(), row)))
                .collect(),
        };
        let policy_sheet = lists.iter().find_map(|list| list.main.template.policy_sheet.as_deref());
        let policies =
            policy_sheet.and_then(|name| policies::sheets(input, receiver, self.recipient.kind, name));
        let basis = rules()
            .filter(|rule| !rule.basis.is_empty() && receiver.sees(rule))
            .map(|rule| (receiver.title(rule), rule.basis.join("；")));
        Book {
            title: title.to_owned(),
            receiver: self.title.clone(),
            run_id: input.run_id,
            as_of: input.as_of,
            summary: self.summary(receiver, input.as_of, &in_book),
            progress: self.progress(input, &in_book),
            not_run: not_run.collect(),
            basis: basis.collect(),
            policies,
            returned,
            returned_sheet: returns.unwrap_or_default(),
            lists,
        }
    }

    /// Figures of progress by list and town.
    fn progress(&self, input: &PublishInput<'_>, in_book: &dyn Fn(&str) -> bool) -> Vec<ProgressRow> {
        let mut out = Vec::new();
        for (template, cases) in self.lists.iter().filter(|(template, _)| in_book(&template.list)) {
            let of_list = |facts: &&&CaseFacts<'_>| {
                input.desk.template(&facts.rule.list).is_some_and(|t| t.list == template.list)
            };
            let mut towns: BTreeMap<(u16, &str), Progress> = BTreeMap::new();
            for facts in cases.iter().chain(self.past.iter().filter(of_list)) {
                let order = if facts.person.town.is_empty() { u16::MAX } else { facts.person.place.town };
                towns.entry((order, facts.person.town.as_str())).or_default().add(facts, input.as_of);
            }
            let rows = towns.into_iter().filter(|(_, progress)| *progress != Progress::default());
            out.extend(rows.map(|((_, town), progress)| ProgressRow {
                list: template.sheet.clone(),
                town: town.to_owned(),
                progress,
            }));
        }
        out
    }

    fn summary(&self, receiver: Receiver<'_>, as_of: Day, in_book: &dyn Fn(&str) -> bool) -> Vec<SummaryRow> {
        type Key<'k> = (&'k str, String, u16, &'k str);
        let mut out = Vec::new();
        for (template, cases) in self.lists.iter().filter(|(template, _)| in_book(&template.list)) {
            let mut counts: BTreeMap<Key<'_>, SummaryCounts> = BTreeMap::new();
            for facts in cases {
                let person = &facts.person;
                let (rule, town) = (facts.rule.id.as_str(), person.town.as_str());
                let key = (rule, receiver.title(facts.rule), person.place.town, town);
                counts.entry(key).or_default().add(facts, as_of);
            }
            out.extend(counts.into_iter().map(|((_, rule, town_order, town), counts)| SummaryRow {
                list: template.sheet.clone(),
                rule,
                town: town.to_owned(),
                town_order,
                counts,
            }));
        }
        out
    }
}

impl SummaryCounts {
    fn add(&mut self, facts: &CaseFacts<'_>, as_of: Day) {
        let case = facts.case;
        let (new, annex) = (case.status == CaseStatus::New, case.finding.annex);
        match case.phase {
            Phase::Withdrawn => self.withdrawn += 1,
            Phase::Closed | Phase::Suspended => self.closed += 1,
            Phase::Answered | Phase::Approved | Phase::Objected => self.answered += 1,
            _ if annex => self.annex += 1,
            // What officers answered differently has been answered, and is asked about all the same.
            Phase::Disputed => self.carried += 1,
            _ if new => self.new += 1,
            _ => self.carried += 1,
        }
        self.overdue += u32::from(facts.is_overdue(as_of));
    }
}

/// The rows of a list or a part of it, and of its annex.
fn sheets<'t>(
    (template, part): (&'t ListTemplate, Option<&'t ListPart>),
    receiver: Receiver<'_>,
    cases: &[&CaseFacts<'_>],
    path: &Path,
) -> Result<BookList<'t>, ReportError> {
    let (annex, main): (Vec<&CaseFacts<'_>>, Vec<&CaseFacts<'_>>) =
        cases.iter().copied().partition(|facts| facts.case.finding.annex);
    let rows = |cases: &[&CaseFacts<'_>], annex| {
        ListRows::build(template, receiver, cases, (part, annex))
            .map_err(|source| ReportError::List { path: PathBuf::from(path), source })
    };
    Ok(BookList { part, main: rows(&main, false)?, annex: rows(&annex, true)? })
}

/// A name that is safe as part of a folder's name.
fn file_name(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || "/\\:*?\"<>|.".contains(c) { '_' } else { c }).collect()
}
