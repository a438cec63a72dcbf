//! Clue numbers (线索编号): short names of cases that people write by hand and read over the telephone.
//!
//! Eight characters of an alphabet of 31 (no 0, 1, I, L, O), e.g. `D7K3-9Q2M`. The weighted sum of all
//! eight is 0 modulo the prime 31 with eight different weights, so every single wrong character and
//! every exchange of two characters is noticed (stronger than ISO 7064 MOD 37,36, whose check
//! character may be one of the letters people confuse).

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const WEIGHTS: [u32; 8] = [8, 7, 6, 5, 4, 3, 2, 1];
const MODULUS: u32 = 31;

/// Why a text is no clue number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseNumberError {
    /// Not eight characters.
    #[error("a clue number has eight characters")]
    Length,
    /// A character outside the alphabet, counted from 1 without the hyphen.
    #[error("character {0} of the clue number is none of its alphabet")]
    Character(usize),
    /// The check fails: mistyped.
    #[error("the clue number's check character does not fit: it is mistyped")]
    Check,
}

/// Reads a clue number as people type it (lower case, full width, spaces, any or no hyphen) and gives the
/// official form.
///
/// # Errors
/// [`CaseNumberError`] tells what is wrong with it.
///
/// ```
/// use doudi::ledger::{parse_case_number, CaseNumberError};
/// assert_eq!(parse_case_number("zz"), Err(CaseNumberError::Length));
/// ```
pub fn parse(text: &str) -> Result<String, CaseNumberError> {
    let typed: Vec<char> = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | '—' | '–' | '_' | '\u{feff}'))
        .map(narrow)
        .collect();
    if typed.len() != WEIGHTS.len() {
        return Err(CaseNumberError::Length);
    }
    let mut values = [0_u32; 8];
    for (at, (slot, c)) in values.iter_mut().zip(&typed).enumerate() {
        *slot = value_of(*c).ok_or(CaseNumberError::Character(at + 1))?;
    }
    if weighted(&values) != 0 {
        return Err(CaseNumberError::Check);
    }
    Ok(shape(&values))
}

/// The `attempt`-th number of a case key; attempts above 0 are taken only when a number is in use already.
pub(super) fn of_key(key: &str, attempt: u32) -> String {
    let mut hasher = Sha256::new();
    hasher.update(key.as_bytes());
    if attempt > 0 {
        hasher.update([0]);
        hasher.update(attempt.to_be_bytes());
    }
    let digest = hasher.finalize();
    let mut word = digest.iter().take(8).fold(0_u64, |word, &byte| (word << 8) | u64::from(byte));
    let mut values = [0_u32; 8];
    for slot in &mut values[..7] {
        *slot = u32::try_from(word % u64::from(MODULUS)).unwrap_or_default();
        word /= u64::from(MODULUS);
    }
    // The last weight is 1, so the last value is what the sum lacks.
    values[7] = (MODULUS - weighted(&values)) % MODULUS;
    shape(&values)
}

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c).to_ascii_uppercase(),
        other => other.to_ascii_uppercase(),
    }
}

fn value_of(c: char) -> Option<u32> {
    let byte = u8::try_from(c).ok()?;
    ALPHABET.iter().position(|&known| known == byte).and_then(|at| u32::try_from(at).ok())
}

fn weighted(values: &[u32; 8]) -> u32 {
    values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum::<u32>() % MODULUS
}

fn shape(values: &[u32; 8]) -> String {
    let mut out = String::with_capacity(9);
    for (at, &value) in values.iter().enumerate() {
        if at == 4 {
            out.push('-');
        }
        out.push(char::from(ALPHABET[value as usize]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_stable_and_reads_back_however_it_is_typed() {
        let number = of_key("d_rule|roll|G1|2026-2027", 0);
        assert_eq!(number, of_key("d_rule|roll|G1|2026-2027", 0));
        assert_ne!(number, of_key("d_rule|roll|G1|2026-2027", 1));
        let wide: String = number.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for typed in [number.clone(), number.to_lowercase(), number.replace('-', " "), wide] {
            assert_eq!(parse(&typed).as_deref(), Ok(number.as_str()), "{typed}");
        }
    }

    #[test]
    fn every_single_typo_and_every_exchange_is_noticed() {
        for key in ["a", "b", "一|二|三", "x|y|z|202611"] {
            let plain: Vec<char> = of_key(key, 0).chars().filter(|c| *c != '-').collect();
            for at in 0..8 {
                for &other in ALPHABET {
                    let mut typo = plain.clone();
                    typo[at] = char::from(other);
                    let read = parse(&typo.iter().collect::<String>());
                    assert_eq!(read.is_ok(), typo == plain, "{key} {at} {other}");
                }
                for with in 0..8 {
                    let mut swapped = plain.clone();
                    swapped.swap(at, with);
                    let read = parse(&swapped.iter().collect::<String>());
                    assert_eq!(read.is_ok(), swapped == plain, "{key} {at} {with}");
                }
            }
        }
    }

    #[test]
    fn letters_that_people_confuse_are_refused_with_their_place() {
        assert_eq!(parse("O222-2222"), Err(CaseNumberError::Character(1)));
        assert_eq!(parse("2222-222I"), Err(CaseNumberError::Character(8)));
        assert_eq!(parse(""), Err(CaseNumberError::Length));
    }
}
