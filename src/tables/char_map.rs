//! A map from characters to small values: two array reads, no hashing.

/// A two-level array over Unicode; characters that were never set have the default value.
#[derive(Clone, Debug)]
pub(super) struct CharMap<T> {
    /// Page number of each block of 256 code points; page 0 holds only defaults.
    pages: Vec<u16>,
    cells: Vec<T>,
}

const PAGE: usize = 256;

impl<T: Copy + Default> Default for CharMap<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), cells: vec![T::default(); PAGE] }
    }
}

impl<T: Copy + Default> CharMap<T> {
    /// The value of a character.
    pub(super) fn get(&self, c: char) -> T {
        let code = u32::from(c) as usize;
        let page = self.pages.get(code / PAGE).copied().unwrap_or_default();
        self.cells.get(usize::from(page) * PAGE + code % PAGE).copied().unwrap_or_default()
    }

    /// Sets the value of a character.
    pub(super) fn set(&mut self, c: char, value: T) {
        let code = u32::from(c) as usize;
        let block = code / PAGE;
        if self.pages.len() <= block {
            self.pages.resize(block + 1, 0);
        }
        if self.pages[block] == 0 {
            // Unicode has 4,352 blocks of 256, so the page number always fits.
            self.pages[block] = u16::try_from(self.cells.len() / PAGE).expect("at most 4,353 pages");
            self.cells.resize(self.cells.len() + PAGE, T::default());
        }
        let at = usize::from(self.pages[block]) * PAGE + code % PAGE;
        self.cells[at] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::CharMap;

    #[test]
    fn values_are_kept_apart_and_unset_ones_are_default() {
        let mut map = CharMap::<u16>::default();
        for (n, c) in ['a', '王', '\u{3FFFD}', '𬭎', '\u{10FFFF}'].into_iter().enumerate() {
            map.set(c, u16::try_from(n).unwrap() + 1);
        }
        assert_eq!([map.get('a'), map.get('王'), map.get('𬭎'), map.get('\u{10FFFF}')], [1, 2, 4, 5]);
        assert_eq!([map.get('b'), map.get('玉'), map.get('\0')], [0, 0, 0]);
    }
}
