//! Against M/M/c and M/M/c/K: mean waits by Erlang C, losses by Erlang B and its queueing relative.

use std::collections::BTreeMap;
use std::time::Duration;

use experiment::overload::{Arrival, WorkId};

use super::simulation::{Agenda, gap, work_queue};

/// What came of a simulated queue.
struct Found {
    mean_wait_ms: f64,
    lost: f64,
    /// How often a call that waited began after one that came later.
    overtaken: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive(u64),
    Finish(u64),
}

/// So many Poisson arrivals at `rate` on a service with 20 ms of exponential work.
fn simulate(workers: u32, limit: u32, discipline: &str, rate: f64, seed: u64) -> Found {
    let calls = 100_000;
    let settings = format!(
        r#"{{"workers": {workers}, "service": {{"exp": {{"mean_ms": 20}}}},
            "queue": {{"limit": {limit}, "discipline": "{discipline}"}}}}"#
    );
    let mut queue = work_queue(&settings, seed);
    let mut agenda = Agenda::new();
    let mut waiting = BTreeMap::new();
    let (mut waited, mut lost, mut overtaken) = (Duration::ZERO, 0, 0);
    agenda.at(Duration::ZERO, Event::Arrive(0));
    while let Some((now, event)) = agenda.next() {
        match event {
            Event::Arrive(id) => {
                match queue.arrive(now, WorkId(id)) {
                    Arrival::Started { until } => agenda.at(until, Event::Finish(id)),
                    Arrival::Queued => {
                        waiting.insert(id, now);
                    }
                    Arrival::Full => lost += 1,
                }
                if id + 1 < calls {
                    agenda.at(now + gap(seed, rate, id), Event::Arrive(id + 1));
                }
            }
            Event::Finish(id) => {
                if let Some(next) = queue.finished(WorkId(id)) {
                    let came = waiting.remove(&next.id.0).expect("it waited");
                    waited += now.saturating_sub(came);
                    overtaken += u64::from(waiting.keys().any(|other| *other < next.id.0));
                    agenda.at(next.until, Event::Finish(next.id.0));
                }
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let share = |part: u64, whole: u64| part as f64 / whole as f64;
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let served = (calls - lost) as f64;
    Found {
        mean_wait_ms: waited.as_secs_f64() * 1000.0 / served,
        lost: share(lost, calls),
        overtaken,
    }
}

/// The probability that all of `servers` are busy with nowhere to wait.
fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b))
}

/// The probability that a call has to wait.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let b = erlang_b(servers, load);
    let rho = load / f64::from(servers);
    b / (1.0 - rho * (1.0 - b))
}

#[test]
fn mean_waits_are_those_of_erlang_whatever_the_discipline() {
    for (rate, discipline) in [
        (200.0, "fifo"),
        (320.0, "fifo"),
        (320.0, "lifo"),
        (320.0, "random"),
    ] {
        let load = rate * 0.020;
        let expected = erlang_c(8, load) * 20.0 / (8.0 - load);

        let found: Vec<Found> = (0..6)
            .map(|seed| simulate(8, 100_000, discipline, rate, seed))
            .collect();

        let mean = found.iter().map(|found| found.mean_wait_ms).sum::<f64>() / 6.0;
        let off = (mean / expected - 1.0).abs();
        assert!(
            off < 0.08,
            "{rate} {discipline}: {mean} instead of {expected}"
        );
        for found in found {
            assert_eq!(found.overtaken == 0, discipline == "fifo");
            assert!(found.lost < 1e-9);
        }
    }
}

#[test]
fn losses_are_those_of_erlang_with_and_without_places_to_wait() {
    for (limit, rate) in [(0_u32, 400.0), (5, 400.0), (20, 500.0)] {
        // Of the states of M/M/c/K, the last one.
        let load = rate * 0.020;
        let at_c = (1..=8).fold(1.0, |term, n| term * load / f64::from(n));
        let below: f64 = (0..8)
            .map(|upto| (1..=upto).fold(1.0, |term, n| term * load / f64::from(n)))
            .sum();
        let tail = |k: u32| at_c * (load / 8.0).powi(i32::try_from(k).expect("it is small"));
        let all = below + (0..=limit).map(tail).sum::<f64>();
        let expected = tail(limit) / all;
        if limit == 0 {
            assert!((expected - erlang_b(8, load)).abs() < 1e-12);
        }

        let found = simulate(8, limit, "fifo", rate, 11);

        let off = (found.lost / expected - 1.0).abs();
        assert!(off < 0.05, "{limit}: {} instead of {expected}", found.lost);
    }
}
