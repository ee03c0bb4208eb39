//! Instances of a fleet of any size: each has luck, counters and a truth of its own, and the truth is that of each
//! call.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::outcome::ClientOutcome;
use experiment::scenario::Scenario;
use simulator::{Cancel, Performed, perform};

/// Fleets beyond the 256 callers that a plan may name, and beyond the 512 that it prepares for a look.
const LARGE: [usize; 2] = [257, 1000];

#[derive(Default)]
struct Told(Vec<CallEvent>);

impl Events for Told {
    fn call(&mut self, call: &CallEvent) {
        self.0.push(*call);
    }

    fn transition(&mut self, _instance: usize, _change: &Change) {}
}

fn told(text: &str) -> (Performed, Vec<CallEvent>) {
    let scenario = Scenario::parse(&format!("title = \"t\"\n{text}")).unwrap();
    let mut told = Told::default();
    let run = perform(&scenario, &Cancel::default(), Some(&mut told));
    assert_eq!(run.repetition.invalid, None, "{text}");
    (run, told.0)
}

/// Calls that reached the downstream.
fn reached(calls: &[CallEvent]) -> impl Iterator<Item = &CallEvent> {
    let sent = calls.iter().filter(|it| it.sent.is_some());
    sent.filter(|it| it.outcome != ClientOutcome::FastFail)
}

fn fails(call: &CallEvent) -> bool {
    call.outcome != ClientOutcome::Ok
}

/// Each call has met what its truth said, which left nothing to chance, and so has their sum. How many have failed?
fn failed_as_expected(run: &Performed, calls: &[CallEvent]) -> usize {
    for call in reached(calls) {
        let expected = f64::from(u8::from(fails(call)));
        assert!((call.p_fail - expected).abs() < 1e-9, "{call:?}");
    }
    let failed = reached(calls).filter(|call| fails(call)).count();
    let sum = f64::from(u32::try_from(failed).unwrap());
    assert!(
        (expected(run) - sum).abs() < 0.01,
        "{sum} failed of {} expected",
        expected(run)
    );
    failed
}

/// Calls that were expected to fail, of those that breakers permitted.
fn expected(run: &Performed) -> f64 {
    let calls = run
        .repetition
        .fleet
        .instances
        .iter()
        .flat_map(|it| &it.calls);
    calls.map(|it| it.wasted).sum()
}

fn bursts(size: usize, seconds: usize, per_instance: usize) -> String {
    format!(
        r#"
        duration = "{seconds}s"
        [fleet]
        size = {size}
        mode = "disabled"
        [load]
        rate = {}
        [faults.rules.bursts]
        gate = {{ gilbert_elliott = {{ good_mean = "3s", bad_mean = "1s" }} }}
        effects = [{{ status = {{ code = 500 }} }}]
        "#,
        size * per_instance
    )
}

#[test]
fn a_process_of_each_caller_fails_just_the_calls_that_the_truth_says() {
    for size in LARGE {
        let (run, calls) = told(&bursts(size, 10, 4));

        let failed = failed_as_expected(&run, &calls);
        let number = calls.len();
        assert!(
            (number / 5..number / 3).contains(&failed),
            "{size}: {failed}"
        );
        let truths = run.repetition.fleet.truths.len();
        assert!(truths > size * 9 / 10, "{size}: {truths} truths");
    }
}

#[test]
fn the_first_call_of_each_instance_meets_the_rule_for_first_calls() {
    for size in LARGE {
        let (run, calls) = told(&format!(
            r#"
            duration = "10s"
            [fleet]
            size = {size}
            [load]
            rate = 2000
            choose = "round_robin"
            [faults.rules.first]
            gate = {{ first_n = 1 }}
            effects = [{{ status = {{ code = 500 }} }}]
            "#
        ));

        assert_eq!(failed_as_expected(&run, &calls), size);
    }
}

#[test]
fn each_call_of_an_instance_meets_the_same_with_and_without_breakers() {
    for size in LARGE {
        let fates = |mode: &str| {
            let (_, calls) = told(&format!(
                r#"
                duration = "20s"
                [breaker]
                consecutive_failures = 3
                [fleet]
                size = {size}
                mode = "{mode}"
                [load]
                rate = {size}
                [faults]
                phases = [{{ name = "half", failure_ratio = 0.5, latency = "5ms" }}]
                "#
            ));
            let mut fates = vec![Vec::new(); size];
            for call in reached(&calls) {
                fates[call.instance].push(call.outcome);
            }
            fates
        };

        let (with, without) = (fates("auto"), fates("disabled"));

        let mut fewer = 0;
        for (with, without) in with.iter().zip(&without) {
            assert_eq!(with[..], without[..with.len()], "{size}");
            fewer += usize::from(with.len() < without.len());
        }
        assert!(fewer > size / 2, "{size}: breakers opened at {fewer}");
    }
}

#[test]
fn where_rules_count_calls_the_truth_is_that_of_each_call() {
    let closed_loop = r#"
        duration = "3s"
        [fleet]
        size = 2
        call_timeout = "50ms"
        [breaker]
        open_for = "500ms"
        [load]
        connections = 1
        timeout = "200ms"
        retries = "immediate:attempts=3"
        queue = 10
        keys = 1
        [faults]
        phases = [{ name = "p0", for = "2s", rules = ["third"] }, { name = "p1" }]
        [faults.rules.third]
        gate = { every_nth = 3 }
        effects = [{ slow_body = { over = "100ms" } }]
    "#;
    let fast = r#"
        duration = "10s"
        [fleet]
        mode = "disabled"
        [load]
        rate = 1500
        [faults]
        loop = true
        phases = [{ name = "on", for = "700ms", rules = ["third", "first"] }, { name = "off", for = "300ms" }]
        [faults.rules.third]
        gate = { every_nth = 3 }
        effects = [{ status = { code = 500 } }]
        [faults.rules.first]
        gate = { first_n = 20 }
        effects = [{ reset = {} }]
    "#;
    for text in [closed_loop, fast] {
        let (run, calls) = told(text);

        let failed = failed_as_expected(&run, &calls);
        assert!(failed > 30, "{failed}");
    }
}

#[test]
fn truths_cost_as_much_per_call_whatever_the_size_of_the_fleet() {
    let per_call = |size: usize, seconds: usize| {
        let (run, _) = told(&bursts(size, seconds, 5));
        let number = |count: u64| f64::from(u32::try_from(count).unwrap());
        number(run.effort.truths) / number(run.effort.calls)
    };

    let (few, many) = (per_call(3, 300), per_call(2000, 5));

    assert!(many < 2.0 * few, "{few} of 3 instances, {many} of 2000");
}
