//! The promises about every run: it is the same for any number of jobs, loses nothing, and ends when asked.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::sync::Mutex;

use experiment::outcome::{ClientOutcome, Outcomes};
use experiment::scenario::Scenario;
use simulator::{Cancel, Options, Performed, Progress, many, perform};

/// Scenarios that together use all that the simulator models.
const SCENARIOS: [&str; 7] = [
    // Partial failure, retries at once and a budget.
    r#"
    [load]
    rate = 200
    retries = "immediate:attempts=4,budget=0.5"
    [faults]
    base = { delay = { uniform = { min = "1ms", max = "9ms" } } }
    phases = [{ name = "bad", failure_ratio = 0.4, for = "8s" }, { name = "good" }]
    "#,
    // Waits between attempts, few connections, a short queue.
    r#"
    [load]
    rate = 300
    max_connections = 2
    queue = 5
    shed_limit = 1
    retries = "exponential:attempts=3,base=50ms"
    choose = "round_robin"
    [faults]
    phases = [{ name = "slow", latency = "30ms", latency_jitter = "20ms" }]
    "#,
    // Hangs that are longer than clients wait, and a body that comes slowly.
    r#"
    [load]
    rate = 60
    timeout = "300ms"
    [fleet]
    size = 5
    [faults]
    phases = [{ name = "hangs", rules = ["hang", "slow"] }]
    rules.hang = { gate = { bernoulli = 0.1 }, effects = [{ hang = {} }] }
    rules.slow = { gate = { bernoulli = 0.2 }, effects = [{ slow_body = { over = "200ms" } }] }
    "#,
    // A closed loop against breakers that open.
    r#"
    [load]
    connections = 7
    [faults]
    base = { delay = { fixed = { ms = 2 } } }
    phases = [{ name = "bad", failure_ratio = 0.6 }]
    "#,
    // A queue that overflows, with callers who give up.
    r#"
    [fleet]
    call_timeout = "100ms"
    [load]
    rate = 500
    choose = "least_loaded"
    retries = "immediate:attempts=2"
    [faults]
    phases = [{ name = "calm", for = "3s" }, { name = "slow", service_factor = 4.0 }]
    overload = { workers = 8, service = { exponential = { mean = "15ms" } }, queue = { limit = 50 } }
    "#,
    // Pauses and restarts.
    r#"
    [load]
    rate = 200
    timeout = "500ms"
    choose = "sticky"
    [[instance.A.pause]]
    at = "2s"
    for = "1s"
    [[instance.B.restart]]
    at = "3s"
    for = "700ms"
    [faults]
    phases = [{ name = "slow", latency = "150ms", failure_ratio = 0.3 }]
    "#,
    // Connections that are refused, reset and cut; bursts that each instance has for itself.
    r#"
    [load]
    rate = 150
    process = "bursty:factor=4,share=0.2,requests=20"
    [faults]
    base = { delay = { uniform = { min = "1ms", max = "5ms" } } }
    phases = [{ name = "refused", for = "2s", rules = ["refuse"] }, { name = "bursts", rules = ["bursts", "cut"] }]
    rules.refuse = { effects = [{ refuse = {} }] }
    rules.cut = { gate = { bernoulli = 0.1 }, effects = [{ truncate = { share = 0.5 } }] }
    rules.bursts = { gate = { gilbert_elliott = { good_mean = "1500ms", bad_mean = "750ms", p_good = 0.01, p_bad = 0.95 }, scope = "caller", rho = 0 }, effects = [{ reset = {} }] }
    "#,
];

fn scenario(text: &str) -> Scenario {
    Scenario::parse(&format!("title = \"t\"\nduration = \"10s\"\n{text}")).unwrap()
}

fn performed(scenario: &Scenario, seed: u64) -> Performed {
    perform(&scenario.clone().with_seed(seed), &Cancel::default(), None)
}

#[test]
fn nothing_is_lost_whatever_happens() {
    for text in SCENARIOS {
        let scenario = scenario(text);
        let run = performed(&scenario, 3);

        let repetition = &run.repetition;
        assert_eq!(repetition.invalid, None, "{text}");
        repetition.load.check().unwrap();
        let mut outcomes = Outcomes::default();
        for part in repetition.load.targets.iter().flat_map(|it| &it.parts) {
            outcomes += &part.outcomes;
        }
        assert_eq!(outcomes.planned(), outcomes.counted(), "{text}");
        assert_eq!(outcomes[ClientOutcome::Unfinished], 0, "{text}");
        let effort = run.effort;
        assert!(effort.calls > 300, "{text}: {effort:?}");
        assert_eq!(effort.permitted + effort.rejected, effort.calls, "{text}");
        // The record of the breakers has the same calls.
        let calls = repetition.fleet.instances.iter().flat_map(|it| &it.calls);
        let asked = calls.fold((0, 0), |sum, one| {
            (sum.0 + one.permitted, sum.1 + one.rejected)
        });
        assert_eq!(asked, (effort.permitted, effort.rejected), "{text}");
    }
}

#[test]
fn a_run_is_the_same_for_any_number_of_jobs_and_each_seed_is_another() {
    for text in SCENARIOS {
        let scenario = scenario(text);
        let seeds: Vec<u64> = (1..6).collect();
        let runs = |jobs| {
            let jobs = NonZeroUsize::new(jobs).unwrap();
            many(&scenario, &seeds, jobs, &Options::default(), |_| {})
        };

        let (alone, together) = (runs(1), runs(3));

        assert_eq!(alone, together, "{text}");
        let mut digests: Vec<_> = alone
            .iter()
            .map(|run| run.digest.clone().unwrap())
            .collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), seeds.len(), "{text}");
    }
}

#[test]
fn other_breakers_meet_the_same_arrivals_and_the_same_faults() {
    let scenario = scenario(SCENARIOS[0]);
    let other = performed(&scenario.clone().without_breakers(), 9);
    let usual = performed(&scenario, 9);

    let (usual, other) = (&usual.repetition.load, &other.repetition.load);

    assert_eq!(
        (usual.planned, &usual.digest),
        (other.planned, &other.digest)
    );
    for (one, another) in usual.targets.iter().zip(&other.targets) {
        let planned = |parts: &[experiment::load::Part]| {
            let planned = parts.iter().map(|part| part.outcomes.planned());
            planned.collect::<Vec<_>>()
        };
        assert_eq!(planned(&one.parts), planned(&another.parts));
    }
}

#[test]
fn a_run_that_is_cancelled_ends_between_two_events_and_says_so() {
    let scenario = scenario(SCENARIOS[0]);
    let cancel = Cancel::default();
    cancel.cancel();

    let run = perform(&scenario, &cancel, None);

    assert!(run.repetition.cut_short);
    assert!(run.effort.events < 4096 && run.repetition.load.duration_s < 10.0);
    assert_eq!(run.repetition.invalid, None);
    let options = Options::default();
    options.cancel.cancel();
    let none = many(&scenario, &[1, 2], NonZeroUsize::MIN, &options, |_| {});
    assert!(none.is_empty(), "what has not begun is left out");
}

#[test]
fn progress_is_told_after_each_run() {
    let scenario = scenario(SCENARIOS[3]);
    let told = Mutex::new(Vec::new());

    let jobs = NonZeroUsize::new(2).unwrap();
    let note = |progress: Progress| told.lock().unwrap().push(progress.done);
    many(&scenario, &[1, 2, 3, 4], jobs, &Options::default(), note);

    let mut told = told.into_inner().unwrap();
    told.sort_unstable();
    assert_eq!(told, [1, 2, 3, 4]);
}
