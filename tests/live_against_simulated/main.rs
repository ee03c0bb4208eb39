//! The comparison of live and simulated runs of the same scenarios: live figures lie where simulated ones do.
//!
//! They take less than a minute. The table of all shipped scenarios is a target of its own, `live_table`, which
//! shares the first two modules.
//!
//! | module | what lives there |
//! |---|---|
//! | `runs` | live and simulated runs of one scenario |
//! | `figures` | the figures that are compared |
//! | `agreement` | how far apart they may be |
//! | `opening` | times to open, as distributions |

#![expect(clippy::print_stdout, reason = "the figures of a test that takes long")]

mod agreement;
mod figures;
mod opening;
mod runs;

use agreement::agree;
use runs::Pair;

/// Live runs of each scenario.
const LIVE: u32 = 3;
/// Simulated runs of each scenario.
const SIMULATED: u64 = 150;

/// Breakers that disagree, one that is of use, and one that flaps; each with its phases cut short.
const SHORT: [(&str, &[&str]); 3] = [
    (
        "divergence",
        &[
            "duration=12s",
            "faults.phases.healthy.for=2s",
            "faults.phases.partial failure.for=6s",
        ],
    ),
    (
        "fast-fail",
        &[
            "duration=12s",
            "faults.phases.healthy.for=2s",
            "faults.phases.outage.for=5s",
        ],
    ),
    (
        "flapping",
        &[
            "duration=12s",
            "faults.phases.healthy.for=2s",
            "faults.phases.half well.for=6s",
        ],
    ),
];

#[tokio::test]
async fn three_shipped_scenarios_come_to_the_same_live_and_simulated() {
    let [one, two, three] = SHORT.map(|(name, sets)| Pair::of(name, sets, LIVE, SIMULATED));

    let (one, two, three) = tokio::join!(one, two, three);

    let apart: Vec<String> = [one, two, three].iter().flat_map(agree).collect();
    assert!(apart.is_empty(), "{apart:#?}");
}
