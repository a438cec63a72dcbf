//! A clerk's pen: how a true value comes to stand in a cell. Errors depend on the office, on the clerk of
//! the village, on the batch, and on chance; none is drawn from the matcher's tables.

use super::dice::{Dice, fixed_chance, mix, text_word};
use super::families::World;
use super::layout::Extract;
use super::people::Person;
use super::rates::Rates;
use super::tables::Tables;
use crate::domain::{Day, Month, ResidentId, Sex};

/// A cell as it will be written.
#[derive(Clone, PartialEq)]
pub(crate) enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A number (workbooks keep it as one).
    Number(f64),
    /// A real date (workbooks only; CSV writes ISO).
    Date(Day),
}

impl Cell {
    /// Text, or nothing when empty.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

/// What came to stand in a number cell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Nothing, or a word for nothing.
    Nothing,
    /// No valid number.
    Invalid,
    /// A number that a spreadsheet has rounded: it tells a birth date, and nobody.
    Rounded,
    /// A number that is valid by itself, whosever it is.
    Number(ResidentId),
}

/// What kind of office writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Office {
    /// Typed in villages from paper.
    Civil,
    /// Schools.
    School,
    /// Read from the register.
    Police,
    /// Disability federation.
    Federation,
    /// Anyone else.
    Other,
}

/// A name cell and a number cell for one person.
pub(crate) struct Who {
    /// Name.
    pub(crate) name: Cell,
    /// Number.
    pub(crate) id: Cell,
    /// What was written for a number.
    pub(crate) written: Written,
    /// The birth date that the number written tells, when it is a wrong one.
    pub(crate) wrong_birth: Option<Day>,
}

/// The pen of one extract in one chunk.
pub(crate) struct Pen<'w> {
    pub(crate) dice: Dice,
    rates: &'w Rates,
    tables: &'w Tables,
    office: Office,
    as_of: Day,
    /// Multiplies every rate: careful and careless clerks.
    clerk: f64,
    /// Excel took the numbers of this batch for numbers.
    truncated: bool,
    /// The number column of this batch slipped by a row.
    pub(crate) shifted: bool,
    date_style: usize,
    code_style: usize,
    workbook: bool,
}

fn office_of(extract: Extract) -> Office {
    match extract.layout().agency {
        "civil-affairs" => Office::Civil,
        "education" => Office::School,
        "public-security" => Office::Police,
        "disability-federation" => Office::Federation,
        _ => Office::Other,
    }
}

impl<'w> Pen<'w> {
    /// The pen for an extract in a chunk of a village.
    pub(crate) fn new(
        world: &'w World<'_>,
        rates: &'w Rates,
        extract: Extract,
        chunk: u64,
        village: usize,
    ) -> Self {
        let office = office_of(extract);
        let seed = world.seed;
        // Schools and villages deliver in batches of their own; the police deliver from one system.
        let batch = mix(&[seed, text_word(extract.layout().id), village as u64]);
        let luck = |salt: u64| fixed_chance(&[batch, salt]);
        let manual = office != Office::Police && extract.layout().id != "event";
        let one_date_style = usize::from(batch.is_multiple_of(4));
        Self {
            dice: Dice::new(&[seed, 0x9e4, extract.index() as u64, chunk]),
            rates,
            tables: world.tables,
            office,
            as_of: world.calendar.as_of,
            clerk: 0.4 + 1.2 * fixed_chance(&[seed, village as u64, text_word(extract.layout().agency)]),
            truncated: manual && luck(1) < rates.truncated_batch,
            shifted: manual && luck(2) < rates.shifted_batch,
            date_style: if luck(3) < rates.date_batch { 2 + step(luck(4), 5) } else { one_date_style },
            code_style: [0, 0, 0, 1, 1, 2, 0][step(luck(5), 7)],
            workbook: extract.layout().format.workbook(),
        }
    }

    fn hit(&mut self, rate: f64) -> bool {
        let rate = (rate * self.clerk).min(0.9);
        self.dice.chance(rate)
    }

    /// How much of the typing rates applies here: the police copy their own register.
    fn care(&self) -> f64 {
        match self.office {
            Office::Civil | Office::Federation => 1.0,
            Office::School => 0.9,
            Office::Police => 0.12,
            Office::Other => 0.5,
        }
    }

    /// Days after a change of name until this office learns of it.
    fn lag(&self) -> i32 {
        match self.office {
            Office::Police => 0,
            Office::School => 300,
            Office::Civil => 500,
            Office::Federation | Office::Other => 800,
        }
    }

    /// Name and number of a person as this office has them.
    pub(crate) fn who(&mut self, person: &Person) -> Who {
        let name = self.name(person);
        let mut out = self.number(person);
        out.name = name;
        out
    }

    /// The number alone.
    fn number(&mut self, person: &Person) -> Who {
        let cell = |id, written| Who { name: Cell::Empty, id, written, wrong_birth: None };
        let Some(mut id) = person.id else { return cell(Cell::Empty, Written::Nothing) };
        if let (Some(old), Some(day)) = (person.old_id, person.renumbered)
            && self.office != Office::Police
            && (day.plus_days(self.lag()) > self.as_of || self.dice.chance(0.3))
        {
            id = old;
        }
        let missing = match self.office {
            Office::Civil => 1.0,
            Office::School => 0.5,
            Office::Police | Office::Federation => 0.0,
            Office::Other => 0.4,
        };
        if self.hit(self.rates.id_missing * missing) {
            let filler = self.dice.weighted(&[80.0, 12.0, 5.0, 3.0]);
            let written = if filler == 3 { Written::Invalid } else { Written::Nothing };
            return cell(Cell::text(["", "无", "0", "111111111111111111"][filler]), written);
        }
        let text = id.text();
        if self.truncated && !text.ends_with('X') {
            let id = self.precision_lost(&text);
            let written = rounded(&id);
            return cell(id, written);
        }
        let wrong = self.mistyped(&text, person);
        let wrong_birth = wrong.as_deref().and_then(ResidentId::parse).and_then(ResidentId::birth);
        let written = wrong.unwrap_or(text);
        let value = value(&written);
        Who { name: Cell::Empty, id: Cell::Text(self.formed(written)), written: value, wrong_birth }
    }

    fn precision_lost(&mut self, text: &str) -> Cell {
        let zeros = format!("{}000", &text[..15]);
        match zeros.parse() {
            Ok(number) if self.workbook => Cell::Number(number),
            _ if self.dice.chance(0.5) => Cell::Text(zeros),
            _ => Cell::Text(format!("{}.{}E+17", &text[..1], &text[1..6])),
        }
    }

    fn mistyped(&mut self, text: &str, person: &Person) -> Option<String> {
        let typing = match self.office {
            Office::Civil => 1.0,
            Office::Federation | Office::School => 0.4,
            Office::Police => 0.01,
            Office::Other => 0.6,
        };
        let rates = self.rates;
        if self.hit(rates.id_digit * typing) {
            return Some(self.one_digit(text, false));
        }
        if self.hit(rates.id_transposed * typing) {
            let at = self.dice.below(16);
            let mut chars: Vec<char> = text.chars().collect();
            chars.swap(at, at + 1);
            return Some(chars.into_iter().collect());
        }
        if self.hit(rates.id_two * typing) {
            let at = 6 + self.dice.below(9);
            let short: String = text.chars().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
            return Some(if self.dice.chance(0.5) {
                short
            } else {
                self.one_digit(&self.one_digit_of(text), false)
            });
        }
        if self.hit(rates.id_made_up * typing) {
            return Some(self.one_digit(text, true));
        }
        let old = person.birth.ymd().0 < 1985;
        let paper = matches!(self.office, Office::Civil | Office::Federation);
        if old && paper && self.hit(rates.id_fifteen) {
            return Some(format!("{}{}", &text[..6], &text[8..17]));
        }
        None
    }

    fn one_digit_of(&self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let at = 9 + usize::from(self.truncated);
        chars[at] = if chars[at] == '9' { '0' } else { '9' };
        chars.into_iter().collect()
    }

    fn one_digit(&mut self, text: &str, recompute: bool) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        // A typo in the place is seen at once; most slips are in the date and the sequence.
        let at = if recompute { 14 + self.dice.below(3) } else { 3 + self.dice.below(14) };
        let old = chars[at].to_digit(10).unwrap_or(0);
        let near = if self.dice.chance(0.5) { (old + 1) % 10 } else { self.dice.range(0, 9) };
        let new = if near == old { (old + 3) % 10 } else { near };
        chars[at] = char::from_digit(new, 10).unwrap_or('0');
        let wrong: String = chars.into_iter().collect();
        if !recompute {
            return wrong;
        }
        let body = wrong[..17].parse().ok();
        body.map_or(wrong, |body| ResidentId::from_body(body).text())
    }

    fn formed(&mut self, text: String) -> String {
        if text.ends_with('X') && self.hit(0.08) {
            let other = ["x", "x", "x", "×", "Ｘ", "*"][self.dice.below(6)];
            return format!("{}{other}", &text[..text.len() - 1]);
        }
        if self.office == Office::Police || !self.hit(self.rates.id_form) {
            return text;
        }
        match self.dice.below(7) {
            0 => text.chars().map(full_width).collect(),
            1 => format!("{text} "),
            2 => format!(" {text}"),
            3 => format!("'{text}"),
            4 => format!("{} {} {}", &text[..6], &text[6..14.min(text.len())], &text[14.min(text.len())..]),
            5 => format!("{text}\u{a0}"),
            _ => format!("\u{200b}{text}"),
        }
    }

    /// The name as this office has it.
    pub(crate) fn name(&mut self, person: &Person) -> Cell {
        let lag = self.lag();
        let true_name = person.name_on(self.as_of, lag);
        let (surname, given) = (true_name.surname.clone(), true_name.given.clone());
        let care = self.care();
        let minority = true_name.minority();
        let rates = self.rates;
        let baby = person.birth.plus_days(400) > self.as_of;
        if baby && self.office != Office::Police && self.hit(rates.newborn * 20.0) {
            let tail = *self.dice.pick(&["宝宝", "毛毛", "某之子", "某之女"]);
            return Cell::Text(format!("{surname}{tail}"));
        }
        if minority {
            return Cell::Text(self.dotted(&given));
        }
        let surname = self.surname(surname, care);
        let given = self.given(given, care);
        let full = format!("{surname}{given}");
        let full = self.rare(full);
        let spaced = self.spaced(full);
        if matches!(self.office, Office::Civil | Office::Federation) && self.hit(rates.bracket) {
            let note = person
                .former
                .as_ref()
                .map_or("（已核）".to_owned(), |(old, _)| format!("(曾用名{})", old.full()));
            return Cell::Text(format!("{spaced}{note}"));
        }
        Cell::Text(spaced)
    }

    fn surname(&mut self, surname: String, care: f64) -> String {
        let variant = self.tables.surname_variants.get(surname.as_str()).copied();
        if let Some(variant) = variant
            && self.hit(self.rates.surname_variant_of_bearers * care)
        {
            return variant.to_owned();
        }
        let first = surname.chars().next();
        if let Some(ch) = first
            && self.hit(self.rates.dialect * 0.5 * care)
            && let Some(&other) = self.tables.dialect.get(&ch)
        {
            return other.to_string();
        }
        surname
    }

    fn given(&mut self, given: String, care: f64) -> String {
        let mut chars: Vec<char> = given.chars().collect();
        if chars.is_empty() {
            return given;
        }
        let at = self.dice.below(chars.len());
        let rates = self.rates;
        let paper = if matches!(self.office, Office::Civil | Office::Federation) { 1.0 } else { 0.3 };
        let tables = self.tables;
        let sounds = tables.sounds.get(&chars[at]);
        let replacement = if self.hit(rates.same_tone * care) {
            sounds.and_then(|s| self.frequent(&s.same_tone))
        } else if self.hit(rates.other_tone * care) {
            sounds.and_then(|s| self.frequent(&s.other_tone))
        } else if self.hit(rates.dialect * care * paper) {
            tables.dialect.get(&chars[at]).copied()
        } else if self.hit(rates.look_alike * care * paper) {
            tables.looks.get(&chars[at]).and_then(|list| self.frequent(list))
        } else if self.hit(rates.traditional * care) {
            tables.traditional.get(&chars[at]).copied()
        } else if self.hit(rates.unrelated * care) {
            let cohort = self.dice.below(tables.cohorts.len());
            Some(*self.dice.pick(&tables.cohorts[cohort].second))
        } else {
            None
        };
        if let Some(new) = replacement {
            chars[at] = new;
        } else if chars.len() == 2 && self.hit(rates.dropped * care) {
            chars.remove(at);
        } else if chars.len() == 2 && self.hit(rates.swapped * care) {
            chars.swap(0, 1);
        }
        chars.into_iter().collect()
    }

    /// An input method offers the frequent ones first.
    fn frequent(&mut self, list: &[char]) -> Option<char> {
        let weights: Vec<f64> = (1..=list.len()).map(|rank| 1.0 / rank as f64).collect();
        (!list.is_empty()).then(|| list[self.dice.weighted(&weights)])
    }

    fn rare(&mut self, full: String) -> String {
        let tables = self.tables;
        let Some(rare) = full.chars().find_map(|c| tables.rare_char(c)) else { return full };
        let lossy = match self.office {
            Office::School | Office::Federation => 1.0,
            Office::Police => 0.0,
            Office::Civil | Office::Other => 0.4,
        } * if rare.outside_gbk { 1.0 } else { 0.35 };
        let rates = self.rates;
        let with = if self.hit(rates.rare_lost * lossy) {
            (*self.dice.pick(&["?", "?", "□", "＊", "*", ""])).to_owned()
        } else if self.hit(rates.rare_spelled * lossy) {
            match self.dice.below(3) {
                0 => rare.pinyin.to_owned(),
                1 => rare.pinyin.to_uppercase(),
                _ => format!("({})", rare.parts),
            }
        } else if rare.outside_gbk
            && self.hit(rates.rare_private * if self.office == Office::Police { 0.5 } else { 1.0 })
        {
            if self.dice.chance(0.5) {
                format!("&#{};", u32::from(rare.ch))
            } else {
                char::from_u32(0xE000 + u32::from(rare.ch) % 1800).unwrap_or('\u{E000}').to_string()
            }
        } else {
            return full;
        };
        full.replacen(rare.ch, &with, 1)
    }

    fn spaced(&mut self, full: String) -> String {
        if self.office == Office::Police || !self.hit(self.rates.spacing) {
            return full;
        }
        let mut chars: Vec<char> = full.chars().collect();
        let space = *self.dice.pick(&['\u{3000}', ' ', '\u{a0}', '\u{200b}', ' ']);
        let at = if chars.len() == 2 { 1 } else { self.dice.below(chars.len() + 1) };
        chars.insert(at, space);
        chars.into_iter().collect()
    }

    fn dotted(&mut self, full: &str) -> String {
        if self.office == Office::Police {
            return full.to_owned();
        }
        let dot = *self.dice.pick(&["·", "•", "．", ".", "・", "·"]);
        full.replace('·', dot)
    }

    /// The birth date that is written; a wrong number often makes a wrong date that agrees with it.
    pub(crate) fn birth(&mut self, person: &Person, who: &Who) -> Day {
        if let Some(wrong) = who.wrong_birth
            && self.dice.chance(0.6)
        {
            return wrong;
        }
        let typed = matches!(self.office, Office::Civil | Office::Federation);
        let (year, month, day) = person.birth.ymd();
        if typed && self.hit(self.rates.birth_typo) {
            let swapped = Day::from_ymd(year, day, month).filter(|_| day <= 12);
            return swapped.unwrap_or_else(|| person.birth.plus_days(if day > 15 { -1 } else { 1 }));
        }
        if typed && self.hit(self.rates.birth_placeholder) {
            let placeholder =
                if self.dice.chance(0.8) { Day::from_ymd(year, 1, 1) } else { Day::from_ymd(1900, 1, 1) };
            return placeholder.unwrap_or(person.birth);
        }
        person.birth
    }

    /// A date in the style of the batch.
    pub(crate) fn date(&self, day: Day) -> Cell {
        let (y, m, d) = day.ymd();
        match self.date_style {
            1 => Cell::Text(format!("{y:04}{m:02}{d:02}")),
            2 => Cell::Text(format!("{y}/{m}/{d}")),
            3 => Cell::Text(format!("{y}年{m}月{d}日")),
            4 => Cell::Text(format!("{y}.{m:02}.{d:02}")),
            5 => Cell::Text(format!("{} 00:00:00", day.iso())),
            6 if self.workbook => Cell::Number(f64::from(day.days() + 25_569)),
            6 => Cell::Text((day.days() + 25_569).to_string()),
            _ if self.workbook && self.code_style == 1 => Cell::Date(day),
            _ => Cell::Text(day.iso()),
        }
    }

    /// A date that may be unknown.
    pub(crate) fn maybe_date(&self, day: Option<Day>) -> Cell {
        day.map_or(Cell::Empty, |day| self.date(day))
    }

    /// A month in the style of the batch.
    pub(crate) fn month(&self, month: Month) -> Cell {
        let (y, m) = month.year_month();
        Cell::Text(match self.date_style {
            1 | 6 => format!("{y:04}{m:02}"),
            3 => format!("{y}年{m}月"),
            _ if self.code_style == 0 => format!("{y:04}{m:02}"),
            _ => format!("{y:04}-{m:02}"),
        })
    }

    /// A month that may be unknown.
    pub(crate) fn maybe_month(&self, month: Option<Month>) -> Cell {
        month.map_or(Cell::Empty, |month| self.month(month))
    }

    /// A code in the style of the batch: label, number, or both.
    pub(crate) fn code(&self, number: &str, label: &str) -> Cell {
        Cell::Text(match self.code_style {
            0 => label.to_owned(),
            1 => number.to_owned(),
            _ => format!("{number}-{label}"),
        })
    }

    /// The sex that is written, sometimes wrong.
    pub(crate) fn sex(&mut self, sex: Sex) -> Sex {
        let wrong = self.office != Office::Police && self.hit(self.rates.sex_wrong);
        if (sex == Sex::Male) == wrong { Sex::Female } else { Sex::Male }
    }

    /// 男 or 女.
    pub(crate) fn sex_cell(&self, sex: Sex) -> Cell {
        if sex == Sex::Male { self.code("1", "男") } else { self.code("2", "女") }
    }

    /// 是 or 否.
    pub(crate) fn yes(&self, yes: bool) -> Cell {
        Cell::Text(
            match (self.code_style, yes) {
                (0, true) => "是",
                (0, false) => "否",
                (_, true) => "1",
                (_, false) => "0",
            }
            .to_owned(),
        )
    }

    /// A telephone number, often of someone else.
    pub(crate) fn phone(&mut self, person: &Person) -> Cell {
        let other = self.dice.chance(self.rates.other_phone * 0.6);
        let number =
            if other { 13_100_000_000 + u64::from(self.dice.range(0, 899_999_999)) } else { person.phone };
        Cell::Text(number.to_string())
    }

    /// Chance scaled by the clerk, for errors that concern a whole row.
    pub(crate) fn row_error(&mut self, pick: impl Fn(&Rates) -> f64) -> bool {
        let rate = pick(self.rates);
        self.hit(rate)
    }

    /// Chance by rate alone.
    pub(crate) fn chance_of(&mut self, pick: impl Fn(&Rates) -> f64) -> bool {
        let rate = pick(self.rates);
        self.dice.chance(rate)
    }
}

/// Which of so many equal parts of 0–1 a chance falls into, from 0.
fn step(chance: f64, parts: u8) -> usize {
    (1..parts).filter(|&part| chance * f64::from(parts) >= f64::from(part)).count()
}

/// What a text without any dirt is worth as a number.
fn value(text: &str) -> Written {
    match ResidentId::parse(text) {
        Some(id) if id.checksum_holds() && id.birth().is_some() && id.sequence() != 0 => Written::Number(id),
        _ => Written::Invalid,
    }
}

/// A spreadsheet's number has lost its last digits whatever they look like; as text, one in eleven
/// rounded numbers is a valid one and nothing shows that it was rounded.
fn rounded(cell: &Cell) -> Written {
    match cell {
        Cell::Text(text) if value(text) != Written::Invalid => value(text),
        _ => Written::Rounded,
    }
}

fn full_width(c: char) -> char {
    char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c)
}
