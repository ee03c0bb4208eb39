//! Ends of runs: how long they wait for answers, and what becomes of the other requests.

use std::time::Duration;

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::outcome::ClientOutcome;
use fusebox::State;
use simulator::{Cancel, Options, perform, run_telling};

use crate::told::{Told, outcomes, performed, scenario};

/// One connection that serves two requests a second of the hundred that come, and a queue for the others.
const LONG_QUEUE: &str = r#"
    duration = "5s"
    [fleet]
    size = 1
    mode = "disabled"
    [load]
    process = "constant"
    rate = 100
    timeout = "2s"
    max_connections = 1
    queue = 1000
    shed_limit = 1
    [faults]
    phases = [{ name = "slow", latency = "500ms" }]
    "#;

/// When the last call ended.
fn end_of(told: &Told) -> Duration {
    let ends = told.calls.iter().map(|it| it.ended);
    ends.max().unwrap()
}

#[test]
fn answers_are_waited_for_as_long_as_a_client_would_and_the_rest_is_unfinished() {
    let (told, run) = performed(LONG_QUEUE);

    // The time limit of 2 s, and 0.3 s more.
    assert_eq!(end_of(&told), Duration::from_millis(7300));
    assert!((run.repetition.load.duration_s - 5.0).abs() < 1e-9);
    let outcomes = outcomes(&run);
    assert_eq!(outcomes.planned(), 500);
    assert_eq!(outcomes[ClientOutcome::Ok], 14, "one in half a second");
    assert_eq!(outcomes[ClientOutcome::Unfinished], 486);
    // Of those one was sent.
    let unfinished = |call: &&CallEvent| call.outcome == ClientOutcome::Unfinished;
    let unfinished: Vec<_> = told.calls.iter().filter(unfinished).collect();
    assert_eq!(unfinished.len(), 486);
    let sent: Vec<_> = unfinished.iter().filter_map(|it| it.sent).collect();
    assert_eq!(sent, [Duration::from_millis(7005)]);
    let end = Duration::from_millis(7300);
    assert!(unfinished.iter().all(|it| it.ended == end));
}

#[test]
fn with_retries_the_wait_is_that_of_all_attempts() {
    let retries = "retries = \"exponential:attempts=3,base=500ms,max=1s\"\ntimeout = \"2s\"";
    let (told, _) = performed(&LONG_QUEUE.replace("timeout = \"2s\"", retries));

    // Three times 2 s, twice 1 s, and 0.3 s more.
    assert_eq!(end_of(&told), Duration::from_millis(13_300));
}

#[test]
fn a_run_ends_with_its_last_answer_when_that_comes_before() {
    let (told, run) = performed(&LONG_QUEUE.replace("rate = 100", "rate = 1"));

    assert_eq!(end_of(&told), Duration::from_secs(5));
    assert_eq!(outcomes(&run)[ClientOutcome::Ok], 5);
}

/// Ends the run, by a switch, when the first call is reported.
struct EndsAtOnce(Cancel);

impl Events for EndsAtOnce {
    fn call(&mut self, _: &CallEvent) {
        self.0.cancel();
    }

    fn transition(&mut self, _: usize, _: &Change) {}
}

#[test]
fn what_is_under_way_when_a_run_is_cancelled_is_unfinished() {
    let scenario = scenario(
        r#"
        duration = "60s"
        [fleet]
        mode = "disabled"
        [load]
        rate = 2000
        [faults]
        phases = [{ name = "slow", latency = "100ms" }]
        "#,
    );
    let cancel = Cancel::default();
    let mut ends = EndsAtOnce(cancel.clone());

    let run = perform(&scenario, &cancel, Some(&mut ends));

    assert!(run.repetition.cut_short);
    assert_eq!(run.repetition.invalid, None);
    run.repetition.load.check().unwrap();
    let unfinished = outcomes(&run)[ClientOutcome::Unfinished];
    assert!((100..300).contains(&unfinished), "{unfinished}");
}

#[test]
fn a_run_that_is_cancelled_before_its_run_without_breakers_has_ended_is_cut_short() {
    // Some hundred events: the first of the two runs ends before it is seen that the switch was used.
    let scenario = scenario(
        r#"
        duration = "2s"
        [load]
        rate = 30
        [faults]
        phases = [{ name = "calm" }]
        overload = { workers = 8, service = { exponential = { mean = "15ms" } } }
        "#,
    );
    let options = Options::default();
    let mut ends = EndsAtOnce(options.cancel.clone());

    let run = run_telling(&scenario, 1, &options, Some(&mut ends));

    assert!(
        (run.load.duration_s - 2.0).abs() < 1e-9,
        "the first one is whole"
    );
    assert!(run.cut_short);
    assert_eq!(run.counterfactual, None);
    let whole = run_telling(&scenario, 1, &Options::default(), None);
    assert!(!whole.cut_short && whole.counterfactual.is_some());
}

#[test]
fn the_truth_is_followed_as_long_as_calls_are_under_way() {
    // Some 250 requests wait when the time is up, and are served in 5 s.
    let (_, run) = performed(
        r#"
        duration = "2s"
        [fleet]
        size = 1
        mode = "disabled"
        [load]
        process = "constant"
        rate = 150
        max_connections = 1
        timeout = "20s"
        [faults]
        phases = [
          { name = "well", for = "3s", latency = "25ms" },
          { name = "bad", for = "1s", failure_ratio = 1, latency = "25ms" },
          { name = "worse", for = "1s", failure_ratio = 0.5, latency = "25ms" },
          { name = "well", latency = "25ms" },
        ]
        "#,
    );

    let fleet = &run.repetition.fleet;
    assert_eq!(
        fleet.truths[0].steps(),
        [(0.0, 0.0), (3.0, 1.0), (4.0, 0.5), (5.0, 0.0)]
    );
    let calls = &fleet.instances[0].calls;
    let wasted: Vec<f64> = calls.iter().map(|it| it.wasted).collect();
    // 40 calls a second.
    assert!((39.0..=41.0).contains(&wasted[1]), "{wasted:?}");
    assert!((19.0..=21.0).contains(&wasted[2]), "{wasted:?}");
    assert!(wasted[0].abs() < 1e-9, "{wasted:?}");
}

#[test]
fn breakers_tick_as_long_as_calls_are_under_way() {
    let opened = |counting: &str| -> Vec<State> {
        let text = format!(
            r#"
            duration = "2s"
            [breaker]
            open_for = "1s"
            jitter = 0.0
            in_flight_calls = "{counting}"
            slow_call_duration = "5s"
            slow_call_rate_threshold = 0.9
            [fleet]
            size = 2
            call_timeout = "8s"
            [load]
            process = "constant"
            rate = 100
            timeout = "8s"
            [faults]
            phases = [{{ name = "well", for = "1800ms", rules = ["hang"] }}, {{ name = "bad", failure_ratio = 1 }}]
            rules.hang = {{ match = {{ caller = "B" }}, effects = [{{ hang = {{ max = "6s" }} }}] }}
            "#
        );
        let (told, _) = performed(&text);
        let of_a = told.changes.iter().filter(|(instance, _)| *instance == 0);
        of_a.map(|(_, change)| change.to).collect()
    };

    // No call makes the breaker half-open: the time is up when it may be.
    assert_eq!(opened("when-ended"), [State::Open, State::HalfOpen]);
    assert_eq!(opened("when-overdue"), [State::Open, State::HalfOpen]);
}

#[test]
fn a_second_that_was_not_whole_when_the_time_was_up_is_never_a_mixed_one() {
    // A serves from 0.8 s on and B rejects, in each second; the last answers come at 3.3 s.
    let (_, run) = performed(
        r#"
        duration = "2500ms"
        [fleet]
        size = 2
        mode = "disabled"
        call_timeout = "2s"
        [instance.B]
        mode = "forced_open"
        [load]
        process = "constant"
        rate = 100
        timeout = "3s"
        [faults]
        phases = [{ name = "slow", latency = "800ms" }]
        "#,
    );

    assert_eq!(run.repetition.fleet.mixed_seconds.count, 2);
}
