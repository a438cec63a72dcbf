//! Numbers of persons as they may stand on a screen.

/// What may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    /// Everything as it is.
    Off,
    /// Beginning and end of numbers.
    On,
}

impl Mask {
    pub(super) const fn of(full: bool) -> Self {
        if full { Self::Off } else { Self::On }
    }

    /// A cell that holds a number of a person, whatever shape it came in.
    pub(super) fn number(self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        if self == Self::Off || chars.len() < 8 {
            return text.to_owned();
        }
        let (first, last) = (chars.len() / 3, (chars.len() / 4).min(4));
        let kept = |at: usize| at < first.min(6) || at >= chars.len() - last;
        chars.iter().enumerate().map(|(at, &c)| if kept(at) { c } else { '*' }).collect()
    }

    /// A sentence, in which runs of digits as long as a telephone or resident number are masked.
    pub(super) fn sentence(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut run = String::new();
        for c in text.chars().map(Some).chain([None]) {
            match c {
                Some(c) if c.is_ascii_digit() || (run.len() == 17 && matches!(c, 'x' | 'X')) => run.push(c),
                other => {
                    out.push_str(&if matches!(run.len(), 11 | 15 | 18) {
                        self.number(&run)
                    } else {
                        run.clone()
                    });
                    run.clear();
                    out.extend(other);
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_ends_and_short_words_stay() {
        assert_eq!(Mask::On.number("11010519491231002X"), "110105********002X");
        assert_eq!(Mask::On.number("13900000000"), "139******00");
        assert_eq!(Mask::On.number("无"), "无");
        assert_eq!(Mask::Off.number("11010519491231002X"), "11010519491231002X");
    }

    #[test]
    fn sentences_lose_numbers_but_no_days_and_no_row_keys() {
        let said = "电话13900000000，证号11010519491231002X，2026-11-20，第20261120号，1234567890123";
        let expected = "电话139******00，证号110105********002X，2026-11-20，第20261120号，1234567890123";
        assert_eq!(Mask::On.sentence(said), expected);
        assert_eq!(Mask::Off.sentence(said), said);
    }
}
