//! Where each character stands in a short text, a bit per place.

use super::symbols::Symbol;

/// Most characters of a text that masks can hold.
pub(super) const WORD: usize = 64;

/// For each character the set of its places. ASCII is looked up in a table; other characters are few in
/// one text, so a scan over them beats hashing.
pub(super) struct Masks {
    narrow: [u64; 128],
    wide: Vec<(u32, u64)>,
}

impl Masks {
    /// Masks of a text of at most [`WORD`] characters; what lies beyond is not seen.
    pub(super) fn new<A: Symbol>(text: &[A]) -> Self {
        let mut masks = Self { narrow: [0; 128], wide: Vec::new() };
        for (place, symbol) in text.iter().take(WORD).enumerate() {
            masks.add(symbol.code(), 1 << place);
        }
        masks
    }

    fn add(&mut self, code: u32, bit: u64) {
        if let Some(mask) = self.narrow.get_mut(code as usize) {
            *mask |= bit;
        } else if let Some((_, mask)) = self.wide.iter_mut().find(|(known, _)| *known == code) {
            *mask |= bit;
        } else {
            self.wide.push((code, bit));
        }
    }

    /// Places of a character.
    pub(super) fn of<B: Symbol>(&self, symbol: B) -> u64 {
        let code = symbol.code();
        match self.narrow.get(code as usize) {
            Some(&mask) => mask,
            None => self.wide.iter().find(|(known, _)| *known == code).map_or(0, |&(_, mask)| mask),
        }
    }
}
