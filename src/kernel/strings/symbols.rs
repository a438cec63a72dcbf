//! A text as a row of characters of one width, ready for comparing.

/// A text, read once: bytes when all characters are ASCII, else scalar values. A text has one form only,
/// so equal texts are equal here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbols {
    /// ASCII only.
    Narrow(Box<[u8]>),
    /// At least one other character.
    Wide(Box<[char]>),
}

impl Symbols {
    /// Reads a text.
    pub fn new(text: &str) -> Self {
        if text.is_ascii() {
            Self::Narrow(text.as_bytes().into())
        } else {
            Self::Wide(text.chars().collect())
        }
    }

    /// Number of characters.
    pub const fn len(&self) -> usize {
        match self {
            Self::Narrow(symbols) => symbols.len(),
            Self::Wide(symbols) => symbols.len(),
        }
    }

    /// Whether there is no character.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text again.
    pub fn text(&self) -> String {
        match self {
            Self::Narrow(symbols) => symbols.iter().map(|&symbol| char::from(symbol)).collect(),
            Self::Wide(symbols) => symbols.iter().collect(),
        }
    }
}

/// One character, whatever its width.
pub(super) trait Symbol: Copy {
    /// Its scalar value.
    fn code(self) -> u32;
}

impl Symbol for u8 {
    fn code(self) -> u32 {
        u32::from(self)
    }
}

impl Symbol for char {
    fn code(self) -> u32 {
        u32::from(self)
    }
}

/// Whether two characters are one.
pub(super) fn same<A: Symbol, B: Symbol>(a: A, b: B) -> bool {
    a.code() == b.code()
}

/// How many characters two texts have in common at their beginning.
pub(super) fn common_prefix<A: Symbol, B: Symbol>(a: &[A], b: &[B]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| same(**a, **b)).count()
}

/// Both texts without what they have in common at either end: no edit distance depends on it.
pub(super) fn trimmed<'a, 'b, A: Symbol, B: Symbol>(a: &'a [A], b: &'b [B]) -> (&'a [A], &'b [B]) {
    let front = common_prefix(a, b);
    let (a, b) = (&a[front..], &b[front..]);
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| same(**a, **b)).count();
    (&a[..a.len() - back], &b[..b.len() - back])
}
