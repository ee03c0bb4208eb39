//! The figures by which live and simulated runs are compared.

use experiment::expectation::{Figure, Figures};
use experiment::result::Repetition;

/// A figure, and how far live and simulated runs may differ where both hardly differ from seed to seed: an opening
/// more in all, a hundredth of the time, 50 ms, five calls.
pub(crate) const COMPARED: [(&str, f64); 6] = [
    ("openings", 1.0),
    ("divergence_share", 0.01),
    ("detection_delay_p50", 0.05),
    ("recovery_delay_p50", 0.05),
    ("wasted_calls", 5.0),
    ("wrongly_rejected_calls", 5.0),
];

/// The figures of a fleet that decides together.
#[allow(dead_code, reason = "only the table holds them against each other")]
pub(crate) const TOGETHER: [&str; 9] = [
    "all_open_delay",
    "wasted_calls",
    "wrongly_rejected_calls",
    "recovery_delay_max",
    "probes",
    "fleet_openings",
    "leases",
    "vetoes",
    "messages",
];

/// The values of a figure, of the runs in which it was measured and did come.
pub(crate) fn values(runs: &[Repetition], figure: &str) -> Vec<f64> {
    let figure: Figure = figure.parse().expect("a figure of the catalogue");
    let values = runs.iter().filter_map(|run| run.value(&figure));
    values.filter(|value| value.is_finite()).collect()
}
