//! The correction for many tests at once.

/// Returns the p of each test, corrected by the step-down method of Holm (1979). Calling every test significant whose
/// corrected p is at most α makes any error at all with probability at most α, however many tests there are and
/// however they depend on each other.
///
/// The smallest p is multiplied by the number of tests, the next by one less, and so on. None is smaller than the one
/// before it, and none is above 1.
///
/// # Examples
///
/// ```
/// use experiment::statistics::family::holm;
///
/// let corrected = holm(&[0.01, 0.04, 0.03]);
/// assert!((corrected[0] - 0.03).abs() < 1e-12); // 0.01 · 3
/// assert!((corrected[1] - 0.06).abs() < 1e-12); // not below the 0.03 · 2 of the one before
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut so_far: f64 = 0.0;
    for (place, test) in order.into_iter().enumerate() {
        let left = super::number(p.len() - place);
        so_far = so_far.max(p[test] * left).min(1.0);
        corrected[test] = so_far;
    }
    corrected
}
