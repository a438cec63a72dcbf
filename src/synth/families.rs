//! Families: who is born to whom, when, with which name, under which roof. No numbers yet, no events.

use super::calendar::Calendar;
use super::dice::Dice;
use super::names::{self, Name};
use super::people::{Family, Kid, Person};
use super::stories::{Cast, Story, cast};
use super::tables::Tables;
use crate::domain::{Day, Sex};

/// What every family builder needs to know.
pub(crate) struct World<'a> {
    /// Tables.
    pub(crate) tables: &'a Tables,
    /// Dates.
    pub(crate) calendar: &'a Calendar,
    /// Seed of the run.
    pub(crate) seed: u64,
    /// Indices into `tables.villages` of the villages of this world.
    pub(crate) villages: Vec<usize>,
}

/// Relations to the head: two-digit and one-digit codes of GB/T 4761.
const HEAD: (&str, &str) = ("02", "0");
const WIFE: (&str, &str) = ("12", "1");
const SON: (&str, &str) = ("20", "2");
const DAUGHTER: (&str, &str) = ("30", "3");
const DAUGHTER_IN_LAW: (&str, &str) = ("38", "8");
const GRANDSON: (&str, &str) = ("41", "4");
const GRANDDAUGHTER: (&str, &str) = ("42", "4");
const OTHER: (&str, &str) = ("97", "8");

/// Births per year and 1.1 million people, by calendar year from 2006 on (the county's own bulletins give
/// 4,124 for 2021; the other years are estimates around it).
const BIRTHS: [f64; 21] =
    [5.6, 5.8, 6.0, 5.9, 5.9, 6.0, 6.4, 5.9, 6.2, 5.4, 6.1, 6.3, 5.6, 5.2, 4.6, 4.1, 3.9, 3.7, 3.9, 3.6, 3.1];

/// Builds the families of one chunk.
pub(crate) struct Builder<'a> {
    world: &'a World<'a>,
    dice: Dice,
    chunk: u64,
    village: usize,
    made: u64,
    families: u64,
}

fn blank(number: u64, sex: Sex, birth: Day, name: Name) -> Person {
    Person {
        number,
        sex,
        birth,
        name,
        former: None,
        id: None,
        id_region: 0,
        seq_hint: 1,
        renumbered: None,
        old_id: None,
        ethnic: "汉族",
        local: true,
        father: None,
        mother: None,
        twin: None,
        relation: OTHER,
        death: None,
        moved: None,
        card: None,
        terms: Vec::new(),
        judgments: Vec::new(),
        police_missing: false,
        lost_since: None,
        illness: None,
        treated_until: None,
        away: false,
        insured: None,
        twice: None,
        unaided: false,
        phone: 0,
        pays: Vec::new(),
        subsidies: Vec::new(),
        kid: None,
    }
}

impl<'a> Builder<'a> {
    /// A builder for one chunk of a village.
    pub(crate) fn new(world: &'a World<'a>, chunk: u64, village: usize) -> Self {
        let dice = Dice::new(&[world.seed, 0xfa31, chunk]);
        Self { world, dice, chunk, village, made: 0, families: 0 }
    }

    /// All families of the chunk: the stories first, then natural ones until `people` is reached.
    pub(crate) fn build(mut self, people: usize, stories: &[Story]) -> Vec<Family> {
        let mut out: Vec<Family> = stories.iter().map(|&story| self.told(story)).collect();
        let count = |family: &Family| family.people.iter().filter(|p| p.local).count();
        let mut size: usize = out.iter().map(count).sum();
        while size < people {
            let family = match self.dice.weighted(&[70.0, 100.0, 150.0, 85.0, 9.0]) {
                0 => self.with_children(None, false),
                1 => self.grown_up(),
                2 => self.old_couple(),
                3 => self.single(),
                _ => self.with_children(None, true),
            };
            size += count(&family);
            out.push(family);
        }
        out
    }

    fn told(&mut self, story: Story) -> Family {
        let cast = cast(story, self.world.calendar, &mut self.dice);
        let visitors = cast.visitors;
        let mut family = self.with_children(Some(&cast), visitors);
        family.story = Some(story);
        let anchor = family.anchor;
        family.kid(anchor).scripted = true;
        if story == Story::OldNumberOnRoll {
            let day = self.world.calendar.as_of.plus_days(-self.dice.between(60, 500));
            family.people[anchor].renumbered = Some(day);
        }
        // A second number has to be asked for before numbers are given out.
        family.people[anchor].twice = match story {
            Story::RegisteredTwice => Some(false),
            Story::RegisteredTwiceLogged => Some(true),
            _ => None,
        };
        family
    }

    fn person(&mut self, sex: Sex, birth: Day, surname: &str) -> Person {
        let year = birth.ymd().0;
        let given = names::given(&mut self.dice, self.world.tables, sex, year);
        let number = self.chunk * 10_000 + self.made;
        self.made += 1;
        let mut person = blank(number, sex, birth, Name { surname: surname.to_owned(), given });
        person.phone = 13_000_000_000 + u64::from(self.dice.range(0, 999_999_999)) * 6;
        if year < 1990 && self.dice.chance(0.004) {
            let day = self.world.calendar.as_of.plus_days(-self.dice.between(60, 1500));
            person.renumbered = Some(day);
        }
        person.seq_hint = u16::try_from(self.dice.range(1, 480)).unwrap_or(1);
        person
    }

    fn stranger(&mut self, sex: Sex, birth: Day) -> Person {
        let surname = names::surname(&mut self.dice, self.world.tables);
        self.person(sex, birth, surname)
    }

    fn birth_in(&mut self, year: i32) -> Day {
        let first = super::calendar::date(year, 1, 1);
        let last = self.world.calendar.as_of.plus_days(-45);
        first.plus_days(self.dice.between(0, 364)).min(last)
    }

    /// The number was coded elsewhere, in a county whose code was valid then.
    fn code_elsewhere(&mut self, person: &mut Person) {
        let coded = person.birth.ymd().0.max(1986);
        for _ in 0..40 {
            let place = self.dice.pick(&self.world.tables.elsewhere);
            if (place.first..=place.last).contains(&coded) {
                person.id_region = place.code;
                return;
            }
        }
    }

    fn roof(&mut self, people: Vec<Person>, head: usize, anchor: usize) -> Family {
        let village = &self.world.tables.villages[self.village];
        let nth = self.families;
        self.families += 1;
        Family {
            people,
            head,
            village: self.village,
            lives_in: None,
            group: self.dice.range(1, 36),
            house: self.dice.range(1, 180),
            household: format!("3206{:06}{:04}", self.chunk, nth),
            migrant_from: None,
            rural: !village.urban,
            relief: None,
            next_relief: None,
            hurt: None,
            story: None,
            anchor,
        }
    }

    /// Parents, children, usually grandparents.
    fn with_children(&mut self, cast: Option<&Cast>, visitors: bool) -> Family {
        let eldest = self.eldest_birth(cast);
        let twins = cast.is_some_and(|c| c.twins) || self.dice.chance(0.0108);
        let father_age = self.dice.bell(27, 9).max(20);
        let mut father = {
            let year = eldest.ymd().0 - father_age;
            let birth = self.birth_in(year);
            self.stranger(Sex::Male, birth)
        };
        let mut mother = {
            let year = father.birth.ymd().0 + self.dice.between(-2, 5);
            let birth = self.birth_in(year.min(eldest.ymd().0 - 19));
            self.stranger(Sex::Female, birth)
        };
        let mother_from_elsewhere = self.dice.chance(0.16);
        if mother_from_elsewhere {
            self.code_elsewhere(&mut mother);
        }
        let mut people = Vec::with_capacity(7);
        let old = cast.is_some() || self.dice.chance(0.62);
        let (grandfather, grandmother) =
            if old && !visitors { self.grandparents(&mut people, &father) } else { (None, None) };
        father.father = grandfather;
        father.mother = grandmother;
        father.relation = if grandfather.is_some() { SON } else { HEAD };
        mother.relation = if grandfather.is_some() { DAUGHTER_IN_LAW } else { WIFE };
        let parents = (people.len(), people.len() + 1);
        people.push(father);
        people.push(mother);
        let anchor = people.len();
        self.children(&mut people, parents, eldest, twins, cast.is_some(), grandfather.is_some());
        let head = grandfather.unwrap_or(parents.0);
        let mut family = self.roof(people, head, anchor);
        if visitors {
            self.make_visitors(&mut family);
        }
        family
    }

    fn eldest_birth(&mut self, cast: Option<&Cast>) -> Day {
        if let Some(cast) = cast {
            let span = cast.born.1.days() - cast.born.0.days();
            return cast.born.0.plus_days(self.dice.between(0, span));
        }
        let this_year = self.world.calendar.as_of.ymd().0;
        let back = i32::try_from(self.dice.weighted(&BIRTHS)).unwrap_or(0);
        self.birth_in(this_year - 20 + back)
    }

    fn grandparents(&mut self, people: &mut Vec<Person>, father: &Person) -> (Option<usize>, Option<usize>) {
        let year = father.birth.ymd().0 - self.dice.between(22, 31);
        let birth = self.birth_in(year.max(1930));
        let mut grandfather = self.person(Sex::Male, birth, &father.name.surname);
        grandfather.relation = HEAD;
        let year = year.max(1930) + self.dice.between(-2, 4);
        let birth = self.birth_in(year);
        let mut grandmother = self.stranger(Sex::Female, birth);
        grandmother.relation = WIFE;
        people.push(grandfather);
        if self.dice.chance(0.9) {
            people.push(grandmother);
            return (Some(0), Some(1));
        }
        (Some(0), None)
    }

    fn children(
        &mut self,
        people: &mut Vec<Person>,
        parents: (usize, usize),
        eldest: Day,
        twins: bool,
        told: bool,
        grand: bool,
    ) {
        let mut births = vec![(eldest, false)];
        if twins {
            births.push((eldest, true));
        }
        if !twins && self.dice.chance(if told { 0.2 } else { 0.27 }) {
            let later = eldest.plus_days(self.dice.between(500, 2600));
            if later < self.world.calendar.as_of.plus_days(-45) {
                births.push((later, false));
                if self.dice.chance(0.04) {
                    births.push((later, true));
                }
            }
        }
        let maternal = self.dice.chance(0.077);
        let surname = people[if maternal { parents.1 } else { parents.0 }].name.surname.clone();
        let minority = self.dice.chance(0.0006);
        let shared = self.dice.chance(if twins { 0.6 } else { 0.4 });
        let first = people.len();
        for (nth, (birth, second_twin)) in births.iter().copied().enumerate() {
            let alike = second_twin && self.dice.chance(0.66);
            let sex = match (alike, people.last()) {
                (true, Some(last)) => last.sex,
                _ if self.dice.chance(0.524) => Sex::Male,
                _ => Sex::Female,
            };
            let mut child = self.person(sex, birth, &surname);
            let mut kid = Kid::default();
            if nth > 0 && shared {
                let elder = people[first].name.given.clone();
                let name = names::sharing(&mut self.dice, self.world.tables, sex, birth.ymd().0, &elder);
                kid.shares_char = name.chars().any(|c| elder.contains(c));
                child.name.given = name;
            }
            while nth > 0 && people[first..].iter().any(|p| p.name.given == child.name.given) {
                child.name.given = names::given(&mut self.dice, self.world.tables, sex, birth.ymd().0);
            }
            if minority {
                child.ethnic = "维吾尔族";
                child.name = Name {
                    surname: String::new(),
                    given: names::minority(&mut self.dice, self.world.tables, sex),
                };
            }
            child.relation = match (grand, sex) {
                (true, Sex::Male) => GRANDSON,
                (true, _) => GRANDDAUGHTER,
                (false, Sex::Male) => SON,
                (false, _) => DAUGHTER,
            };
            child.father = Some(parents.0);
            child.mother = Some(parents.1);
            if second_twin {
                child.twin = Some(people.len() - 1);
                kid.is_twin = true;
                if let Some(other) = people.last_mut().and_then(|p| p.kid.as_deref_mut()) {
                    other.is_twin = true;
                }
            }
            child.kid = Some(Box::new(kid));
            people.push(child);
        }
        let shares = people[first + 1..].iter().any(|p| p.kid.as_ref().is_some_and(|k| k.shares_char));
        if let Some(kid) = people[first].kid.as_deref_mut() {
            kid.shares_char = shares;
        }
    }

    fn make_visitors(&mut self, family: &mut Family) {
        let place = self.dice.pick(&self.world.tables.elsewhere);
        family.migrant_from = Some(place.place);
        let code = place.code;
        for person in &mut family.people {
            person.local = false;
            person.id_region = code;
        }
        for index in 0..family.people.len() {
            let mut person = family.people[index].clone();
            self.code_elsewhere(&mut person);
            family.people[index].id_region = person.id_region;
        }
    }

    /// A couple with a grown-up child, perhaps that child's husband or wife.
    fn grown_up(&mut self) -> Family {
        let year = self.dice.between(1982, 2005);
        let birth = self.birth_in(year);
        let father_year = year - self.dice.between(22, 32);
        let father_birth = self.birth_in(father_year);
        let mut father = self.stranger(Sex::Male, father_birth);
        let mother_year = father_year + self.dice.between(-2, 4);
        let mother_birth = self.birth_in(mother_year);
        let mut mother = self.stranger(Sex::Female, mother_birth);
        father.relation = HEAD;
        mother.relation = WIFE;
        let sex = if self.dice.chance(0.55) { Sex::Male } else { Sex::Female };
        let mut child = self.person(sex, birth, &father.name.surname);
        child.father = Some(0);
        child.mother = Some(1);
        child.relation = if sex == Sex::Male { SON } else { DAUGHTER };
        let mut people = vec![father, mother, child];
        if self.dice.chance(0.35) {
            // Nobody marries as a minor.
            let spouse_year = (year + self.dice.between(-3, 3)).min(2003);
            let birth = self.birth_in(spouse_year);
            let mut spouse = self.stranger(if sex == Sex::Male { Sex::Female } else { Sex::Male }, birth);
            spouse.relation = if sex == Sex::Male { DAUGHTER_IN_LAW } else { ("28", "8") };
            people.push(spouse);
        }
        self.roof(people, 0, 2)
    }

    fn old_couple(&mut self) -> Family {
        let year = 1932 + self.dice.bell(26, 24);
        let birth = self.birth_in(year);
        let mut husband = self.stranger(Sex::Male, birth);
        husband.relation = HEAD;
        let wife_year = year + self.dice.between(-2, 4);
        let birth = self.birth_in(wife_year);
        let mut wife = self.stranger(Sex::Female, birth);
        wife.relation = WIFE;
        self.roof(vec![husband, wife], 0, 0)
    }

    fn single(&mut self) -> Family {
        let year = self.dice.between(1935, 2003);
        let birth = self.birth_in(year);
        let sex = if self.dice.chance(0.55) { Sex::Male } else { Sex::Female };
        let mut person = self.stranger(sex, birth);
        person.relation = HEAD;
        if self.dice.chance(0.1) {
            self.code_elsewhere(&mut person);
        }
        self.roof(vec![person], 0, 0)
    }
}
