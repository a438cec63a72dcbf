//! Dates and times as text, by a format in the words of `strptime`.

use crate::domain::Day;

/// A format such as `%Y-%m-%d`, read as DuckDB's `try_strptime` reads it: numbers may have fewer digits
/// unless the next part follows at once, white space at the ends is passed over, what is left over
/// makes it no date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Number { what: What, digits: usize, exact: bool },
    Letter(char),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

impl Format {
    /// Reads a format of `%Y`, `%m`, `%d`, `%H`, `%M`, `%S`, `%%` and other characters as they stand.
    ///
    /// # Errors
    /// What is not understood, in words.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text.chars();
        while let Some(letter) = rest.next() {
            if letter != '%' {
                parts.push(Part::Letter(letter));
                continue;
            }
            let (what, digits) = match rest.next() {
                Some('Y') => (What::Year, 4),
                Some('m') => (What::Month, 2),
                Some('d') => (What::Day, 2),
                Some('H') => (What::Hour, 2),
                Some('M') => (What::Minute, 2),
                Some('S') => (What::Second, 2),
                Some('%') => {
                    parts.push(Part::Letter('%'));
                    continue;
                }
                other => {
                    let other = other.map_or_else(String::new, String::from);
                    return Err(format!(
                        "`%{other}` is not understood in a date format; use %Y %m %d %H %M %S"
                    ));
                }
            };
            if let Some(Part::Number { exact, .. }) = parts.last_mut() {
                *exact = true;
            }
            parts.push(Part::Number { what, digits, exact: false });
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The format as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Seconds since 1970; nothing when the text is no date of this format.
    pub fn parse(&self, text: &str) -> Option<f64> {
        let mut rest = text.trim_start();
        let (mut date, mut clock) = ([1900, 1, 1], [0_u32; 3]);
        for part in &self.parts {
            match *part {
                Part::Letter(letter) => rest = rest.strip_prefix(letter)?,
                Part::Number { what, digits, exact } => {
                    let found = rest.bytes().take(digits).take_while(u8::is_ascii_digit).count();
                    if found == 0 || (exact && found < digits) {
                        return None;
                    }
                    let number: u32 = rest[..found].parse().ok()?;
                    rest = &rest[found..];
                    match what {
                        What::Year => date[0] = number,
                        What::Month => date[1] = number,
                        What::Day => date[2] = number,
                        What::Hour => clock[0] = number,
                        What::Minute => clock[1] = number,
                        What::Second => clock[2] = number,
                    }
                }
            }
        }
        if !rest.trim_start().is_empty() || clock[0] > 23 || clock[1] > 59 || clock[2] > 59 {
            return None;
        }
        let day = Day::from_ymd(i32::try_from(date[0]).ok()?, date[1], date[2])?;
        Some(f64::from(day.days()) * 86_400.0 + f64::from(clock[0] * 3_600 + clock[1] * 60 + clock[2]))
    }
}
