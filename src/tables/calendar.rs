//! Which days are worked on and lie in a school term: a table that an office fills in each year, and the weekend.
//!
//! What the table does not know is not guessed: a year without holidays has its weekends, and a day before the first
//! term or after the last one is unknown, never a day without school.

use super::rows::TableText;
use crate::diag::Diagnostic;
use crate::domain::Day;

/// Days on which a night may be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunDays {
    /// Every day.
    All,
    /// Workdays: neither weekend nor holiday, or worked on in exchange.
    Workdays,
    /// Days of a school term, weekends among them.
    Term,
}

impl RunDays {
    /// All, as they are written on the command line.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::All, "all"), (Self::Workdays, "workdays"), (Self::Term, "term")];

    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Workdays => "workdays",
            Self::Term => "term",
        }
    }
}

/// What the calendar says of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// It is one of the days.
    Yes,
    /// It is none, and why, in Chinese.
    No(String),
    /// The table does not reach so far, in Chinese.
    Unknown(String),
}

/// Days with a name, both ends among them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    first: Day,
    last: Day,
    name: String,
}

/// Workdays, holidays, school terms.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    /// Days of the week on which nobody works, Monday 1.
    weekend: Vec<i32>,
    holidays: Vec<Span>,
    /// Days of a weekend or holiday that are worked on in exchange (调休).
    worked: Vec<Span>,
    terms: Vec<Span>,
}

const HEADER: [&str; 5] = ["kind", "first", "last", "name", "note"];
const KINDS: [&str; 4] = ["weekend", "holiday", "workday", "term"];
const WEEK: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

impl Calendar {
    /// Saturdays, Sundays and these days off, without terms.
    pub fn of_days_off(days: impl IntoIterator<Item = Day>) -> Self {
        let span = |day| Span { first: day, last: day, name: String::new() };
        Self { weekend: vec![6, 7], holidays: days.into_iter().map(span).collect(), ..Self::default() }
    }

    pub(super) fn load(table: TableText<'_>, problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut calendar = Self::default();
        let count = table.csv(&HEADER, problems, |cells| calendar.take(cells));
        (calendar, count)
    }

    fn take(&mut self, cells: &[&str]) -> Result<(), String> {
        if cells[0] == "weekend" {
            let number = |text: &str| {
                let number = text.parse::<i32>().ok().filter(|number| (1..=7).contains(number));
                number.ok_or_else(|| format!("`{text}` is no day of the week; write 1 for Monday to 7"))
            };
            self.weekend.extend(number(cells[1])?..=number(cells[2])?);
            return Ok(());
        }
        let day = |text: &str| {
            Day::parse_iso(text).ok_or_else(|| format!("`{text}` is no day; write it as 2026-11-20"))
        };
        let span = Span { first: day(cells[1])?, last: day(cells[2])?, name: cells[3].to_owned() };
        if span.last < span.first {
            return Err(format!("it ends on {}, before it begins", span.last.iso()));
        }
        // A day cannot be off and worked on, nor lie in two terms: one of the two rows is a typing error.
        let rivals: Vec<&Span> = match cells[0] {
            "holiday" | "workday" => self.holidays.iter().chain(&self.worked).collect(),
            "term" => self.terms.iter().collect(),
            other => return Err(format!("no kind `{other}`; the kinds are {}", KINDS.join(", "))),
        };
        if let Some(rival) = rivals.into_iter().find(|rival| span.meets(rival)) {
            return Err(format!("`{}` has some of its days already", rival.name));
        }
        match cells[0] {
            "holiday" => self.holidays.push(span),
            "workday" => self.worked.push(span),
            _ => self.terms.push(span),
        }
        Ok(())
    }

    /// Whether a night is wanted on a day.
    pub fn says(&self, days: RunDays, day: Day) -> Says {
        match days {
            RunDays::All => Says::Yes,
            RunDays::Workdays => self.off(day).map_or(Says::Yes, Says::No),
            RunDays::Term => self.in_term(day),
        }
    }

    /// Why nobody works on a day.
    fn off(&self, day: Day) -> Option<String> {
        if self.worked.iter().any(|span| span.holds(day)) {
            return None;
        }
        if let Some(holiday) = self.holidays.iter().find(|span| span.holds(day)) {
            return Some(format!("节假日：{}", holiday.name));
        }
        let weekday = weekday(day);
        let name = usize::try_from(weekday - 1).ok().and_then(|at| WEEK.get(at)).copied();
        self.weekend.contains(&weekday).then(|| name.unwrap_or_default().to_owned())
    }

    fn in_term(&self, day: Day) -> Says {
        if self.terms.iter().any(|term| term.holds(day)) {
            return Says::Yes;
        }
        let before = self.terms.iter().filter(|term| term.last < day).max_by_key(|term| term.last);
        let after = self.terms.iter().filter(|term| day < term.first).min_by_key(|term| term.first);
        match (before, after) {
            (Some(before), Some(after)) => Says::No(format!("假期：{}与{}之间", before.name, after.name)),
            _ => Says::Unknown(format!("日历没有 {} 前后的学期（待客户确认）", day.iso())),
        }
    }

    /// Whether children go to school on a day, as far as the table knows: it is worked on and lies not between two
    /// terms.
    pub fn has_school(&self, day: Day) -> bool {
        self.off(day).is_none() && !matches!(self.in_term(day), Says::No(_))
    }

    /// The last day before `day` on which a night is wanted, as far as the table knows.
    pub fn last_before(&self, days: RunDays, day: Day) -> Option<Day> {
        (1..=YEAR).map(|back| day.plus_days(-back)).find(|&day| self.says(days, day) == Says::Yes)
    }

    /// The next day after `day` on which a night runs; what the table does not know is not left out.
    pub fn next_after(&self, days: RunDays, day: Day) -> Option<Day> {
        (1..=YEAR).map(|on| day.plus_days(on)).find(|&day| !matches!(self.says(days, day), Says::No(_)))
    }

    /// The day on which so many workdays have passed after `day`.
    pub fn workdays_after(&self, day: Day, count: u32) -> Day {
        let later = (1..).map_while(|on: i32| day.days().checked_add(on).map(|_| day.plus_days(on)));
        let worked = later.take(LONGEST).filter(|&day| self.off(day).is_none());
        let Some(before) = count.checked_sub(1) else { return day };
        let last = worked.into_iter().nth(before as usize);
        // A table on which nobody ever works counts every day.
        last.unwrap_or_else(|| day.plus_days(i32::try_from(count).unwrap_or(i32::MAX / 2)))
    }

    /// Whether the table names holidays of a year; without them only weekends are known.
    pub fn knows_holidays_of(&self, day: Day) -> bool {
        self.holidays.iter().any(|span| span.first.ymd().0 <= day.ymd().0 && day.ymd().0 <= span.last.ymd().0)
    }
}

/// How far is looked for a day.
const YEAR: i32 = 366;
/// How far workdays are counted.
const LONGEST: usize = 10 * 366;

impl Span {
    fn holds(&self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }

    fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Day of the week, Monday 1. Day 0 was a Thursday.
const fn weekday(day: Day) -> i32 {
    (day.days() + 3).rem_euclid(7) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "weekend,6,7,周末,\nholiday,2026-10-01,2026-10-08,甲节,\nworkday,2026-10-10,2026-10-10,甲节调休,\n\
        term,2026-09-01,2027-01-29,秋季学期,\nterm,2027-02-22,2027-07-02,春季学期,\n";

    fn load(rows: &str) -> (Calendar, Vec<u32>) {
        let mut problems = Vec::new();
        let text = format!("kind,first,last,name,note\n{rows}");
        let (calendar, _) = Calendar::load(TableText { file: "t.csv", text: &text }, &mut problems);
        (calendar, problems.iter().map(|problem| problem.spot.line).collect())
    }

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn no(text: &str) -> Says {
        Says::No(text.to_owned())
    }

    #[test]
    fn workdays_are_what_neither_weekend_nor_holiday_takes() {
        let (calendar, faults) = load(TABLE);
        assert_eq!(faults, Vec::<u32>::new());
        let says = |text| calendar.says(RunDays::Workdays, day(text));
        assert_eq!(says("2026-11-20"), Says::Yes, "a Friday");
        assert_eq!((says("2026-11-21"), says("2026-11-22")), (no("周六"), no("周日")));
        assert_eq!((says("2026-10-01"), says("2026-10-08")), (no("节假日：甲节"), no("节假日：甲节")));
        assert_eq!(
            (says("2026-10-09"), says("2026-10-10")),
            (Says::Yes, Says::Yes),
            "a Saturday in exchange"
        );
        assert_eq!(says("2026-10-11"), no("周日"));
        assert_eq!(calendar.says(RunDays::All, day("2026-11-21")), Says::Yes);
        assert_eq!(calendar.last_before(RunDays::Workdays, day("2026-10-09")), Some(day("2026-09-30")));
        assert_eq!(calendar.workdays_after(day("2026-09-30"), 2), day("2026-10-10"));
        assert_eq!(calendar.workdays_after(day("2026-10-01"), 0), day("2026-10-01"));
        let (never, _) = load("weekend,1,7,,\n");
        assert_eq!(never.workdays_after(day("2026-10-01"), 3), day("2026-10-04"));
        assert_eq!(calendar.next_after(RunDays::Workdays, day("2026-09-30")), Some(day("2026-10-09")));
        assert!(
            calendar.knows_holidays_of(day("2026-01-05")) && !calendar.knows_holidays_of(day("2027-01-05"))
        );
    }

    #[test]
    fn between_terms_there_is_no_school_and_beyond_them_nothing_is_known() {
        let (calendar, _) = load(TABLE);
        let says = |text| calendar.says(RunDays::Term, day(text));
        assert_eq!((says("2026-11-21"), says("2027-01-29")), (Says::Yes, Says::Yes));
        assert_eq!(says("2027-01-30"), no("假期：秋季学期与春季学期之间"));
        assert!(
            matches!(says("2026-08-31"), Says::Unknown(_)) && matches!(says("2027-07-03"), Says::Unknown(_))
        );
        assert_eq!(calendar.last_before(RunDays::Term, day("2027-02-10")), Some(day("2027-01-29")));
        assert_eq!(calendar.next_after(RunDays::Term, day("2027-02-10")), Some(day("2027-02-22")));
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_line() {
        let wrong = "weekend,0,7,,\nholiday,2026-10-01,2026-09-30,a,\nholiday,10-01,2026-10-02,b,\nhollyday,2026-10-01,2026-10-01,c,\n\
            holiday,2026-05-01,2026-05-05,d,\nworkday,2026-05-05,2026-05-06,e,\nterm,2026-05-01,2026-05-02,f,\nterm,2026-05-02,2026-05-03,g,\n";
        assert_eq!(load(wrong).1, [2, 3, 4, 5, 7, 9]);
    }

    #[test]
    fn the_bundled_calendar_has_weekends_and_invents_no_holiday() {
        let calendar = crate::tables::Tables::load(None).unwrap().calendar;
        assert_eq!((calendar.weekend.as_slice(), calendar.holidays.len()), (&[6, 7][..], 0));
        assert_eq!((calendar.worked.len(), calendar.terms.len()), (0, 0));
        assert!(matches!(calendar.says(RunDays::Term, day("2026-11-20")), Says::Unknown(_)));
    }
}
