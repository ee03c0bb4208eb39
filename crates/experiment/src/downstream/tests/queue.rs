//! Tests of the overload model of the service, driven by events.

use super::*;

fn at(millis: u64) -> Duration {
    Duration::from_secs(1000) + Duration::from_millis(millis)
}

fn overloaded(more: &str) -> Service {
    serving(&format!(
        r#"{{"overload": {{"workers": 1, "service": {{"fixed": {{"ms": 20}}}},
            "queue": {{"limit": 1}}{more}}}}}"#
    ))
}

/// The work of the next call, and when it ends if it has been started.
fn work(service: &mut Service) -> (WorkId, Option<Duration>) {
    match service.meet("A").work.unwrap() {
        Work::Started(start) => (start.id, Some(start.until)),
        Work::Queued(id) => (id, None),
    }
}

#[test]
fn calls_are_done_one_after_another_and_one_without_room_is_turned_away() {
    let mut service = overloaded("");

    let (first, until) = work(&mut service);
    let (second, waits) = work(&mut service);
    let third = service.meet("A");

    assert_eq!((until, waits), (Some(at(20)), None));
    assert!(third.work.is_none());
    assert!(matches!(
        third.fate.ending,
        Ending::Status { code: 503, .. }
    ));
    let ledger = service.downstream.ledger();
    let injected: Vec<_> = ledger.injected().collect();
    assert_eq!(injected, [(["overload", "full", "A"], 1)]);
    let next = service.downstream.work_done(first).unwrap();
    assert_eq!((next.id, next.until), (second, at(40)));
    assert_eq!(service.downstream.work_done(second), None);
    assert!(service.downstream.wasted().is_zero());
}

#[test]
fn the_clock_of_a_queue_is_that_of_its_plan() {
    let mut service =
        overloaded(r#", "trigger": {"at_ms": 100, "for_ms": 50, "service_factor": 3.0}"#);
    let text = service.plan().0;
    service.set(Duration::from_secs(7));
    service.replace(text, None).unwrap();

    service.set(Duration::from_millis(7099));
    let (id, before) = work(&mut service);
    service.downstream.work_done(id);
    service.set(Duration::from_millis(7120));
    let (_, during) = work(&mut service);

    assert_eq!((before, during), (Some(at(7119)), Some(at(7180))));
}

#[test]
fn a_late_timer_costs_no_capacity() {
    let mut service = overloaded("");
    let (first, _) = work(&mut service);
    let (second, _) = work(&mut service);
    service.set(Duration::from_millis(33));

    let next = service.downstream.work_done(first).unwrap();

    assert_eq!((next.id, next.until), (second, at(40)));
}

#[test]
fn work_of_a_caller_that_left_goes_on_or_ends_as_the_plan_says() {
    for (abandoned, wasted, left) in [("continues", 20, 1), ("cancelled", 5, 0)] {
        let mut service = overloaded(&format!(r#", "abandoned_work": "{abandoned}""#));
        let (id, _) = work(&mut service);

        assert_eq!(service.downstream.leave(at(5), id), None);

        let busy = service.downstream.occupancy().unwrap().busy;
        assert_eq!(busy, left, "{abandoned}");
        service.downstream.work_done(id);
        let spent = service.downstream.wasted();
        assert_eq!(spent, Duration::from_millis(wasted), "{abandoned}");
    }
}

#[test]
fn work_that_is_cancelled_makes_room_for_the_next() {
    let mut service = overloaded(r#", "abandoned_work": "cancelled""#);
    let (first, _) = work(&mut service);
    let (second, _) = work(&mut service);

    let next = service.downstream.leave(at(5), first).unwrap();

    assert_eq!((next.id, next.until), (second, at(25)));
    assert!(!service.downstream.has_work(first) && service.downstream.has_work(second));
}

#[test]
fn work_of_a_plan_that_is_gone_is_no_more_and_what_it_wasted_stays_counted() {
    let mut service = overloaded("");
    let (first, _) = work(&mut service);
    service.downstream.leave(at(1), first);
    service.downstream.work_done(first);
    let (second, _) = work(&mut service);
    let (third, _) = work(&mut service);
    let held = service.meet("A").held();

    service.replace(Plan::healthy(), None).unwrap();

    assert!(!service.downstream.has_work(second) && !service.downstream.has_work(third));
    assert_eq!(service.downstream.work_done(second), None);
    assert_eq!(service.downstream.leave(at(3), third), None);
    assert_eq!(service.downstream.wasted(), Duration::from_millis(20));
    assert!(service.downstream.lets_go(&held));
    assert!(service.meet("A").work.is_none());
}

#[test]
fn the_work_of_a_plan_that_comes_back_goes_on_meanwhile() {
    let mut service = overloaded("");
    let (first, _) = work(&mut service);
    let (second, _) = work(&mut service);
    let calm = r#"{"phases": [{"name": "calm"}], "ttl_ms": 50}"#;
    service.replace(plan(calm), None).unwrap();

    assert!(service.meet("A").work.is_none(), "another plan is in force");
    let next = service.downstream.work_done(first).unwrap();

    assert_eq!((next.id, next.until), (second, at(40)));
    service.set(Duration::from_millis(50));
    let (third, until) = {
        service.downstream.work_done(second);
        work(&mut service)
    };
    assert_eq!(until, Some(at(70)));
    assert!(third > second, "no two pieces of work have the same number");
}

#[test]
fn each_part_of_a_plan_that_is_patched_lets_its_calls_go_and_no_other() {
    let text = |hang: u64, base: u64| {
        plan(&format!(
            r#"{{"base": {{"delay": {{"fixed": {{"ms": {base}}}}}}},
                "rules": {{"hang-a": {{"match": {{"caller": "A"}}, "effects": [{{"hang": {{"max_ms": {hang}}}}}]}}}}}}"#
        ))
    };
    for (hang, base, a_goes, b_goes) in [
        (9000, 10, false, false),
        (500, 10, true, false),
        // Both wait for the base delay, the call of A also for its hang.
        (9000, 20, true, true),
    ] {
        let mut service = Service::of(text(9000, 10));
        let (a, b) = (service.meet("A").held(), service.meet("B").held());

        service.patch(text(hang, base), None).unwrap();

        let goes = [&a, &b].map(|held| service.downstream.lets_go(held));
        assert_eq!(goes, [a_goes, b_goes], "{hang} {base}");
    }
}

#[test]
fn a_call_is_told_when_what_holds_it_ends_by_itself() {
    let mut service = serving(
        r#"{"rules": {"short": {"match": {"caller": "A"}, "effects": [{"hang": {}}], "ttl_ms": 300}},
            "ttl_ms": 500}"#,
    );
    service.set(Duration::from_millis(100));

    assert_eq!(service.meet("A").ends, Some(at(300)));
    assert_eq!(service.meet("B").ends, Some(at(500)));
    let mut lasting = serving(r#"{"rules": {"r": {"effects": [{"hang": {}}]}}}"#);
    assert_eq!(lasting.meet("A").ends, None);
}
