//! Instances of a fleet of any size have luck, counts and truths of their own, and the truth is that of each call.
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

/// Calls that reached the downstream, and those of them that failed.
fn reached_and_failed(calls: &[CallEvent]) -> (usize, usize) {
    let reached = calls
        .iter()
        .filter(|it| it.sent.is_some() && it.outcome != ClientOutcome::FastFail);
    let failed = reached
        .clone()
        .filter(|it| it.outcome != ClientOutcome::Ok)
        .count();
    (reached.count(), failed)
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

        // A call in a good time ends well, one in a bad time fails: the sum has no chance in it.
        let (reached, failed) = reached_and_failed(&calls);
        assert_eq!(failed as u64, expected(&run).round() as u64, "{size}");
        for call in &calls {
            let fails = call.outcome != ClientOutcome::Ok;
            assert_eq!(f64::from(u8::from(fails)), call.p_fail, "{size}: {call:?}");
        }
        assert!(
            (reached / 5..reached / 3).contains(&failed),
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

        assert_eq!(reached_and_failed(&calls).1, size);
        assert_eq!(expected(&run).round() as usize, size);
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
            for call in calls
                .iter()
                .filter(|it| it.outcome != ClientOutcome::FastFail)
            {
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

        let (_, failed) = reached_and_failed(&calls);
        assert!(failed > 30, "{failed}");
        assert_eq!(failed as u64, expected(&run).round() as u64, "{text}");
        let sent = calls.iter().filter(|it| it.sent.is_some());
        for call in sent.filter(|it| it.outcome != ClientOutcome::FastFail) {
            let fails = call.outcome != ClientOutcome::Ok;
            assert_eq!(f64::from(u8::from(fails)), call.p_fail, "{call:?}");
        }
    }
}

#[test]
fn truths_cost_as_much_per_call_whatever_the_size_of_the_fleet() {
    let per_call = |size: usize, seconds: usize| {
        let (run, _) = told(&bursts(size, seconds, 5));
        run.effort.truths as f64 / run.effort.calls as f64
    };

    let (few, many) = (per_call(3, 300), per_call(2000, 5));

    assert!(many < 2.0 * few, "{few} of 3 instances, {many} of 2000");
}
