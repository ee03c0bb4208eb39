//! Tests of the truth and of its changes.

use super::*;

/// Whether the truth may have changed since the last version.
fn moved(service: &Service, last: &mut u64) -> bool {
    let version = service.downstream.truth_version();
    std::mem::replace(last, version) != version
}

#[test]
fn the_version_of_the_truth_grows_with_what_may_change_it_and_with_nothing_else() {
    let mut steady = serving(
        r#"{"rules": {"half": {"gate": {"bernoulli": 0.5},
        "effects": [{"status": {"code": 500}}]}}}"#,
    );
    let last = &mut steady.downstream.truth_version();
    steady.call("A");
    assert!(!moved(&steady, last), "calls leave chance as it is");
    steady.replace(Plan::healthy(), None).unwrap();
    assert!(moved(&steady, last), "another plan");
    steady.patch(Plan::schedule(1), None).unwrap();
    assert!(moved(&steady, last), "a patched one");
    assert!(steady.patch(Plan::healthy(), Some(1)).is_err());
    assert!(!moved(&steady, last), "a refused one");

    let mut counting = serving(
        r#"{"rules": {"third": {"gate": {"every_nth": 3},
        "effects": [{"reset": {}}]}}}"#,
    );
    let last = &mut counting.downstream.truth_version();
    counting.call("A");
    assert!(moved(&counting, last), "a counted call");

    let mut queue = serving(
        r#"{"overload": {"workers": 1, "service": {"fixed": {"ms": 20}}, "queue": {"limit": 0}}}"#,
    );
    let last = &mut queue.downstream.truth_version();
    let id = queue.meet("A").work.unwrap().id();
    assert!(moved(&queue, last), "an arrival");
    assert!(queue.meet("A").work.is_none());
    assert!(!moved(&queue, last), "nobody has come in");
    queue.downstream.leave(queue.now, id);
    assert!(!moved(&queue, last), "the work goes on");
    queue.downstream.work_done(id);
    assert!(moved(&queue, last), "an end of work");
}

#[test]
fn a_plan_gives_way_at_the_instant_at_which_its_time_is_over_however_late_somebody_looks() {
    let mut service = serving(r#"{"phases": [{"name": "mad", "failure_ratio": 1}], "ttl_ms": 10}"#);
    let last = &mut service.downstream.truth_version();
    service.set(Duration::from_secs(3));

    assert_eq!(service.downstream.settle(service.now), Settled::GaveWay);

    assert_eq!(service.elapsed(), Duration::from_millis(2990));
    assert_eq!(service.downstream.settle(service.now), Settled::Same);
    assert!(moved(&service, last));
}

#[test]
fn borders_of_phases_and_times_to_live_are_known_before_they_come() {
    let text = r#"{"phases": [{"name": "calm", "for_ms": 5}, {"name": "mad", "failure_ratio": 1}],
                   "ttl_ms": 8}"#;
    let mut service = serving(text);
    service.set(Duration::from_secs(60));
    service.replace(plan(text), None).unwrap();
    let mut next = |millis| {
        let now = service.now + Duration::from_millis(millis);
        let next = service.downstream.next_change(now).unwrap();
        next.saturating_sub(service.now).as_millis()
    };

    assert_eq!((next(0), next(4), next(5), next(7)), (5, 5, 8, 8));
}

#[test]
fn the_truth_of_each_caller_is_the_same_beside_the_calls() {
    let mut service = serving(
        r#"{"callers": ["A"], "rules": {"first": {"gate": {"first_n": 2}, "effects": [{"reset": {}}]},
            "half": {"match": {"caller": "B"}, "gate": {"bernoulli": 0.5}, "effects": [{"reset": {}}]}}}"#,
    );
    let ids = ["A", "B", "C"].map(|name| service.downstream.caller(name));
    let mut lookout = Lookout::default();
    for calls in 0..4 {
        let now = service.now;
        let own = service.downstream.truth_of_each(now, &ids);
        let mut sight = service.downstream.look(now, &mut lookout);
        let beside = sight.truth_of_each(&["A", "B", "C"]);

        assert_eq!(own, beside);
        let one = service.downstream.truth(now, ids[0]);
        assert!((own[0] - one).abs() < 1e-12);
        assert!((one - f64::from(calls < 2)).abs() < 1e-12, "{calls}");
        service.call("A");
    }
}

#[test]
fn a_call_that_is_sent_once_more_meets_the_same_and_is_counted_by_no_rule() {
    let mut service =
        serving(r#"{"rules": {"first": {"gate": {"first_n": 1}, "effects": [{"reset": {}}]}}}"#);

    assert_eq!(service.meet_again("A", Some(7)).fate.ending, Ending::Reset);
    assert_eq!(service.meet_again("A", Some(7)).fate.ending, Ending::Reset);
    assert_eq!(
        service.meet_again("A", Some(8)).fate.ending,
        Ending::Success
    );
}

#[test]
fn callers_keep_their_handles_and_counts_through_every_change_of_the_plan() {
    let mut service = serving(r#"{"phases": [{"name": "calm"}]}"#);
    let b = service.downstream.caller("B");
    service.call("A");
    service.call("B");
    assert!(!service.downstream.names("B"));

    let only_b = r#"{"rules": {"r": {"match": {"caller": "B"}, "effects": [{"reset": {}}]}}}"#;
    service.replace(plan(only_b), None).unwrap();

    assert_eq!(service.downstream.caller("B"), b);
    assert!(service.downstream.names("B"));
    assert_eq!(service.call("B").ending, Ending::Reset);
    assert_eq!(service.call("A").ending, Ending::Success);
    assert_eq!(service.downstream.ledger().received_by(b), 2);
}

#[test]
fn nothing_changes_by_time_alone_under_a_plan_that_stays_as_it_is() {
    let mut service = serving(r#"{"phases": [{"name": "mad", "failure_ratio": 1}]}"#);

    assert_eq!(service.downstream.next_change(service.now), None);
}

#[test]
fn between_two_changes_the_truth_of_those_who_are_asked_for_stays_the_same() {
    let mut service = serving(
        r#"{"seed": 3, "phases": [{"name": "calm", "for_ms": 700}, {"name": "then"}],
            "rules": {"bursts": {"gate": {"gilbert_elliott": {"good_mean_ms": 200, "bad_mean_ms": 200}},
                "effects": [{"reset": {}}]}}}"#,
    );
    let names = ["A", "B"];
    let mut lookout = Lookout::default();
    let mut look = |millis: u64| {
        let at = service.now + Duration::from_millis(millis);
        let mut sight = service.downstream.look(at, &mut lookout);
        let truths = sight.truth_of_each(&names);
        let next = sight.next_change().unwrap_or(Duration::MAX);
        (truths, next.saturating_sub(service.now))
    };

    let (mut last, mut next) = look(0);
    let mut changes = 0;
    for millis in 1..3000 {
        let (truths, after) = look(millis);
        if Duration::from_millis(millis) < next {
            assert_eq!(truths, last, "{millis} ms, before {next:?}");
        } else {
            changes += u32::from(truths != last);
            (last, next) = (truths, after);
        }
    }

    assert!(changes > 10, "{changes}");
}

#[test]
fn a_member_of_the_fleet_has_luck_of_its_own_however_many_callers_there_are() {
    let bursts = r#"{"rules": {"bursts": {
        "gate": {"gilbert_elliott": {"good_mean_ms": 100, "bad_mean_ms": 100}},
        "effects": [{"reset": {}}]}}}"#;
    let histories = |service: &mut Service, name: &str| -> Vec<bool> {
        let start = service.now;
        let looks = (0..40).map(|n| {
            service.now = start + Duration::from_millis(50) * n;
            service.truth(name) > 0.5
        });
        let history = looks.collect();
        service.now = start;
        history
    };
    for members in [false, true] {
        let names: Vec<String> = (0..40).map(|n| format!("i{n}")).collect();
        // A second is what a plan expects of everybody: it names nobody for that.
        let waits = names
            .iter()
            .map(|name| (name.clone(), Duration::from_secs(1)));
        let waits = if members {
            waits.collect()
        } else {
            BTreeMap::new()
        };
        let mut service = Service::waited_for(Plan::parse(bursts.as_bytes()).unwrap(), waits);
        for name in &names {
            service.call(name);
        }

        let mut all: Vec<_> = names.iter().map(|it| histories(&mut service, it)).collect();
        all.sort();
        all.dedup();

        assert_eq!(all.len() == 40, members, "{}", all.len());
    }
}
