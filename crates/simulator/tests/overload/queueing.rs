//! A comparison with M/M/c and M/M/c/K: mean waits by Erlang C, losses by Erlang B and its variant with a queue.

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::outcome::ClientOutcome;
use experiment::scenario::Scenario;
use experiment::statistics::Summary;
use simulator::{Cancel, perform};

#[derive(Default)]
struct Ends(Vec<CallEvent>);

impl Events for Ends {
    fn call(&mut self, call: &CallEvent) {
        self.0.push(*call);
    }

    fn transition(&mut self, _: usize, _: &Change) {}
}

/// Some `calls` Poisson arrivals at `rate` on a service with 20 ms of work, in the order in which they ended.
fn simulate(
    [workers, limit, calls]: [u32; 3],
    [work, discipline]: [&str; 2],
    rate: f64,
    seed: u64,
) -> Vec<CallEvent> {
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
        (f64::from(calls) / rate).round()
    );
    let scenario = Scenario::parse(&text).unwrap().with_seed(seed);
    let mut ends = Ends::default();
    perform(&scenario, &Cancel::default(), Some(&mut ends));
    ends.0
}

/// How long each call took in milliseconds, in the order in which they came. All were done.
fn responses(mut calls: Vec<CallEvent>) -> Vec<f64> {
    calls.sort_by_key(|it| it.planned);
    let response = |call: &CallEvent| {
        assert_eq!(call.outcome, ClientOutcome::Ok);
        call.ended.saturating_sub(call.planned).as_secs_f64() * 1000.0
    };
    calls.iter().map(response).collect()
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

/// How long each call of some runs waited, in milliseconds.
fn waits(discipline: &str, rate: f64) -> Vec<f64> {
    let of_seed = |seed| {
        let run = |workers, limit| {
            let calls = simulate(
                [workers, limit, 30_000],
                [EXPONENTIAL, discipline],
                rate,
                seed,
            );
            responses(calls)
        };
        // The same work with a worker for everybody: what is left is the wait.
        let (queued, alone) = (run(8, 100_000), run(10_000, 0));
        assert_eq!(queued.len(), alone.len());
        let waits = queued.into_iter().zip(alone).map(|(all, work)| all - work);
        waits.collect::<Vec<_>>()
    };
    (0..2).flat_map(of_seed).collect()
}

/// Calls that are taken together: their waits depend on each other, but those of a thousand hardly on the next
/// thousand's. A queue of this length forgets within some hundred calls.
const BATCH: usize = 1_000;

#[test]
fn mean_waits_are_those_of_erlang_whatever_the_discipline() {
    for (rate, disciplines) in [(200.0, &["fifo"][..]), (320.0, &["fifo", "lifo", "random"])] {
        let load = rate * 0.020;
        let expected = erlang_c(8, load) * 20.0 / (8.0 - load);

        for discipline in disciplines {
            let waits = waits(discipline, rate);

            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
            let batches: Vec<f64> = waits.chunks_exact(BATCH).map(mean).collect();
            let summary = Summary::of(&batches).unwrap();
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let error = summary.sd / (batches.len() as f64).sqrt();
            let found = summary.mean;
            println!(
                "| M/M/8 wait, {rate} calls/s, {discipline} | {expected:.3} ms | {found:.3} ± {error:.3} ms |"
            );
            let off = (found - expected).abs();
            assert!(
                off < 3.0 * error,
                "{rate} {discipline}: {found} ± {error} instead of {expected}"
            );
            // A call in 17 waits at the lower rate.
            assert!(error < 0.15 * expected, "{error}: too few calls");
        }
    }
}

#[test]
fn nobody_overtakes_in_a_queue_in_order_and_everybody_may_elsewhere() {
    for discipline in ["fifo", "lifo", "random"] {
        let calls = simulate([8, 100_000, 20_000], [FIXED, discipline], 390.0, 4);
        let overtaken = calls.windows(2).any(|two| two[0].planned > two[1].planned);
        assert_eq!(!overtaken, discipline == "fifo", "{discipline}");
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

        let calls = simulate([8, limit, 60_000], [EXPONENTIAL, "fifo"], rate, 11);

        let lost = calls.iter().filter(|it| it.outcome != ClientOutcome::Ok);
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let lost = lost.count() as f64 / calls.len() as f64;
        println!(
            "| M/M/8 with {limit} places to wait, {rate} calls/s, lost | {expected:.4} | {lost:.4} |"
        );
        let off = (lost / expected - 1.0).abs();
        assert!(off < 0.05, "{limit}: {lost} instead of {expected}");
    }
}
