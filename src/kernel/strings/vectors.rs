//! Similarity of rows of numbers, such as embeddings of texts made elsewhere.

/// Cosine of the angle between two rows of numbers, −1 to 1; nothing when their lengths differ, they are
/// empty, or one is all zeros.
pub fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let length = (product(a, a) * product(b, b)).sqrt();
    (length > 0.0).then(|| (product(a, b) / length).clamp(-1.0, 1.0))
}
