//! What did the clients of each instance see? A table, and a line of progress.

use super::words::millis;
use crate::load::Record;

/// One line with the replies so far.
pub(crate) fn progress(names: &[&str], record: &Record) -> String {
    let parts = names.iter().enumerate().map(|(target, name)| {
        let figures = record.figures(target);
        format!(
            "{name}: {} ok, {} failed, {} fast-failed",
            figures.successes,
            figures.failed(),
            figures.fast_failures,
        )
    });
    parts.collect::<Vec<_>>().join("   ")
}

/// The table at the end.
pub(crate) fn lines(names: &[&str], record: &Record) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<10}{:>8}{:>9}{:>9}{:>11}{:>12}{:>13}{:>6}{:>10}{:>10}",
        "instance",
        "calls",
        "success",
        "failure",
        "fast-fail",
        "timed out",
        "unreachable",
        "shed",
        "p50",
        "p99",
    )];
    for (target, name) in names.iter().enumerate() {
        let figures = record.figures(target);
        let latency = record.latency(target);
        lines.push(format!(
            "{name:<10}{:>8}{:>9}{:>9}{:>11}{:>12}{:>13}{:>6}{:>10}{:>10}",
            figures.calls(),
            figures.successes,
            figures.failures,
            figures.fast_failures,
            figures.timed_out,
            figures.unreachable,
            figures.shed,
            millis(latency.p50),
            millis(latency.p99),
        ));
    }
    lines
}
