//! Tests of the service: it keeps its counters, its callers' luck and its clock through changes of the plan.

mod members;
mod queue;
mod truth;

use super::*;

/// A service, and what the clock of its host shows.
struct Service {
    downstream: Downstream,
    now: Duration,
}

impl Service {
    fn of(plan: Plan) -> Self {
        Self::waited_for(plan, BTreeMap::new())
    }

    fn waited_for(plan: Plan, waits: BTreeMap<String, Duration>) -> Self {
        // No host's clock needs to start at zero.
        let now = Duration::from_secs(1000);
        Self {
            downstream: Downstream::new(plan, waits, now),
            now,
        }
    }

    /// Sets the clock to this time after the start.
    fn set(&mut self, elapsed: Duration) {
        self.now = Duration::from_secs(1000) + elapsed;
    }

    fn meet(&mut self, caller: &str) -> Meeting {
        self.meet_again(caller, None)
    }

    fn meet_again(&mut self, caller: &str, repeat: Option<u64>) -> Meeting {
        let call = Request {
            caller: self.downstream.caller(caller),
            key: None,
            path: "/data",
        };
        self.downstream.meet(self.now, &call, repeat)
    }

    fn call(&mut self, caller: &str) -> Fate {
        self.meet(caller).fate
    }

    fn truth(&mut self, caller: &str) -> f64 {
        let caller = self.downstream.caller(caller);
        self.downstream.truth(self.now, caller)
    }

    fn truths(&mut self) -> Truths {
        let mut lookout = Lookout::default();
        self.downstream.look(self.now, &mut lookout).truths()
    }

    fn counts(&self) -> Counts {
        self.downstream.ledger().counts()
    }

    fn phase(&mut self) -> &str {
        self.downstream.settle(self.now);
        &self.downstream.moment(self.now).phase.name
    }

    fn elapsed(&mut self) -> Duration {
        self.downstream.settle(self.now);
        self.downstream.elapsed(self.now)
    }

    fn plan(&mut self) -> (Plan, u64) {
        self.downstream.settle(self.now);
        let (plan, revision) = self.downstream.plan();
        (plan.clone(), revision)
    }

    fn replace(&mut self, plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        self.downstream.replace(self.now, plan, expected)
    }

    fn patch(&mut self, plan: Plan, expected: Option<u64>) -> Result<u64, Conflict> {
        self.downstream.patch(self.now, plan, expected)
    }
}

fn plan(text: &str) -> Plan {
    Plan::parse(text.as_bytes()).unwrap()
}

fn serving(text: &str) -> Service {
    Service::of(plan(text))
}

#[test]
fn calls_are_counted_by_what_met_them() {
    let mut service = Service::of(Plan::schedule(1));

    for _ in 0..5 {
        service.call("A");
    }
    service.set(Duration::from_secs(21));
    for _ in 0..50 {
        service.call("A");
    }

    assert_eq!(service.phase(), "outage");
    assert_eq!(service.counts().received(), 55);
    assert_eq!(service.counts().success, 5);
    assert_eq!(service.counts().while_failing, 50);
    let a = service.downstream.caller("A");
    assert_eq!(service.downstream.ledger().received_by(a), 55);
    assert_eq!(service.elapsed(), Duration::from_secs(21));
}

#[test]
fn a_new_plan_starts_its_own_time_and_luck_but_keeps_the_counters() {
    let mut service = Service::of(Plan::schedule(1));
    let first = service.call("A");
    service.set(Duration::from_secs(30));

    service.replace(Plan::schedule(1), None).unwrap();

    assert_eq!(service.phase(), "healthy");
    assert_eq!(service.call("A"), first);
    assert_eq!(service.counts().received(), 2);
}

#[test]
fn a_patched_plan_goes_on_where_it_was() {
    let text = |seed| {
        format!(
            r#"{{"seed": {seed}, "phases": [{{"name": "calm", "for_ms": 1000}}, {{"name": "then"}}],
                "rules": {{"first": {{"gate": {{"first_n": 3}}, "effects": [{{"reset": {{}}}}]}}}}}}"#
        )
    };
    let mut service = serving(&text(1));
    assert_eq!(service.call("A").ending, Ending::Reset);
    service.set(Duration::from_secs(2));

    service.patch(plan(&text(2)), Some(1)).unwrap();

    assert_eq!(service.phase(), "then");
    let resets = (0..5).filter(|_| service.call("A").ending == Ending::Reset);
    assert_eq!(resets.count(), 2, "one of three was used up before");
    assert_eq!(service.plan().1, 2);
}

#[test]
fn two_operators_do_not_overwrite_each_other() {
    let mut service = serving(r#"{"phases": [{"name": "calm"}]}"#);
    service.replace(Plan::healthy(), Some(1)).unwrap();

    let conflict = service.replace(Plan::schedule(1), Some(1)).unwrap_err();

    assert_eq!(conflict.revision, 2);
    assert_eq!(service.plan(), (Plan::healthy(), 2));
}

#[test]
fn a_plan_with_a_time_to_live_gives_way_to_the_one_before_which_has_gone_on() {
    let mut service =
        serving(r#"{"phases": [{"name": "first", "for_ms": 10000}, {"name": "second"}]}"#);
    service.set(Duration::from_secs(5));
    let mad = r#"{"phases": [{"name": "mad", "failure_ratio": 1}], "ttl_ms": 2000}"#;
    service.replace(plan(mad), None).unwrap();
    assert!((service.truth("A") - 1.0).abs() < 1e-12);

    service.set(Duration::from_millis(6999));
    assert_eq!(service.phase(), "mad");
    service.set(Duration::from_secs(7));

    assert_eq!(service.phase(), "first");
    assert_eq!(service.elapsed(), Duration::from_secs(7));
    assert!(service.truth("A").abs() < 1e-12);
    assert_eq!(service.plan().1, 3, "to give way is a change");
}

#[test]
fn a_first_plan_with_a_time_to_live_gives_way_to_health() {
    let mut service = serving(r#"{"phases": [{"name": "mad", "failure_ratio": 1}], "ttl_ms": 10}"#);
    service.set(Duration::from_millis(10));

    assert_eq!(service.call("A").ending, Ending::Success);
    assert_eq!(service.plan().0, Plan::healthy());
}

#[test]
fn a_patch_with_a_time_to_live_is_taken_back_on_the_same_clock_and_counts() {
    let calm = r#"{"phases": [{"name": "calm"}],
                   "rules": {"first": {"gate": {"first_n": 3}, "effects": [{"reset": {}}]}}}"#;
    let mut service = serving(calm);
    service.call("A");
    service.set(Duration::from_mins(1));
    let bad = r#"{"phases": [{"name": "calm", "failure_ratio": 1}], "ttl_ms": 500}"#;
    let bad = plan(calm)
        .patched(serde_json::from_str(bad).unwrap())
        .unwrap();
    service.patch(bad, None).unwrap();
    assert!((service.truth("B") - 1.0).abs() < 1e-12);
    service.call("A");

    service.set(Duration::from_millis(60_500));

    assert_eq!(service.plan().0, plan(calm));
    assert_eq!(service.elapsed(), Duration::from_millis(60_500));
    assert_eq!(
        service.call("A").ending,
        Ending::Reset,
        "the third of three"
    );
    assert_eq!(service.call("A").ending, Ending::Success);
}

#[test]
fn a_rule_that_is_patched_in_lives_from_then_on() {
    let mut service = serving(r#"{"phases": [{"name": "calm"}]}"#);
    service.set(Duration::from_mins(1));
    let hang = r#"{"phases": [{"name": "calm"}],
        "rules": {"hang-c": {"match": {"caller": "C"}, "effects": [{"hang": {"max_ms": 15000}}],
                             "ttl_ms": 20000}}}"#;

    service.patch(plan(hang), None).unwrap();

    assert_eq!(service.call("C").ending, Ending::Hang);
    assert_eq!(service.call("A").ending, Ending::Success);
    service.set(Duration::from_secs(79));
    assert!((service.truth("C") - 1.0).abs() < 1e-12);
    service.set(Duration::from_secs(80));
    assert!(service.truth("C").abs() < 1e-12);
    assert_eq!(service.call("C").ending, Ending::Success);
}

#[test]
fn more_calls_suffer_at_once_than_the_limit_allows_never() {
    let mut service = serving(
        r#"{"rules": {"slow": {"effects": [{"delay": {"fixed": {"ms": 50}}}]}},
            "limits": {"max_active_faults": 2}}"#,
    );
    let meetings: Vec<Meeting> = (0..5).map(|_| service.meet("A")).collect();

    let delayed = meetings.iter().filter(|it| !it.fate.delay.is_zero());
    assert_eq!(delayed.count(), 2);
    let ledger = service.downstream.ledger();
    assert_eq!(ledger.spared().collect::<Vec<_>>(), [(["slow", "A"], 3)]);
    for meeting in meetings {
        if let Some(place) = meeting.suffering {
            service.downstream.relieve(place);
        }
    }
    assert!(!service.meet("A").fate.delay.is_zero());
}

#[test]
fn a_spared_call_takes_as_long_as_a_healthy_one() {
    let mut service = serving(
        r#"{"base": {"delay": {"fixed": {"ms": 20}}},
            "rules": {"slow": {"effects": [{"delay": {"fixed": {"ms": 50}}}]}},
            "limits": {"max_active_faults": 1}}"#,
    );
    let meetings: Vec<Meeting> = (0..3).map(|_| service.meet("A")).collect();

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
            let mut service = serving(&resetting(own, CALM));
            service.set(Duration::from_secs(patched_at));
            service.patch(plan(&patched), None).unwrap();

            service.set(Duration::from_millis(after));

            let met = service.call("A").ending == Ending::Reset;
            assert_eq!(
                met, hits,
                "{patched} at {patched_at} s, looked at {after} ms"
            );
            let truth = service.truth("A") > 0.5;
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
            let mut service = serving(&resetting(first, phases));
            assert_eq!(service.call("A").ending, Ending::Reset);
            service.set(Duration::from_secs(1));
            let patched = resetting(r#", "gate": {"first_n": 1}"#, patched_phases);
            let patched = patched.replacen('{', r#"{"ttl_ms": 5000, "#, 1);
            service.patch(plan(&patched), None).unwrap();
            if replaced_meanwhile {
                let calm = r#"{"phases": [{"name": "x"}], "ttl_ms": 100}"#;
                service.replace(plan(calm), None).unwrap();
            }
            assert_eq!(
                service.call("B").ending == Ending::Reset,
                !replaced_meanwhile
            );

            service.set(Duration::from_secs(9));

            let resets = (0..5).filter(|_| service.call("A").ending == Ending::Reset);
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
    let mut service = Service::waited_for(slow.clone(), waits.into());
    let holds = |service: &mut Service, when| {
        assert!(service.truth("A") < 1e-9, "{when}");
        assert!(service.truth("B") > 0.999, "{when}");
        let share = service.truths().failing_share();
        assert!((share - 0.5).abs() < 1e-9, "{when}: {share}");
    };

    holds(&mut service, "at the start");
    service.replace(slow.clone(), None).unwrap();
    holds(&mut service, "replaced");
    service.patch(slow, None).unwrap();
    holds(&mut service, "patched");
}

#[test]
fn callers_who_meet_the_same_have_the_same_truth_and_others_their_own() {
    let mut service = serving(
        r#"{"callers": ["A", "B"], "rules": {
            "only-a": {"match": {"caller": "A"}, "gate": {"bernoulli": 0.25},
                       "effects": [{"status": {"code": 500}}]},
            "all": {"gate": {"bernoulli": 0.5}, "effects": [{"status": {"code": 500}}]}}}"#,
    );
    service.call("stranger");

    let truths = service.truths();

    for (caller, truth, _) in &truths.callers {
        let expected = if caller == "A" { 0.625 } else { 0.5 };
        assert!((truth - expected).abs() < 1e-12, "{caller}: {truth}");
        assert!((service.truth(caller) - truth).abs() < 1e-12);
    }
    assert_eq!(truths.callers.len(), 3);
    assert!((truths.failing_share() - (0.625 + 0.5 + 0.5) / 3.0).abs() < 1e-12);
}
