//! Times to open as distributions: hundreds of faults live, thousands simulated, and the largest gap between them.

use experiment::result::Repetition;
use experiment::statistics::distance::kolmogorov_smirnov;
use fusebox::State;

use crate::runs::Pair;

/// 25 instances, each called ten times per second, that meet nine outages; between them they close again.
const FAULTS: &str = r#"
title = "one outage after another"
duration = "36s"

[fleet]
size = 25

[breaker]
consecutive_failures = 5
failure_rate_threshold = "off"
open_for = "200ms"
backoff_factor = 1.0

[load]
rate = 250

[faults]
loop = true
base = { delay = { uniform = { min = "2ms", max = "6ms" } } }
phases = [
  { name = "well", for = "2s" },
  { name = "outage", for = "2s", failure_ratio = 1 },
]
"#;

/// How long each closed instance took to open in each outage, in seconds.
fn times_to_open(runs: &[Repetition]) -> Vec<f64> {
    let mut times = Vec::new();
    for run in runs {
        let outages = run
            .fleet
            .phases
            .iter()
            .filter(|phase| phase.name == "outage");
        for (outage, one) in
            outages.flat_map(|outage| run.fleet.instances.iter().map(move |one| (outage, one)))
        {
            let before = one
                .transitions
                .iter()
                .rfind(|change| change.at_s < outage.from_s);
            let opened = one.transitions.iter().find(|change| {
                change.at_s >= outage.from_s
                    && change.at_s < outage.until_s
                    && change.to == State::Open
            });
            if let (true, Some(opened)) = (before.is_none_or(|it| it.to == State::Closed), opened) {
                times.push(opened.at_s - outage.from_s);
            }
        }
    }
    times
}

#[tokio::test]
async fn breakers_open_as_late_after_a_fault_in_the_lab_as_in_the_simulator() {
    let pair = Pair::of_text("faults", FAULTS, &[], 1, 12).await;

    let (live, simulated) = (times_to_open(&pair.live), times_to_open(&pair.simulated));

    assert!(live.len() >= 200, "{}", live.len());
    assert!(simulated.len() >= 2_000, "{}", simulated.len());
    let distance = kolmogorov_smirnov(&live, &simulated).expect("there are samples");
    println!(
        "{} live, {} simulated: {distance:?}",
        live.len(),
        simulated.len()
    );
    // A test at 1 in 1000: a machine may be slow, but not so slow that it shows.
    assert!(distance.p > 0.001, "{distance:?}");
}
