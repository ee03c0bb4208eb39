//! Against M/M/c and M/M/c/K: mean waits by Erlang C, losses by Erlang B and its queueing relative.

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::outcome::ClientOutcome;
use experiment::scenario::Scenario;
use simulator::{Cancel, perform};

/// What came of a queue.
struct Found {
    mean_response_ms: f64,
    lost: f64,
    /// Calls that were done after one that had come later.
    overtaken: usize,
}

#[derive(Default)]
struct Ends(Vec<CallEvent>);

impl Events for Ends {
    fn call(&mut self, call: &CallEvent) {
        self.0.push(*call);
    }

    fn transition(&mut self, _: usize, _: &Change) {}
}

/// Some 60,000 Poisson arrivals at `rate` on a service with 20 ms of work.
fn simulate(
    workers: u32,
    limit: u32,
    [work, discipline]: [&str; 2],
    rate: f64,
    seed: u64,
) -> Found {
    let text = format!(
        r#"
        title = "a queue"
        duration = "{}s"
        [fleet]
        size = 1
        mode = "disabled"
        call_timeout = "10min"
        [load]
        rate = {rate}
        timeout = "10min"
        max_connections = 10000
        [faults.overload]
        workers = {workers}
        service = {work}
        queue = {{ limit = {limit}, discipline = "{discipline}" }}
        "#,
        (60_000.0 / rate).round()
    );
    let scenario = Scenario::parse(&text).unwrap().with_seed(seed);
    let mut ends = Ends::default();
    perform(&scenario, &Cancel::default(), Some(&mut ends));
    let calls = ends.0;
    let done: Vec<_> = calls
        .iter()
        .filter(|it| it.outcome == ClientOutcome::Ok)
        .collect();
    let overtaken = done
        .windows(2)
        .filter(|two| two[0].planned > two[1].planned);
    let times = done
        .iter()
        .map(|it| it.ended.saturating_sub(it.planned).as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let (all, done_count) = (calls.len() as f64, done.len() as f64);
    Found {
        mean_response_ms: times.sum::<f64>() * 1000.0 / done_count,
        lost: (all - done_count) / all,
        overtaken: overtaken.count(),
    }
}

const EXPONENTIAL: &str = r#"{ exponential = { mean = "20ms" } }"#;
const FIXED: &str = r"{ fixed = { ms = 20 } }";

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
    for (rate, disciplines) in [(200.0, &["fifo"][..]), (320.0, &["fifo", "lifo", "random"])] {
        let load = rate * 0.020;
        let expected = erlang_c(8, load) * 20.0 / (8.0 - load);
        // The same work with a worker for everybody: what is left is the wait.
        let alone = (0..3).map(|seed| simulate(10_000, 0, [EXPONENTIAL, "fifo"], rate, seed));
        let alone: f64 = alone.map(|found| found.mean_response_ms).sum();

        for discipline in disciplines {
            let found = (0..3).map(|seed| {
                let found = simulate(8, 100_000, [EXPONENTIAL, discipline], rate, seed);
                assert!(found.lost < 1e-9);
                found.mean_response_ms
            });

            let mean = (found.sum::<f64>() - alone) / 3.0;
            let off = (mean / expected - 1.0).abs();
            assert!(
                off < 0.08,
                "{rate} {discipline}: {mean} instead of {expected}"
            );
        }
    }
}

#[test]
fn nobody_overtakes_in_a_queue_in_order_and_everybody_may_elsewhere() {
    for discipline in ["fifo", "lifo", "random"] {
        let found = simulate(8, 100_000, [FIXED, discipline], 390.0, 4);
        assert_eq!(found.overtaken == 0, discipline == "fifo", "{discipline}");
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
        let tail = |k: u32| at_c * (load / 8.0).powi(i32::try_from(k).unwrap());
        let all = below + (0..=limit).map(tail).sum::<f64>();
        let expected = tail(limit) / all;
        if limit == 0 {
            assert!((expected - erlang_b(8, load)).abs() < 1e-12);
        }

        let found = simulate(8, limit, [EXPONENTIAL, "fifo"], rate, 11);

        let off = (found.lost / expected - 1.0).abs();
        assert!(off < 0.05, "{limit}: {} instead of {expected}", found.lost);
    }
}
