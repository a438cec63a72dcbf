//! A stable 64-bit digest: the same bytes give the same number on every machine and in every
//! version. It names rows and blocks; it is no protection against an adversary.

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// Spreads every input bit over the whole word (the finaliser of SplitMix64).
pub const fn mix(word: u64) -> u64 {
    let mut z = word.wrapping_add(SEED);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The digest of a state followed by one more word; order matters.
pub const fn chain(state: u64, word: u64) -> u64 {
    mix(state.rotate_left(23) ^ mix(word))
}

/// The digest of a byte string; its length counts, so `ab`+`c` and `a`+`bc` differ when chained.
pub fn bytes(text: &[u8]) -> u64 {
    let mut state = mix(text.len() as u64);
    let mut chunks = text.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.iter().fold(0_u64, |word, &byte| (word << 8) | u64::from(byte));
        state = chain(state, word);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let word = rest.iter().fold(1_u64, |word, &byte| (word << 8) | u64::from(byte));
        state = chain(state, word);
    }
    state
}

/// The digest of several texts in order.
pub fn texts(parts: &[&str]) -> u64 {
    parts.iter().fold(SEED, |state, part| chain(state, bytes(part.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_frozen_because_identity_numbers_are_made_of_them() {
        assert_eq!(bytes(b""), 16_294_208_416_658_607_535);
        assert_eq!(texts(&["a", "b"]), texts(&["a", "b"]));
    }

    #[test]
    fn the_cut_between_texts_counts() {
        assert_ne!(texts(&["ab", "c"]), texts(&["a", "bc"]));
        assert_ne!(texts(&["a", ""]), texts(&["a"]));
        assert_ne!(bytes(b"12345678"), bytes(b"123456780"));
    }

    #[test]
    fn a_million_numbers_have_a_million_digests() {
        let mut all: Vec<u64> = (0..1_000_000_u64).map(|n| chain(7, n)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 1_000_000);
    }
}
