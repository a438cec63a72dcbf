//! How two short sequences differ.

/// The smallest explanation of the difference between two sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Equal.
    None,
    /// One element differs, at this place.
    Substitution(usize),
    /// Two neighbours changed places, the first at this place.
    Swap(usize),
    /// The longer one has one element more, at this place.
    Insertion(usize),
    /// More than one edit.
    Many,
}

/// How `a` and `b` differ, when one edit explains it.
pub fn one_edit<T: PartialEq>(a: &[T], b: &[T]) -> Edit {
    if a.len() == b.len() {
        let Some(first) = (0..a.len()).find(|&at| a[at] != b[at]) else { return Edit::None };
        if a[first + 1..] == b[first + 1..] {
            return Edit::Substitution(first);
        }
        let swapped = first + 1 < a.len() && a[first] == b[first + 1] && a[first + 1] == b[first];
        return if swapped && a[first + 2..] == b[first + 2..] { Edit::Swap(first) } else { Edit::Many };
    }
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() != 1 {
        return Edit::Many;
    }
    let first = (0..short.len()).find(|&at| short[at] != long[at]).unwrap_or(short.len());
    if short[first..] == long[first + 1..] { Edit::Insertion(first) } else { Edit::Many }
}

/// In how many places two sequences of one length differ (the longer rest counts in full).
pub fn differences<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    a.iter().zip(b).filter(|(x, y)| x != y).count() + a.len().abs_diff(b.len())
}

/// Whether two sorted slices share an element.
pub fn meet<T: Ord>(a: &[T], b: &[T]) -> bool {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}

/// The text in stretches that are the same as in the other text, or not: place by place where both are of
/// one length, else what lies between their common beginning and end.
pub fn stretches(text: &str, other: &str) -> Vec<(String, bool)> {
    let (a, b): (Vec<char>, Vec<char>) = (text.chars().collect(), other.chars().collect());
    let same: Vec<bool> = if a.len() == b.len() {
        a.iter().zip(&b).map(|(x, y)| x == y).collect()
    } else {
        let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
        let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
        let end = end.min(a.len() - start).min(b.len() - start);
        (0..a.len()).map(|at| at < start || at >= a.len() - end).collect()
    };
    let mut out: Vec<(String, bool)> = Vec::new();
    for (c, same) in a.iter().zip(same) {
        match out.last_mut().filter(|(_, differs)| *differs != same) {
            Some((stretch, _)) => stretch.push(*c),
            None => out.push((c.to_string(), !same)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(a: &str, b: &str, expected: Edit) {
        assert_eq!(one_edit(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
    }

    #[test]
    fn single_edits_are_told_apart() {
        check("1234", "1234", Edit::None);
        check("1234", "1294", Edit::Substitution(2));
        check("1234", "1324", Edit::Swap(1));
        check("1234", "12534", Edit::Insertion(2));
        check("1234", "123", Edit::Insertion(3));
        check("1234", "4321", Edit::Many);
        check("", "12", Edit::Many);
    }

    proptest! {
        #[test]
        fn one_edit_agrees_with_the_library_distance(a in "[ab1]{0,6}", b in "[ab1]{0,6}") {
            let distance = strsim::osa_distance(&a, &b);
            let edit = one_edit(a.as_bytes(), b.as_bytes());
            prop_assert_eq!(edit == Edit::None, distance == 0);
            prop_assert_eq!(edit == Edit::Many, distance > 1);
        }

        #[test]
        fn meeting_agrees_with_a_search(a in prop::collection::btree_set(0_u8..20, 0..6),
                                        b in prop::collection::btree_set(0_u8..20, 0..6)) {
            let (va, vb): (Vec<u8>, Vec<u8>) = (a.iter().copied().collect(), b.iter().copied().collect());
            prop_assert_eq!(meet(&va, &vb), a.intersection(&b).next().is_some());
        }
    }

    #[test]
    fn what_differs_is_told_place_by_place_or_between_what_is_common() {
        let check = |text: &str, other: &str, expected: &str| {
            let told: String = stretches(text, other)
                .into_iter()
                .map(|(stretch, differs)| if differs { format!("[{stretch}]") } else { stretch })
                .collect();
            assert_eq!(told, expected);
        };
        check("张小明", "张晓明", "张[小]明");
        check("990101", "990110", "9901[01]");
        check("欧阳明", "欧明", "欧[阳]明");
        check("欧明", "欧阳明", "欧明");
        check("甲", "乙", "[甲]");
        check("同", "同", "同");
    }
}
