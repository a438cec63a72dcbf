//! What each agency writes down. One file per agency; every function turns true lives into rows of an
//! extract through the agency's pen.

mod civil;
mod education;
mod federation;
mod money;
mod others;
mod police;

pub(crate) use self::federation::rehabilitated;
pub(crate) use self::others::casualty;

use std::fmt::Write as _;

use super::care::Post;
use super::dice::fixed_chance;
use super::families::World;
use super::layout::{Extract, LAYOUTS};
use super::pen::{Cell, Pen, Who, Written};
use super::people::{Family, Person, Roll};
use super::rates::Rates;
use super::school::school_name;
use crate::domain::{Day, ResidentId, Sex};

/// One person named in a row.
#[derive(Clone, Copy)]
pub(crate) struct Mention {
    /// Role of EXTRACTS.
    pub(crate) role: &'static str,
    /// The simulation's number of the person.
    pub(crate) person: u64,
    /// Column of the name.
    pub(crate) name: usize,
    /// Column of the number.
    pub(crate) id: usize,
    /// What was written there for a number.
    pub(crate) written: Written,
    /// The numbers that are the person's own.
    own: [Option<ResidentId>; 2],
    /// In a child's cell of a running row: whoever is born later than this day is a minor.
    minors_after: Option<Day>,
    /// Birth date and sex that the same row tells of the person.
    birth: Option<Day>,
    sex: Option<Sex>,
}

impl Mention {
    /// The same with the birth date and the sex that stand in the row.
    fn beside(self, birth: Option<Day>, sex: Option<Sex>) -> Self {
        Self { birth, sex, ..self }
    }

    /// The same in a child's own cell of a running row.
    fn of_child(self, as_of: Day) -> Self {
        Self { minors_after: Some(as_of.plus_months(-18 * 12)), ..self }
    }

    /// Some number is written, whole, and it is not somebody else's.
    pub(crate) fn numbered(&self) -> bool {
        !matches!(self.written, Written::Nothing | Written::Rounded) && self.borrowed().is_none()
    }

    /// A valid number of somebody else.
    fn borrowed(&self) -> Option<ResidentId> {
        match self.written {
            Written::Number(number) if !self.own.contains(&Some(number)) => Some(number),
            _ => None,
        }
    }

    /// A valid number of somebody else that no other cell of the row explains. The head of a household
    /// explains nothing: whose number stands in both cells, the owner of the file has to find out.
    pub(crate) fn misplaced(&self, row: &Row) -> Option<ResidentId> {
        let headed = row.mentions.iter().any(|mention| mention.role == "householder");
        self.borrowed().filter(|_| headed || !self.beside_its_owner(row))
    }

    /// The same number stands with a relative in the same row.
    fn beside_its_owner(&self, row: &Row) -> bool {
        row.mentions.iter().skip(1).any(|other| {
            other.written == self.written && row.cells.get(other.id).is_some_and(|c| *c != Cell::Empty)
        })
    }

    /// Whether a grown-up's number stands in a child's cell: the number is in a relative's cell of the
    /// same row, or tells an age that the row's birth date denies.
    pub(crate) fn shows_grown_up(&self, row: &Row) -> bool {
        let Some((number, after)) = self.borrowed().zip(self.minors_after) else { return false };
        let grown = number.birth().is_some_and(|day| day <= after);
        self.beside_its_owner(row) || (grown && self.birth.is_some_and(|day| day > after))
    }

    /// The same with the sex that the word for a parent tells.
    fn of_relation(self, word: &str) -> Self {
        let sex = match word {
            "father" | "父亲" => Some(Sex::Male),
            "mother" | "母亲" => Some(Sex::Female),
            _ => None,
        };
        self.beside(None, sex)
    }

    /// Whether the row itself shows that the number is wrong: it is no valid number, or it tells another
    /// birth date or sex than the row.
    pub(crate) fn shows_error(&self) -> bool {
        let differs = |number: ResidentId| {
            let birth = self.birth.is_some_and(|day| number.birth() != Some(day));
            birth || self.sex.is_some_and(|sex| number.sex() != sex)
        };
        match self.written {
            Written::Nothing => false,
            Written::Invalid | Written::Rounded => true,
            Written::Number(number) => differs(number),
        }
    }
}

/// A row and who is named in it.
pub(crate) struct Row {
    /// Cells in the order of the layout.
    pub(crate) cells: Vec<Cell>,
    /// Persons.
    pub(crate) mentions: Vec<Mention>,
}

/// Collects the rows of one chunk.
pub(crate) struct Out<'w> {
    pub(crate) world: &'w World<'w>,
    pub(crate) rates: &'w Rates,
    chunk: u64,
    serial: u64,
    pens: Vec<Pen<'w>>,
    /// Rows by extract.
    pub(crate) rows: Vec<Vec<Row>>,
}

impl<'w> Out<'w> {
    /// An empty collection for a chunk.
    pub(crate) fn new(world: &'w World<'w>, rates: &'w Rates, chunk: u64, village: usize) -> Self {
        let pen = |extract| Pen::new(world, rates, extract, chunk, village);
        Self {
            world,
            rates,
            chunk,
            serial: 0,
            pens: super::layout::ALL.iter().map(|&extract| pen(extract)).collect(),
            rows: LAYOUTS.iter().map(|_| Vec::new()).collect(),
        }
    }

    /// Everything the agencies know of a family.
    pub(crate) fn family(&mut self, family: &Family) {
        civil::rows(self, family);
        money::rows(self, family);
        education::rows(self, family);
        police::rows(self, family);
        federation::rows(self, family);
        others::rows(self, family);
    }

    /// Rows about the village itself.
    /// Gives the village's post with whoever has or had it.
    pub(crate) fn village(
        &mut self,
        families: &[Family],
        first_part: bool,
    ) -> Option<(Post, u64, Option<Day>)> {
        let director = if first_part { civil::director(self, families) } else { None };
        for index in 0..self.rows.len() {
            if self.pens[index].shifted {
                slip(&mut self.rows[index]);
            }
        }
        director
    }

    fn pen(&mut self, extract: Extract) -> &mut Pen<'w> {
        &mut self.pens[extract.index()]
    }

    /// A document number that no other row of the county has.
    fn serial(&mut self, prefix: &str) -> Cell {
        self.serial += 1;
        Cell::Text(format!("{prefix}{:05}{:05}", self.chunk, self.serial))
    }

    fn add(&mut self, extract: Extract, cells: Vec<Cell>, mentions: Vec<Mention>) {
        debug_assert_eq!(cells.len(), extract.layout().columns.split(',').count(), "{}", extract.layout().id);
        self.rows[extract.index()].push(Row { cells, mentions });
    }

    /// A member of the family as this office has it; sometimes with a relative's number.
    fn who(&mut self, extract: Extract, family: &Family, index: usize) -> Who {
        let person = &family.people[index];
        let pen = &mut self.pens[extract.index()];
        let mut who = pen.who(person);
        let office_mixes = matches!(extract.layout().agency, "civil-affairs" | "education");
        let register = extract.layout().agency == "public-security";
        let told = person.kid.as_ref().is_some_and(|kid| kid.parents_number.contains(&extract));
        let twin =
            person.twin.or_else(|| (0..family.people.len()).find(|&t| family.people[t].twin == Some(index)));
        let other = if !register && twin.is_some() && pen.chance_of(|r| r.twins_swapped * 0.5) {
            twin
        } else if told || (office_mixes && person.kid.is_some() && pen.row_error(|r| r.id_of_other)) {
            [person.father, person.mother].into_iter().flatten().next()
        } else {
            None
        };
        if let Some(id) = other.and_then(|other| family.people[other].id) {
            who.id = Cell::Text(id.text());
            who.written = Written::Number(id);
            who.wrong_birth = None;
        }
        who
    }
}

/// The number column slipped by one row against the names; the first row lost its own.
fn slip(rows: &mut [Row]) {
    for at in (1..rows.len()).rev() {
        let (Some(here), Some(above)) = (rows[at].mentions.first(), rows[at - 1].mentions.first()) else {
            continue;
        };
        let (column, from, written) = (here.id, above.id, above.written);
        let Some(cell) = rows[at - 1].cells.get(from).cloned() else { continue };
        if column < rows[at].cells.len() {
            rows[at].cells[column] = cell;
            rows[at].mentions[0].written = written;
        }
    }
    if let Some(row) = rows.first_mut()
        && let Some(mention) = row.mentions.first_mut()
        && mention.id < row.cells.len()
    {
        row.cells[mention.id] = Cell::Empty;
        mention.written = Written::Nothing;
    }
}

/// A mention whose columns are given by their headings.
fn mention(
    extract: Extract,
    role: &'static str,
    person: &Person,
    columns: (&str, &str),
    written: Written,
) -> Mention {
    Mention {
        role,
        person: person.number,
        name: extract.column(columns.0),
        id: extract.column(columns.1),
        written,
        own: [person.id, person.old_id],
        minors_after: None,
        birth: None,
        sex: None,
    }
}

/// The number of a roll row: keeps the number a child had when it was first registered.
fn roll_number(world: &World<'_>, rates: &Rates, person: &Person, roll: &Roll) -> String {
    let letter = letter(world, rates, person, roll);
    if let ('G', Some(id)) = (letter, person.old_id.or(person.id)) {
        format!("G{}", id.text())
    } else {
        let (y, m, d) = person.birth.ymd();
        format!("{letter}320681{y:04}{m:02}{d:02}{:03}{}", person.number % 1000, person.number / 7 % 10)
    }
}

/// G, J or L: some children are still on a temporary number.
fn letter(world: &World<'_>, rates: &Rates, person: &Person, roll: &Roll) -> char {
    let temporary = fixed_chance(&[world.seed, 0x7e3, person.number]) < rates.temporary_roll;
    if temporary && roll.letter == 'G' { 'L' } else { roll.letter }
}

/// A roll row without the child's own number.
pub(crate) fn temporary(world: &World<'_>, rates: &Rates, person: &Person, roll: &Roll) -> bool {
    letter(world, rates, person, roll) != 'G'
}

/// The disability card's number: resident number, category, level, re-issue.
fn card_number(person: &Person) -> Option<String> {
    let (id, card) = (person.old_id.filter(|_| false).or(person.id)?, person.card?);
    let suffix = if card.reissue > 0 { format!("B{}", card.reissue) } else { String::new() };
    let level = card.graded_before.unwrap_or(card.level);
    Some(format!("{}{}{level}{suffix}", id.text(), card.category))
}

/// The guardian an office has written down: not every office has the same one.
fn guardian(
    out: &mut Out<'_>,
    extract: Extract,
    family: &Family,
    child: usize,
) -> Option<(usize, &'static str)> {
    let as_of = out.world.calendar.as_of;
    let person = &family.people[child];
    let free = |p: usize| {
        family.people[p].alive_on(as_of) && !family.people[p].terms.iter().any(|t| t.holds_on(as_of))
    };
    let fixed = person.kid.as_ref().and_then(|kid| kid.guardian);
    if let Some(index) = fixed.filter(|_| extract == Extract::ChildRoster) {
        return Some((index, relation_to(family, child, index)));
    }
    let mut fitting: Vec<(usize, &'static str)> = Vec::new();
    let grand =
        family.people[0].kid.is_none() && person.father.is_some_and(|f| family.people[f].father == Some(0));
    for (index, label) in [(person.father, "父亲"), (person.mother, "母亲")] {
        fitting
            .extend(index.filter(|&p| free(p) && family.people[p].lost_since.is_none()).map(|p| (p, label)));
    }
    if grand && free(0) {
        fitting.push((0, "祖父"));
        let grandmother = person.father.and_then(|f| family.people[f].mother);
        fitting.extend(grandmother.filter(|&g| free(g)).map(|g| (g, "祖母")));
    }
    let other = out.pen(extract).chance_of(|r| r.other_guardian);
    let pick = if other && fitting.len() > 1 { out.pen(extract).dice.below(fitting.len()) } else { 0 };
    fitting.get(pick).copied()
}

/// What a relative is to a child.
fn relation_to(family: &Family, child: usize, index: usize) -> &'static str {
    let child = &family.people[child];
    let father = child.father.map(|f| &family.people[f]);
    match index {
        _ if child.father == Some(index) => "父亲",
        _ if child.mother == Some(index) => "母亲",
        _ if father.is_some_and(|f| f.father == Some(index)) => "祖父",
        _ if father.is_some_and(|f| f.mother == Some(index)) => "祖母",
        _ => "其他",
    }
}

/// The name a village goes by in a cell.
fn village_cell(out: &mut Out<'_>, extract: Extract, village: usize) -> Cell {
    let village = &out.world.tables.villages[village];
    let spelled = match out.pen(extract).dice.below(4) {
        0 => village.official.to_owned(),
        1 => village.name.to_owned(),
        _ => bare_village(village.name, village.urban),
    };
    Cell::Text(spelled)
}

fn bare_village(name: &str, urban: bool) -> String {
    if urban || name.ends_with('村') { name.to_owned() } else { format!("{name}村") }
}

/// Towns that older papers still name differently.
fn town_name(out: &mut Out<'_>, extract: Extract, town: &'static str) -> &'static str {
    let old = match town {
        "启东海工船舶工业园" => "寅阳镇",
        "启东滨海工业园" => "近海镇",
        "启隆生态科技产业园" => "启隆乡",
        _ => return town,
    };
    if out.pen(extract).chance_of(|r| r.old_place * 3.0) { old } else { town }
}

/// An address as this office writes it.
fn address(out: &mut Out<'_>, extract: Extract, family: &Family, village: usize) -> Cell {
    let place = &out.world.tables.villages[village];
    let town = town_name(out, extract, place.town);
    let (no_prefix, no_group, style) = {
        let pen = out.pen(extract);
        (pen.chance_of(|r| r.prefix_missing), pen.chance_of(|r| r.group_missing), pen.dice.below(6))
    };
    let mut text = match (no_prefix, style) {
        (true, 0 | 1) => "启东市".to_owned(),
        (true, _) => String::new(),
        (false, _) => "江苏省启东市".to_owned(),
    };
    text.push_str(town);
    text.push_str(&bare_village(place.name, place.urban));
    if place.urban {
        let _ = write!(text, "{}幢{}室", family.group, 100 + family.house % 60 * 10 + 1);
    } else {
        match (no_group, style) {
            (true, _) => {}
            (_, 2) => text.extend([chinese(family.group).as_str(), "组"]),
            (_, 3) => text.extend([family.group.to_string().as_str(), "队"]),
            _ => text.extend([family.group.to_string().as_str(), "组"]),
        }
        let _ = write!(text, "{}号", family.house);
    }
    Cell::Text(text)
}

fn chinese(number: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: u32| DIGITS[(n % 10) as usize];
    match number {
        0..10 => digit(number).to_owned(),
        10..20 => format!("十{}", digit(number)),
        _ => format!("{}十{}", digit(number / 10), digit(number)),
    }
}

/// A school's name for a child's current roll.
fn current_school(world: &World<'_>, person: &Person) -> Option<String> {
    let kid = person.kid.as_ref()?;
    let row = kid.rolls.iter().find(|r| r.state == "在籍在读")?;
    Some(school_name(world, row.school))
}

/// Events are in a file when they were known by its cut-off.
fn known(day: Day, cut_off: Day) -> bool {
    day <= cut_off
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A woman's number, born on the last day of 1949: the printed example of the standard.
    fn named(written: Written) -> Mention {
        Mention {
            role: "subject",
            person: 1,
            name: 0,
            id: 1,
            written,
            own: [None; 2],
            minors_after: None,
            birth: None,
            sex: None,
        }
    }

    #[test]
    fn a_row_shows_an_error_only_by_what_stands_in_it() {
        let number = Written::Number(ResidentId::parse("11010519491231002X").unwrap());
        let day = Day::from_ymd(1949, 12, 31);
        assert!(!named(Written::Nothing).beside(day, Some(Sex::Male)).shows_error());
        assert!(named(Written::Invalid).shows_error());
        assert!(!named(number).shows_error());
        assert!(!named(number).beside(day, Some(Sex::Female)).shows_error());
        assert!(named(number).beside(day.map(|d| d.plus_days(1)), None).shows_error());
        assert!(named(number).beside(day, Some(Sex::Male)).shows_error());
        assert!(named(number).of_relation("父亲").shows_error());
        assert!(!named(number).of_relation("祖父").shows_error());
    }
}
