//! Tests with callers, readers of the truth and operators at once.

mod costs;

use fusebox::ManualClock;
use tokio::time::advance;

use super::*;

/// The runtime's time, which a test can move.
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

fn running(plan: &str) -> (Running, ManualClock) {
    let clock = ManualClock::new();
    let plan = Plan::parse(plan.as_bytes()).unwrap();
    (
        Running::new(plan, BTreeMap::new(), Box::new(clock.clone())),
        clock,
    )
}

/// The same on the time of the runtime. Call it within one.
pub(in crate::unreliable) fn on_runtime(plan: &str) -> Running {
    let plan = Plan::parse(plan.as_bytes()).unwrap();
    let clock = RuntimeClock(Instant::now());
    let running = Running::new(plan, BTreeMap::new(), Box::new(clock));
    running.live.sleep_on_runtime();
    running
}

pub(in crate::unreliable) fn downstream(running: &Running) -> Downstream {
    running.live.lock().downstream.clone()
}

pub(in crate::unreliable) fn meet(running: &Running, caller: &str) -> Meeting {
    running.meet(&Asked {
        caller,
        key: None,
        path: "/data",
        id: None,
    })
}

fn call(running: &Running, caller: &str) -> Fate {
    meet(running, caller).fate
}

#[test]
fn callers_beyond_the_limit_cost_no_memory() {
    let text = r#"{"rules": {"bursts": {
        "gate": {"gilbert_elliott": {"good_mean_ms": 100, "bad_mean_ms": 100}},
        "effects": [{"status": {"code": 500}}]}}}"#;
    let (running, _) = running(text);

    for caller in 0..2560 {
        call(&running, &caller.to_string());
    }

    let truths = running.truths();
    assert_eq!(truths.callers.len(), 17, "sixteen, and all others together");
    assert!(
        truths
            .callers
            .iter()
            .any(|(caller, _, _)| caller.is_empty())
    );
    let (ledger, _) = running.ledger();
    assert!(ledger.callers() <= 257);
    assert!(ledger.injected().count() + ledger.spared().count() <= 2 * 258);
    assert_eq!(running.health().counts.received(), 2560);
}

#[test]
fn every_instance_of_the_labs_own_fleet_has_luck_of_its_own_under_a_plan_that_names_nobody() {
    let plan = r#"{"rules": {"first": {"gate": {"first_n": 1}, "effects": [{"reset": {}}]}}}"#;
    let names: Vec<String> = (0..40).map(|number| format!("i{number}")).collect();
    let waits = names.iter().map(|it| (it.clone(), Duration::from_secs(1)));
    let plan = Plan::parse(plan.as_bytes()).unwrap();
    let running = Running::new(plan, waits.collect(), Box::new(ManualClock::new()));

    let fates = names.iter().map(|name| call(&running, name).ending);

    let reset = fates.filter(|it| *it == experiment::faults::Ending::Reset);
    assert_eq!(reset.count(), 40, "the first call of each");
}

#[test]
fn a_caller_whom_the_plan_names_is_told_apart_however_many_came_before() {
    let text = r#"{"rules": {"r": {"match": {"caller": "late"}, "effects": [{"reset": {}}]}}}"#;
    let (running, _) = running(text);
    for caller in 0..1000 {
        call(&running, &caller.to_string());
    }

    let fate = call(&running, "late");

    assert_eq!(fate.ending, experiment::faults::Ending::Reset);
    assert_eq!(running.received_by("late"), 1);
    assert_eq!(running.received_by("999"), 0, "one of the others");
}

#[test]
fn a_call_suffers_until_it_is_dropped() {
    let (running, _) = running(
        r#"{"rules": {"slow": {"effects": [{"delay": {"fixed": {"ms": 50}}}]}},
            "limits": {"max_active_faults": 2}}"#,
    );

    let meetings: Vec<Meeting> = (0..5).map(|_| meet(&running, "A")).collect();

    let delayed = meetings.iter().filter(|it| !it.fate.delay.is_zero());
    assert_eq!(delayed.count(), 2);
    drop(meetings);
    assert!(!call(&running, "A").delay.is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_replaced_or_ends_lets_its_calls_go() {
    let hang = r#"{"rules": {"hang": {"effects": [{"hang": {"max_ms": 60000}}]}}, "ttl_ms": 500}"#;
    for replaced in [false, true] {
        let running = on_runtime(hang);
        let began = Instant::now();
        let mut held = meet(&running, "A").held;
        let waiting = tokio::spawn(async move { held.wait(std::future::pending::<()>()).await });
        if replaced {
            tokio::task::yield_now().await;
            advance(Duration::from_millis(100)).await;
            running.replace(Plan::healthy(), None).unwrap();
        }

        waiting.await.unwrap().unwrap_err();

        let waited = if replaced { 100 } else { 500 };
        let after = began.elapsed().as_millis();
        assert!((waited..=waited + 1).contains(&after), "{after}");
    }
}

#[test]
fn calls_and_readers_of_the_truth_do_not_wait_for_one_that_is_being_computed() {
    let (running, _) = running(r#"{"phases": [{"name": "half", "failure_ratio": 0.5}]}"#);
    let running = Arc::new(running);
    let before = running.truths();
    let computing = running.board.lookout();
    assert!(computing.is_ok());

    let (tell, told) = std::sync::mpsc::channel();
    let other = Arc::clone(&running);
    let thread = std::thread::spawn(move || {
        call(&other, "A");
        let health = other.health();
        let own = other.truth("A");
        tell.send((other.truths(), health, own)).unwrap();
    });

    let (seen, health, own) = told.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(seen, before, "what was computed last");
    assert!((health.failing_share - 0.5).abs() < 1e-12);
    assert!((own - 0.5).abs() < 1e-12);
    drop(computing);
    thread.join().unwrap();
    assert_eq!(running.truths().callers.len(), 1, "A has called meanwhile");
}

#[test]
fn callers_who_meet_the_same_have_the_same_truth_and_others_their_own() {
    let (running, _) = running(
        r#"{"callers": ["A", "B"], "rules": {
            "only-a": {"match": {"caller": "A"}, "gate": {"bernoulli": 0.25},
                       "effects": [{"status": {"code": 500}}]},
            "all": {"gate": {"bernoulli": 0.5}, "effects": [{"status": {"code": 500}}]}}}"#,
    );
    call(&running, "stranger");

    let truths = running.truths();

    for (caller, truth, _) in &truths.callers {
        let expected = if caller == "A" { 0.625 } else { 0.5 };
        assert!((truth - expected).abs() < 1e-12, "{caller}: {truth}");
        assert!((running.truth(caller) - truth).abs() < 1e-12);
    }
    assert_eq!(truths.callers.len(), 3);
    assert!((truths.failing_share() - (0.625 + 0.5 + 0.5) / 3.0).abs() < 1e-12);
}
