//! What a row says of a person: as delivered, and as standardised.

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use serde::Serialize;

use super::mask::Mask;
use super::people::MentionRow;
use super::rebuild::Rebuilt;
use super::table::as_text;
use crate::domain::{Day, IdState, Mention, NameId, Place, RecordSet, Relation, Sex};
use crate::link::Compared;
use crate::spec::Plan;

/// One attribute of a mention.
#[derive(Clone, Debug, Serialize)]
pub struct Value {
    /// Key: `name`, `resident_id`, ….
    pub attribute: &'static str,
    /// In Chinese.
    pub title: &'static str,
    /// As delivered; several cells are joined with `；`.
    pub raw: String,
    /// As compared; empty when nothing could be made of it.
    pub standard: String,
}

/// One mention with all that its row says of it.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The mention.
    #[serde(flatten)]
    pub at: MentionRow,
    /// Title of the extract.
    pub extract_title: String,
    /// Owner of the extract.
    pub owner: String,
    /// Its attributes.
    pub values: Vec<Value>,
}

/// What turns small numbers into text.
pub(super) struct Words<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rebuilt: &'a Rebuilt,
    pub(super) mask: Mask,
}

impl Words<'_> {
    /// A mention and what its row says of it.
    pub(super) fn side(&self, at: u32, row: &MentionRow) -> Side {
        let mention = &self.rebuilt.mentions.mentions[at as usize];
        let set = &self.rebuilt.records[usize::from(mention.extract)];
        let spec = &set.contract.mention[usize::from(mention.role)];
        let cell =
            |field: Option<&String>| field.map_or_else(String::new, |f| delivered(set, f, mention.row));
        let hidden = |field: Option<&String>| self.mask.number(&cell(field));
        let value = |attribute, title, raw, standard| Value { attribute, title, raw, standard };
        let places: Vec<&String> = spec.address.iter().chain(&spec.town).chain(&spec.village).collect();
        let places: Vec<String> = places.into_iter().map(|field| cell(Some(field))).collect();
        let values = vec![
            value("name", "姓名", cell(Some(&spec.name)), self.name(mention.name)),
            value("former_name", "曾用名", cell(spec.former_name.as_ref()), self.name(mention.former_name)),
            value("resident_id", "身份证号", hidden(spec.resident_id.as_ref()), self.id(mention)),
            value("birth", "出生日期", cell(spec.birth_date.as_ref()), birth(mention)),
            value("sex", "性别", cell(spec.sex.as_ref()), sex(mention.sex).to_owned()),
            value("place", "住址", told(places), self.place(mention.place)),
            value("phone", "电话", hidden(spec.phone.as_ref()), self.phone(mention.phone)),
            self.relatives(set, mention, at),
        ];
        Side {
            at: row.clone(),
            extract_title: set.contract.title.clone(),
            owner: set.contract.owner.clone(),
            values,
        }
    }

    /// Everybody named beside a mention in its own row.
    fn relatives(&self, set: &RecordSet, own: &Mention, at: u32) -> Value {
        let mates = self.rebuilt.mentions.mentions.iter().enumerate().filter(|(other, mate)| {
            let same_row = (mate.extract, mate.row) == (own.extract, own.row) && *other != at as usize;
            same_row && (mate.of == Some(own.role) || own.of == Some(mate.role))
        });
        let (mut raw, mut standard) = (Vec::new(), Vec::new());
        for (_, mate) in mates {
            let kind = if mate.of == Some(own.role) { relation(mate.relation) } else { "所属人" };
            let field = &set.contract.mention[usize::from(mate.role)].name;
            let (raw_name, name) = (delivered(set, field, mate.row), self.name(mate.name));
            if !raw_name.is_empty() {
                raw.push(format!("{kind}{raw_name}"));
            }
            if !name.is_empty() {
                standard.push(format!("{kind}{name}"));
            }
        }
        Value {
            attribute: "relatives", title: "亲属", raw: raw.join("；"), standard: standard.join("；")
        }
    }

    fn name(&self, name: NameId) -> String {
        self.rebuilt.mentions.names.get(name).map_or_else(String::new, |name| name.display.to_string())
    }

    fn id(&self, mention: &Mention) -> String {
        let number = mention.id.map(|id| self.mask.number(&id.text()));
        number_words(number, mention.id_state)
    }

    fn phone(&self, phone: u64) -> String {
        if phone == 0 { String::new() } else { self.mask.number(&phone.to_string()) }
    }

    fn place(&self, place: Place) -> String {
        let gazetteer = &self.plan.tables.gazetteer;
        let mut words = String::new();
        if place.outside {
            words.push_str("市外");
        }
        if place.town != 0 {
            words.push_str(gazetteer.town_name(place.town));
        }
        if place.village != 0 {
            words.push_str(gazetteer.village_name(place.village));
        }
        if place.group != 0 {
            words.push_str(&place.group.to_string());
            words.push('组');
        }
        words
    }

    /// The values that stood for a person when it was compared, in the order of [`Side::values`].
    pub(super) fn compared(&self, person: &Compared) -> Vec<(&'static str, &'static str, String)> {
        let names: Vec<String> = person.names.iter().map(|name| self.name(*name)).collect();
        let former = person.former.map_or_else(String::new, |name| self.name(name));
        let number = number_words(person.id.map(|id| self.mask.number(&id.text())), person.id_state);
        let birth = person.birth.map_or_else(String::new, Day::iso);
        let places: Vec<String> = person.places.iter().map(|place| self.place(*place)).collect();
        let kin = |(kind, name): &(Relation, NameId)| format!("{}{}", relation(*kind), self.name(*name));
        let mut relatives: Vec<String> = person.relatives.iter().map(kin).collect();
        relatives.dedup();
        vec![
            ("name", "姓名", names.join("、")),
            ("former_name", "曾用名", former),
            ("resident_id", "身份证号", number),
            ("birth", "出生日期", birth),
            ("sex", "性别", sex(person.sex).to_owned()),
            ("place", "住址", places.join("、")),
            ("phone", "电话", self.phone(person.phone)),
            ("relatives", "亲属", relatives.join("；")),
        ]
    }
}

/// A cell as it was delivered.
fn delivered(set: &RecordSet, field: &str, row: u32) -> String {
    let of = |name: &str| text_at(&set.batch, name, row);
    of(&format!("{field}_raw")).or_else(|| of(field)).unwrap_or_default()
}

fn text_at(batch: &RecordBatch, column: &str, row: u32) -> Option<String> {
    // One cell is wanted, so one cell is cast.
    let cell = batch.column_by_name(column)?.slice(row as usize, 1);
    let text = as_text(&cell).ok()?;
    text.is_valid(0).then(|| text.value(0).to_owned())
}

fn told(mut cells: Vec<String>) -> String {
    cells.retain(|cell| !cell.is_empty());
    cells.dedup();
    cells.join("；")
}

fn birth(mention: &Mention) -> String {
    let from = if mention.birth_from_id { "（取自证号）" } else { "" };
    mention.birth.map_or_else(String::new, |day| format!("{}{from}", day.iso()))
}

fn number_words(number: Option<String>, state: IdState) -> String {
    match (number, id_state(state)) {
        (Some(number), "") => number,
        (Some(number), state) => format!("{number}（{state}）"),
        (None, state) => state.to_owned(),
    }
}

const fn id_state(state: IdState) -> &'static str {
    match state {
        IdState::Valid | IdState::Missing => "",
        IdState::Extended => "由15位补成",
        IdState::ChecksumFailed => "校验码不符",
        IdState::Implausible => "日期或地区不成立",
        IdState::OtherDocument => "其他证件的号码",
        IdState::LostPrecision => "末三位已丢失",
        IdState::Malformed => "不成证号",
    }
}

const fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "男",
        Sex::Female => "女",
        Sex::Unknown => "",
    }
}

const fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::None => "其他人",
        Relation::Father => "父亲",
        Relation::Mother => "母亲",
        Relation::Grandparent => "祖辈",
        Relation::Guardian => "监护人",
        Relation::Householder => "户主",
        Relation::Payee => "领款人",
        Relation::Child => "子女",
        Relation::Adopter => "收养人",
    }
}
