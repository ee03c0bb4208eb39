//! The promise about a lost engine: goodput is at least 98 % of that of breakers alone with the same seed.

use super::super::{LOCAL, MATRIX, Results, cell};
use crate::statistics::Summary;

/// The share of the goodput of breakers alone that must remain.
const PROMISED: f64 = 0.98;
/// The scenarios in which the engine or the connection to it fails.
const SCENARIOS: &[&str] = &[
    "engine-lost-before",
    "engine-lost-while-open",
    "half-partitioned",
    "engine-flushed",
    "lost-messages",
    "sick-clock",
];
/// The modes that promise it.
const MODES: &[&str] = &["advisory", "quorum", "pooled"];

/// The section with a verdict for each such scenario and mode.
pub(super) fn section(results: &Results) -> Option<String> {
    let mut rows = Vec::new();
    for scenario in SCENARIOS {
        for mode in MODES {
            let own = cell(MATRIX, scenario, mode);
            let base = cell(MATRIX, scenario, LOCAL);
            if let Some(ratio) = results.ratio(&own, &base, "goodput") {
                rows.push(row(scenario, mode, &ratio));
            }
        }
    }
    (!rows.is_empty()).then(|| {
        format!(
            "## When the engine is lost\n\nGoodput as a share of what `local` has with the same seed, with the 95 % \
             interval of its mean. The promise is at least 98 %.\n\n| scenario | mode | goodput / local | interval | \
             at least 98 % |\n|---|---|---:|---:|---|\n{}\n",
            rows.join("\n")
        )
    })
}

fn row(scenario: &str, mode: &str, ratio: &Summary) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let (shown, verdict) = match ratio.interval() {
        Some(it) => (
            format!("{} … {}", percent(it.low), percent(it.high)),
            verdict(it.low, it.high),
        ),
        None => ("–".to_owned(), verdict(ratio.mean, ratio.mean)),
    };
    format!(
        "| {scenario} | {mode} | {} | {shown} | {verdict} |",
        percent(ratio.mean)
    )
}

fn verdict(low: f64, high: f64) -> &'static str {
    match () {
        () if low >= PROMISED => "yes",
        () if high < PROMISED => "**no**",
        () => "not sure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_broken_or_not_sure() {
        assert_eq!(verdict(0.981, 0.99), "yes");
        assert_eq!(verdict(0.97, 0.979), "**no**");
        assert_eq!(verdict(0.97, 0.99), "not sure");
    }
}
