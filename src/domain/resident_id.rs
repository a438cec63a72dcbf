//! The resident identity number (公民身份号码, GB 11643) as arithmetic: parts and check digit.

use std::fmt;

use super::{Day, Sex};

/// An 18-character resident number in one word: seventeen digits and a check character.
///
/// The structure is always right (seventeen digits and `0`–`9` or `X`); the check digit and the
/// date inside may be wrong, which is what the methods tell. Cleaning text, grading and
/// regions live in `field::resident_id`.
/// `Debug` never shows digits: the number is personal.
///
/// ```
/// use doudi::domain::ResidentId;
/// let id = ResidentId::parse("11010519491231002X").unwrap();
/// assert!(id.checksum_holds());
/// assert_eq!(id.region(), 110_105);
/// assert_eq!(id.birth().unwrap().iso(), "1949-12-31");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResidentId(u64);

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [u8; 11] = *b"10X98765432";

impl ResidentId {
    /// Reads exactly 17 ASCII digits and a digit or capital `X`; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 18] = text.as_bytes().try_into().ok()?;
        let mut body = 0_u64;
        for &byte in &bytes[..17] {
            body = body * 10 + u64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        let check = match bytes[17] {
            b'X' => 10,
            digit if digit.is_ascii_digit() => u64::from(digit - b'0'),
            _ => return None,
        };
        Some(Self(body * 11 + check))
    }

    /// The number with the right check digit behind a body of seventeen digits (below 10^17).
    pub fn from_body(body: u64) -> Self {
        let unchecked = Self(body * 11);
        let check = match unchecked.expected_check() {
            b'X' => 10,
            digit => u64::from(digit - b'0'),
        };
        Self(body * 11 + check)
    }

    /// The 18-digit form of a 15-digit number: `19` after the region, check digit added.
    pub fn from_fifteen(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 15 || !bytes.iter().all(u8::is_ascii_digit) {
            return None;
        }
        format!("{}19{}", &text[..6], &text[6..]).parse().ok().map(Self::from_body)
    }

    /// The packed word: body × 11 + check value. Order of words is order of numbers.
    pub const fn packed(self) -> u64 {
        self.0
    }

    /// The number of a packed word that came from [`ResidentId::packed`].
    pub const fn from_packed(word: u64) -> Self {
        Self(word)
    }

    /// The seventeen digits before the check character, as a number.
    pub const fn body(self) -> u64 {
        self.0 / 11
    }

    /// The 18 ASCII characters.
    pub fn chars(self) -> [u8; 18] {
        let mut out = [0_u8; 18];
        let mut body = self.body();
        for slot in out[..17].iter_mut().rev() {
            *slot = b'0' + u8::try_from(body % 10).unwrap_or_default();
            body /= 10;
        }
        out[17] = match self.0 % 11 {
            10 => b'X',
            digit => b'0' + u8::try_from(digit).unwrap_or_default(),
        };
        out
    }

    /// The number as text. Personal: for lists and artifacts, never for logs.
    pub fn text(self) -> String {
        self.chars().iter().map(|&c| char::from(c)).collect()
    }

    /// Masked for print: region and last four characters stay, e.g. `320681********1234`.
    pub fn masked(self) -> String {
        let text = self.text();
        format!("{}********{}", &text[..6], &text[14..])
    }

    /// The check character (`0`–`9` or `X`) that MOD 11-2 asks for.
    pub fn expected_check(self) -> u8 {
        let mut body = self.body();
        let mut sum = 0_u32;
        for weight in WEIGHTS.iter().rev() {
            sum += weight * u32::try_from(body % 10).unwrap_or_default();
            body /= 10;
        }
        CHECKS[(sum % 11) as usize]
    }

    /// Whether the check character is the one MOD 11-2 asks for.
    pub fn checksum_holds(self) -> bool {
        self.chars()[17] == self.expected_check()
    }

    /// The six digits of the place of first registration (never the residence).
    pub fn region(self) -> u32 {
        u32::try_from(self.body() / 100_000_000_000).unwrap_or_default()
    }

    /// The birth date inside; `None` when digits 7–14 are no date.
    pub fn birth(self) -> Option<Day> {
        let ymd = u32::try_from(self.body() / 1000 % 100_000_000).ok()?;
        Day::from_ymd((ymd / 10_000).cast_signed(), ymd / 100 % 100, ymd % 100)
    }

    /// Digits 15–17, the sequence within one region and day; odd for males.
    pub fn sequence(self) -> u16 {
        u16::try_from(self.body() % 1000).unwrap_or_default()
    }

    /// The sex that digit 17 tells.
    pub fn sex(self) -> Sex {
        if self.sequence() % 2 == 1 { Sex::Male } else { Sex::Female }
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentId(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_the_round_trip_and_a_wrong_digit_is_seen() {
        let id = ResidentId::parse("11010519491231002X").unwrap();
        assert_eq!(id.text(), "11010519491231002X");
        assert!(id.checksum_holds());
        assert!(!ResidentId::parse("110105194912310021").unwrap().checksum_holds());
        assert_eq!(id.sex(), Sex::Female);
    }

    #[test]
    fn fifteen_digits_become_eighteen() {
        let id = ResidentId::from_fifteen("110105491231002").unwrap();
        assert_eq!(id.text(), "11010519491231002X");
    }

    #[test]
    fn text_that_is_no_number_is_refused() {
        for text in ["", "11010519491231002x", "1101051949123100２", "无", "一二三四五六"] {
            assert!(ResidentId::parse(text).is_none(), "{text}");
        }
    }
}
