//! The distance of two distributions: the largest gap between their distribution functions.

use super::number;

/// Up to this many pairs of values the probability is counted; beyond that it is the limit for large samples.
const EXACT: usize = 10_000_000;

/// The result of the two-sample test of Kolmogorov and Smirnov.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// The largest gap, from 0 to 1.
    pub gap: f64,
    /// How likely two samples of the same source are at least this far apart. Ties make it too large, never too
    /// small.
    pub p: f64,
    /// Whether p was counted, or is the limit for large samples.
    pub exact: bool,
}

/// Compares two samples; `None` if one is empty. Infinite values are larger than all others.
///
/// # Examples
///
/// ```
/// use experiment::statistics::distance::kolmogorov_smirnov;
///
/// let distance = kolmogorov_smirnov(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).unwrap();
/// assert_eq!(distance.gap, 1.0);
/// assert!((distance.p - 0.1).abs() < 1e-12); // 2 of 6 over 3 orders
/// ```
pub fn kolmogorov_smirnov(first: &[f64], second: &[f64]) -> Option<Distance> {
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let (n, m) = (first.len(), second.len());
    let gap = largest_gap(first, second);
    #[expect(clippy::cast_precision_loss, reason = "samples fit in memory")]
    let share = gap as f64 / (n * m) as f64;
    let (p, exact) = if n * m <= EXACT {
        (1.0 - paths_within(n, m, gap), true)
    } else {
        let size = (number(n) * number(m) / number(n + m)).sqrt();
        (limit(size * share), false)
    };
    Some(Distance {
        gap: share,
        p: p.clamp(0.0, 1.0),
        exact,
    })
}

/// The largest |i/n − j/m| after each distinct value, as a whole number of 1/(n·m).
fn largest_gap(first: &[f64], second: &[f64]) -> usize {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (a, b) = (sorted(first), sorted(second));
    let (mut i, mut j, mut gap) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let at = if a[i].total_cmp(&b[j]).is_le() {
            a[i]
        } else {
            b[j]
        };
        let up_to = |values: &[f64]| values.partition_point(|it| it.total_cmp(&at).is_le());
        (i, j) = (up_to(&a), up_to(&b));
        gap = gap.max((i * b.len()).abs_diff(j * a.len()));
    }
    gap
}

/// The share of the equally likely orders of n and m draws whose gap stays below `gap` everywhere: paths over a
/// grid that stay near its diagonal (Hodges, 1958, section 2).
fn paths_within(n: usize, m: usize, gap: usize) -> f64 {
    let near = |i: usize, j: usize| (i * m).abs_diff(j * n) < gap;
    // Weights instead of numbers of paths: a path ends at (i, j) with the share of all that go there.
    let mut row = vec![0.0; m + 1];
    for i in 0..=n {
        for j in 0..=m {
            let from_left = if j > 0 { row[j - 1] * number(j) } else { 0.0 };
            let from_above = if i > 0 { row[j] * number(i) } else { 0.0 };
            row[j] = match (i, j) {
                _ if !near(i, j) => 0.0,
                (0, 0) => 1.0,
                _ => (from_left + from_above) / number(i + j),
            };
        }
    }
    row[m]
}

/// The limit for large samples: 2 Σ (−1)^(k−1) exp(−2 k² λ²) (Kolmogorov, 1933).
pub(super) fn limit(lambda: f64) -> f64 {
    if lambda < 0.2 {
        // The sum converges slowly there, and to 1 within 1e-12.
        return 1.0;
    }
    let terms = (1..=100).map(|k| {
        let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
        sign * libm::exp(-2.0 * f64::from(k * k) * lambda * lambda)
    });
    2.0 * terms.sum::<f64>()
}
