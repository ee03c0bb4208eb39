//! The numbers of a study as its tables show them, with their intervals.

use crate::expectation::Unit;
use crate::statistics::{Difference, Estimate};

/// `12.3 ± 0.4`, or how often it never came.
pub(super) fn with_interval(estimate: Estimate, unit: Unit) -> String {
    match (estimate.mean, estimate.interval) {
        (Some(mean), Some(interval)) => {
            format!("{} ± {}", unit.show(mean), unit.show(interval.half_width()))
        }
        (Some(mean), None) => unit.show(mean),
        (None, _) => format!("never in {} of {}", estimate.never, estimate.count),
    }
}

/// `+1.2 ± 0.3`, in bold where chance alone does not explain it.
pub(super) fn shown(difference: &Difference, unit: Unit) -> String {
    let sign = if difference.mean < 0.0 { "−" } else { "+" };
    let size = unit.show(difference.mean.abs());
    let Some(interval) = difference.interval else {
        return format!("{sign}{size}");
    };
    let text = format!("{sign}{size} ± {}", unit.show(interval.half_width()));
    if interval.contains(0.0) {
        text
    } else {
        format!("**{text}**")
    }
}
