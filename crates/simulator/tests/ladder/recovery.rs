//! Steps F10, F11 and F13: probes while the downstream is down, and how late breakers close after its recovery.

use std::time::Duration;

use experiment::chance::Draw;
use fusebox::{Cause, State};

use crate::closed_forms::{Cycle, herd};
use crate::driven::{Luck, first_probe, window_of};
use crate::fleet::{Fleet, first, lost};
use crate::sample::Sample;
use crate::table;

/// The cycle of the steps, and the fleet that lives it.
const CYCLE: Cycle = Cycle {
    open_for: 1.0,
    jitter: 0.2,
    rate: 5.0,
    probe: 0.1,
};

fn fleet(outage_s: f64, after_s: f64) -> Fleet {
    Fleet {
        size: 100,
        rate: CYCLE.rate,
        breaker: format!(
            "consecutive_failures = 5\nfailure_rate_threshold = \"off\"\nopen_for = \"{}s\"\njitter = {}\n\
             backoff_factor = 1.0\nprobe_successes = 1\nprobe_failures = 1\npermitted_probes = 1\n",
            CYCLE.open_for, CYCLE.jitter
        ),
        latency_ms: 100,
        healthy_s: 1.0,
        outage_s,
        after_s,
        ..Fleet::default()
    }
}

#[test]
fn f10_a_fleet_probes_as_often_as_the_mean_of_its_cycle_says() {
    let outage_s = 60.0;
    let (mut ended, mut formula) = (0.0, 0.0);
    for run in fleet(outage_s, 0.0).runs(2) {
        for one in &run.fleet.instances {
            let opened = first(one, State::Open).unwrap();
            let failed = one
                .transitions
                .iter()
                .filter(|it| it.cause == Cause::ProbeFailed);
            ended += failed.count() as f64;
            formula += CYCLE.probes(1, 1.0 + outage_s - opened);
        }
    }

    table::row("F10 probes", formula, ended, None);
    assert!(
        (ended / formula - 1.0).abs() < 0.03,
        "{ended} against {formula}"
    );
}

#[test]
fn f11_a_fleet_that_opened_together_probes_together_unless_there_is_jitter() {
    let (instances, rate, width) = (100, 50.0, 0.1);
    let seconds = Duration::from_secs_f64;
    for (jitter, seeds) in [(0.0, 150), (0.2, 800)] {
        let config = window_of(10, 5)
            .open_for(seconds(5.0))
            .jitter(jitter)
            .backoff_factor(1.0);
        let from = 5.0 * (1.0 - jitter / 2.0);
        let window = seconds(from)..seconds(from + width);
        // Nothing passes before, and arrivals are Poisson: it does not matter when they begin.
        let calls = seconds(5.0 * (1.0 - jitter))..window.end;
        let in_window = (0..seeds).map(|seed| {
            let together = (0..instances).filter(|instance| {
                let mut luck = Luck::of(seed, &format!("instance {instance}"));
                let jitter_seed = Draw::new(seed).number((*instance).into()).bits();
                let config = config.clone().jitter_seed(jitter_seed).build().unwrap();
                let sent = first_probe(&config, rate, calls.clone(), &mut luck);
                sent.is_some_and(|sent| window.contains(&sent))
            });
            together.count() as f64
        });
        let in_window: Sample = in_window.collect();

        let (what, formula) = if jitter > 0.0 {
            let formula = f64::from(instances) * width / (jitter * 5.0);
            ("F11 with jitter", formula)
        } else {
            ("F11 without jitter", herd(instances, rate, width))
        };
        in_window.is_near(what, formula, 0.03);
    }
}

#[test]
fn f13_breakers_close_after_a_recovery_as_late_as_the_residual_of_their_cycle_says() {
    let (mut closing, mut rejected) = (Vec::new(), Vec::new());
    for seed in 1..=45 {
        // At any phase of the cycle: a recovery that always comes at the same one would be luck of the settings.
        let outage_s = 15.0 + CYCLE.mean() * Draw::new(seed).with("phase").share();
        let outage_s = (outage_s * 1000.0).round() / 1000.0;
        let recovered = 1.0 + outage_s;
        let run = fleet(outage_s, 4.0).run(seed);
        for one in &run.fleet.instances {
            let closed = one
                .transitions
                .iter()
                .filter(|change| change.to == State::Closed);
            let mut closed = closed
                .map(|change| change.at_s)
                .filter(|at| *at >= recovered);
            closing.push(closed.next().unwrap() - recovered);
        }
        rejected.extend(lost(&run));
    }
    let closing: Sample = closing.into_iter().collect();
    let rejected: Sample = rejected.into_iter().collect();

    closing.is_near("F13 time to close", CYCLE.recovery(), 0.03);
    // Of the calls until then one passes: the probe that closes the breaker.
    let formula = CYCLE.rate * CYCLE.recovery() - 1.0;
    rejected.is_near("F13 calls lost", formula, 0.03);
}
