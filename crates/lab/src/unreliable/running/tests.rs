//! The service keeps its counts, its callers' luck and its clock through changes of the plan.

mod costs;

use fusebox::ManualClock;

use super::*;

fn running(plan: &str) -> (Running, ManualClock) {
    let clock = ManualClock::new();
    let plan = Plan::parse(plan.as_bytes()).unwrap();
    (
        Running::new(plan, BTreeMap::new(), Box::new(clock.clone())),
        clock,
    )
}

fn call(running: &Running, caller: &str) -> Fate {
    let call = Call {
        caller,
        key: None,
        path: "/data",
    };
    running.meet(&call, None).fate
}

fn plan(text: &str) -> Plan {
    Plan::parse(text.as_bytes()).unwrap()
}

#[test]
fn calls_are_counted_by_what_met_them() {
    let clock = ManualClock::new();
    let running = Running::new(Plan::schedule(1), BTreeMap::new(), Box::new(clock.clone()));

    for _ in 0..5 {
        call(&running, "A");
    }
    clock.set(Duration::from_secs(21));
    for _ in 0..50 {
        call(&running, "A");
    }

    let health = running.health();
    assert_eq!(health.phase, "outage");
    assert_eq!(health.counts.received(), 55);
    assert_eq!(health.counts.success, 5);
    assert_eq!(health.counts.while_failing, 50);
    assert_eq!(running.received_by("A"), 55);
    assert_eq!(running.elapsed(), Duration::from_secs(21));
}

#[test]
fn a_new_plan_starts_its_own_time_and_luck_but_keeps_the_counters() {
    let clock = ManualClock::new();
    let running = Running::new(Plan::schedule(1), BTreeMap::new(), Box::new(clock.clone()));
    let first = call(&running, "A");
    clock.set(Duration::from_secs(30));

    running.replace(Plan::schedule(1), None).unwrap();

    assert_eq!(running.health().phase, "healthy");
    assert_eq!(call(&running, "A"), first);
    assert_eq!(running.health().counts.received(), 2);
}

#[test]
fn a_patched_plan_goes_on_where_it_was() {
    let text = |seed| {
        format!(
            r#"{{"seed": {seed}, "phases": [{{"name": "calm", "for_ms": 1000}}, {{"name": "then"}}],
                "rules": {{"first": {{"gate": {{"first_n": 3}}, "effects": [{{"reset": {{}}}}]}}}}}}"#
        )
    };
    let (running, clock) = running(&text(1));
    assert_eq!(call(&running, "A").ending, Ending::Reset);
    clock.set(Duration::from_secs(2));

    running.patch(plan(&text(2)), Some(1)).unwrap();

    assert_eq!(running.health().phase, "then");
    let resets = (0..5).filter(|_| call(&running, "A").ending == Ending::Reset);
    assert_eq!(resets.count(), 2, "one of three was used up before");
    assert_eq!(running.plan().1, 2);
}

#[test]
fn two_operators_do_not_overwrite_each_other() {
    let (running, _) = running(r#"{"phases": [{"name": "calm"}]}"#);
    running.replace(Plan::healthy(), Some(1)).unwrap();

    let conflict = running.replace(Plan::schedule(1), Some(1)).unwrap_err();

    assert_eq!(conflict.revision, 2);
    assert_eq!(running.plan(), (Plan::healthy(), 2));
}

#[test]
fn a_plan_with_a_time_to_live_gives_way_to_the_one_before_which_has_gone_on() {
    let (running, clock) =
        running(r#"{"phases": [{"name": "first", "for_ms": 10000}, {"name": "second"}]}"#);
    clock.set(Duration::from_secs(5));
    let mad = r#"{"phases": [{"name": "mad", "failure_ratio": 1}], "ttl_ms": 2000}"#;
    running.replace(plan(mad), None).unwrap();
    assert!((running.truth("A") - 1.0).abs() < 1e-12);

    clock.set(Duration::from_millis(6999));
    assert_eq!(running.health().phase, "mad");
    clock.set(Duration::from_secs(7));

    assert_eq!(running.health().phase, "first");
    assert_eq!(running.elapsed(), Duration::from_secs(7));
    assert!(running.truth("A").abs() < 1e-12);
    assert_eq!(running.plan().1, 3, "to give way is a change");
}

#[test]
fn a_first_plan_with_a_time_to_live_gives_way_to_health() {
    let (running, clock) =
        running(r#"{"phases": [{"name": "mad", "failure_ratio": 1}], "ttl_ms": 10}"#);
    clock.set(Duration::from_millis(10));

    assert_eq!(call(&running, "A").ending, Ending::Success);
    assert_eq!(running.plan().0, Plan::healthy());
}

#[test]
fn a_patch_with_a_time_to_live_is_taken_back_on_the_same_clock_and_counts() {
    let calm = r#"{"phases": [{"name": "calm"}],
                   "rules": {"first": {"gate": {"first_n": 3}, "effects": [{"reset": {}}]}}}"#;
    let (running, clock) = running(calm);
    call(&running, "A");
    clock.set(Duration::from_mins(1));
    let mut bad = plan(calm);
    bad.phases[0].failure_ratio = 1.0;
    bad.ttl_ms = Some(500);
    running.patch(bad, None).unwrap();
    assert!((running.truth("B") - 1.0).abs() < 1e-12);
    call(&running, "A");

    clock.set(Duration::from_millis(60_500));

    assert_eq!(running.plan().0, plan(calm));
    assert_eq!(running.elapsed(), Duration::from_millis(60_500));
    assert_eq!(
        call(&running, "A").ending,
        Ending::Reset,
        "the third of three"
    );
    assert_eq!(call(&running, "A").ending, Ending::Success);
}

#[test]
fn a_rule_that_is_patched_in_lives_from_then_on() {
    let (running, clock) = running(r#"{"phases": [{"name": "calm"}]}"#);
    clock.set(Duration::from_mins(1));
    let hang = r#"{"phases": [{"name": "calm"}],
        "rules": {"hang-c": {"match": {"caller": "C"}, "effects": [{"hang": {"max_ms": 15000}}],
                             "ttl_ms": 20000}}}"#;

    running.patch(plan(hang), None).unwrap();

    assert_eq!(call(&running, "C").ending, Ending::Hang);
    assert_eq!(call(&running, "A").ending, Ending::Success);
    clock.set(Duration::from_secs(79));
    assert!((running.truth("C") - 1.0).abs() < 1e-12);
    clock.set(Duration::from_secs(80));
    assert!(running.truth("C").abs() < 1e-12);
    assert_eq!(call(&running, "C").ending, Ending::Success);
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
    assert!(ledger.injected().count() + ledger.spared().count() <= 2 * 258);
    assert_eq!(running.health().counts.received(), 2560);
}

#[test]
fn more_calls_suffer_at_once_than_the_limit_allows_never() {
    let (running, _) = running(
        r#"{"rules": {"slow": {"effects": [{"delay": {"fixed": {"ms": 50}}}]}},
            "limits": {"max_active_faults": 2}}"#,
    );
    let call = Call {
        caller: "A",
        key: None,
        path: "/data",
    };

    let meetings: Vec<Meeting> = (0..5).map(|_| running.meet(&call, None)).collect();

    let delayed = meetings.iter().filter(|it| !it.fate.delay.is_zero());
    assert_eq!(delayed.count(), 2);
    let (ledger, _) = running.ledger();
    assert_eq!(ledger.spared().collect::<Vec<_>>(), [(["slow", "A"], 3)]);
    drop(meetings);
    assert!(!running.meet(&call, None).fate.delay.is_zero());
}

#[test]
fn a_spared_call_takes_as_long_as_a_healthy_one() {
    let (running, _) = running(
        r#"{"base": {"delay": {"fixed": {"ms": 20}}},
            "rules": {"slow": {"effects": [{"delay": {"fixed": {"ms": 50}}}]}},
            "limits": {"max_active_faults": 1}}"#,
    );
    let call = Call {
        caller: "A",
        key: None,
        path: "/data",
    };

    let meetings: Vec<Meeting> = (0..3).map(|_| running.meet(&call, None)).collect();

    let delays = meetings.iter().map(|it| it.fate.delay.as_millis());
    assert_eq!(delays.collect::<Vec<_>>(), [70, 20, 20]);
}

/// A rule that resets calls, with more to it.
fn resetting(more: &str, phases: &str) -> String {
    format!(r#"{{"phases": {phases}, "rules": {{"r": {{"effects": [{{"reset": {{}}}}]{more}}}}}}}"#)
}

const CALM: &str = r#"[{"name": "calm"}]"#;

#[test]
fn a_patch_that_is_taken_back_makes_no_rule_younger() {
    let own = r#", "ttl_ms": 10000"#;
    for patched in [
        format!(r#"{{"phases": {CALM}, "ttl_ms": 500}}"#),
        resetting(r#", "match": {"caller": "B"}"#, CALM).replacen('{', r#"{"ttl_ms": 500, "#, 1),
    ] {
        // While its time is not over, and when it was over before the patch came.
        for (patched_at, after, hits) in [(2, 9_999, true), (2, 10_000, false), (11, 12_000, false)]
        {
            let (running, clock) = running(&resetting(own, CALM));
            clock.set(Duration::from_secs(patched_at));
            running.patch(plan(&patched), None).unwrap();

            clock.set(Duration::from_millis(after));

            let met = call(&running, "A").ending == Ending::Reset;
            assert_eq!(
                met, hits,
                "{patched} at {patched_at} s, looked at {after} ms"
            );
            let truth = running.truth("A") > 0.5;
            assert_eq!(
                truth, hits,
                "{patched} at {patched_at} s, looked at {after} ms"
            );
        }
    }
}

#[test]
fn a_patch_that_is_taken_back_forgets_no_count() {
    let first = r#", "gate": {"first_n": 3}"#;
    let listed = r#"[{"name": "calm", "rules": ["r"]}]"#;
    let other = r#"[{"name": "short", "for_ms": 1}, {"name": "calm", "rules": ["r"]}]"#;
    for (phases, patched_phases) in [(CALM, CALM), (listed, listed), (listed, other)] {
        for replaced_meanwhile in [false, true] {
            let (running, clock) = running(&resetting(first, phases));
            assert_eq!(call(&running, "A").ending, Ending::Reset);
            clock.set(Duration::from_secs(1));
            let patched = resetting(r#", "gate": {"first_n": 1}"#, patched_phases);
            let patched = patched.replacen('{', r#"{"ttl_ms": 5000, "#, 1);
            running.patch(plan(&patched), None).unwrap();
            if replaced_meanwhile {
                let calm = r#"{"phases": [{"name": "x"}], "ttl_ms": 100}"#;
                running.replace(plan(calm), None).unwrap();
            }
            assert_eq!(
                call(&running, "B").ending == Ending::Reset,
                !replaced_meanwhile
            );

            clock.set(Duration::from_secs(9));

            let resets = (0..5).filter(|_| call(&running, "A").ending == Ending::Reset);
            assert_eq!(
                resets.count(),
                2,
                "{phases} {patched_phases} {replaced_meanwhile}"
            );
        }
    }
}

#[test]
fn whatever_plan_is_in_force_the_truth_knows_how_long_each_caller_waits() {
    let waits = [("A", 1000), ("B", 100)];
    let waits = waits.map(|(name, millis)| (name.to_owned(), Duration::from_millis(millis)));
    let slow = plan(r#"{"callers": ["A", "B"], "base": {"delay": {"fixed": {"ms": 200}}}}"#);
    let clock = Box::new(ManualClock::new());
    let running = Running::new(slow.clone(), waits.into(), clock);
    let holds = |when| {
        assert!(running.truth("A") < 1e-9, "{when}");
        assert!(running.truth("B") > 0.999, "{when}");
        let share = running.health().failing_share;
        assert!((share - 0.5).abs() < 1e-9, "{when}: {share}");
    };

    holds("at the start");
    running.replace(slow.clone(), None).unwrap();
    holds("replaced");
    running.patch(slow, None).unwrap();
    holds("patched");
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
