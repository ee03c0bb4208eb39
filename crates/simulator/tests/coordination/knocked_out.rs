//! Each rule that is taken away makes something worse that is named.

use crate::fleet::{OUTAGE, cut_off, figure, mean, performed};

const QUORUM: &str = "coordination.mode=quorum";

/// Six of ten are cut off. With the veto the healthy four serve; `any-open` with a quorum is the same without it.
#[test]
fn without_the_veto_a_quorum_closes_off_those_that_are_well() {
    let six = cut_off(r#""A", "B", "C", "i4", "i5", "i6""#);
    let without = ["coordination.mode=any-open", "coordination.minimum_votes=5"];

    let with = performed(&six, &[QUORUM], 1);
    let without = performed(&six, &without, 1);

    let healthy = |run: &_| figure(run, "closed_share(i9, phase=outage)");
    assert_eq!(healthy(&with), 1.0);
    assert!(healthy(&without) < 0.5, "{}", healthy(&without));
}

/// Breakers that opened together, without jitter, probe within one tenth of a second.
#[test]
fn without_jitter_a_fleet_probes_at_once() {
    let herd = [
        "fleet.size=100",
        "load.rate=2000",
        "coordination.mode=advisory",
    ];
    let without: Vec<&str> = herd.iter().copied().chain(["breaker.jitter=0.0"]).collect();

    let with = mean(OUTAGE, &herd, "probes_in_100ms", 3);
    let without = mean(OUTAGE, &without, "probes_in_100ms", 3);

    assert!(without > 2.0 * with, "{without} against {with}");
}
