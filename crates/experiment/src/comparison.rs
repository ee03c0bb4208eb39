//! The comparison of results: figures side by side, and whether they differ by more than their spread.
//!
//! A figure of one run is one draw. Repetitions show how far draws lie apart; two results are said to
//! differ only where none of the draws of one lies among those of the other, and where chance would do that
//! in fewer than one of 50 cases. Of `n` and `m` draws from the same source all orders are equally likely
//! (the exact test of Mann and Whitney, 1947), so that it does so in 2 of n + m over n: for five against
//! five in 2 of 252. Of twenty figures, one in fifty is still likely to be chance.

use crate::expectation::{Figure, Unit};
use crate::result::RunResult;

/// Above this chance nothing is said to differ.
const CHANCE: f64 = 0.02;

/// Figures that are compared unless others are asked for.
pub const USUAL: &[&str] = &[
    "ok_ratio",
    "fast_fail_ratio",
    "failed_ratio",
    "goodput",
    "amplification",
    "ok_p50",
    "ok_p99",
    "fast_fail_p99",
    "p50",
    "p99",
    "openings",
    "flaps",
    "closed_share",
    "divergence_share",
    "mixed_seconds_share",
    "unhealthy_share",
    "detection_delay_p50",
    "recovery_delay_p50",
    "wrongly_open_share",
    "wrongly_closed_share",
    "wasted_calls",
    "wrongly_rejected_ratio",
    "downstream_calls",
];

/// One figure of several results.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The figure.
    pub figure: Figure,
    /// Its spread in each result; `None` where it was not measured.
    pub spreads: Vec<Option<Spread>>,
    /// For each result whether it lies wholly apart from the first one.
    pub apart: Vec<bool>,
}

/// A figure over the repetitions of one result, in its base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The one in the middle; of an even number the mean of the two.
    pub median: f64,
    /// The largest.
    pub max: f64,
    /// How many there were.
    pub count: usize,
}

impl Spread {
    /// The spread of `values`; `None` when there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) && sorted[middle - 1].is_finite() {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
        Some(Self {
            min,
            median,
            max,
            count: sorted.len(),
        })
    }

    /// Whether no value of one lies among those of the other, and there are enough to say so.
    pub fn is_apart(&self, other: &Self) -> bool {
        let enough = chance_of_apart(self.count, other.count) < CHANCE;
        enough && (self.max < other.min || other.max < self.min)
    }

    /// `12.5 % (11.0 % … 14.2 %)`, or the value alone.
    pub fn show(&self, unit: Unit) -> String {
        let median = unit.show(self.median);
        if self.count == 1 {
            return median;
        }
        format!(
            "{median} ({} … {})",
            unit.show(self.min),
            unit.show(self.max)
        )
    }
}

/// How often draws of the same source lie apart by chance: 2 / (n + m over n).
fn chance_of_apart(n: usize, m: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few repetitions")]
    let orders = (1..=n).map(|place| (m + place) as f64 / place as f64);
    2.0 / orders.product::<f64>()
}

/// The figures of `results` side by side, without those that none of them has.
pub fn compare(results: &[RunResult], figures: &[Figure]) -> Vec<Row> {
    let rows = figures.iter().map(|figure| {
        let values = results.iter().map(|result| result.values(figure));
        let spreads: Vec<_> = values.map(|values| Spread::of(&values)).collect();
        let first = spreads.first().copied().flatten();
        let apart = spreads.iter().map(|spread| match (first, spread) {
            (Some(first), Some(spread)) => spread.is_apart(&first),
            _ => false,
        });
        Row {
            figure: figure.clone(),
            apart: apart.collect(),
            spreads,
        }
    });
    rows.filter(|row| row.spreads.iter().any(Option::is_some))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_shows_its_middle_and_its_ends() {
        let spread = Spread::of(&[0.3, 0.1, 0.2]).unwrap();

        assert_eq!(spread.show(Unit::Share), "20.0 % (10.0 % … 30.0 %)");
        assert_eq!(Spread::of(&[0.5]).unwrap().show(Unit::Share), "50.0 %");
        assert_eq!(Spread::of(&[]), None);
        let never = Spread::of(&[1.0, f64::INFINITY]).unwrap();
        assert_eq!(never.show(Unit::Seconds), "never (1.00 s … never)");
    }

    #[test]
    fn results_differ_only_when_no_repetition_lies_among_the_others() {
        let spread = |values: &[f64]| Spread::of(values).unwrap();
        let low = spread(&[1.0, 2.0, 2.0, 2.5, 3.0]);

        assert!(low.is_apart(&spread(&[3.5, 4.0, 5.0, 6.0])));
        assert!(!low.is_apart(&spread(&[3.0, 4.0, 5.0, 6.0])));
        assert!(!low.is_apart(&spread(&[9.0])), "one draw says nothing");
        assert!((chance_of_apart(5, 5) - 2.0 / 252.0).abs() < 1e-12);
        assert!((chance_of_apart(3, 3) - 0.1).abs() < 1e-12);
    }
}
