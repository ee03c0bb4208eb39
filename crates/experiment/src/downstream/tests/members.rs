//! Tests of the members of the host's fleet: they are told apart before they call, whatever plan is in force, and the
//! service knows when each one's truth changes.

use super::*;

/// Times that are good and bad in turn, for each caller its own.
const BURSTS: &str = r#"{"rules": {"bursts": {
    "gate": {"gilbert_elliott": {"good_mean_ms": 100, "bad_mean_ms": 100}},
    "effects": [{"reset": {}}]}}}"#;

/// More than a player prepares for a look.
const MANY: usize = 600;

/// A service with a fleet.
fn serving_a_fleet(text: &str) -> (Service, Vec<CallerId>) {
    let names: Vec<String> = (0..MANY).map(|number| format!("i{number}")).collect();
    // As everybody waits: the plan has no reason to name them.
    let waits = names.iter().map(|it| (it.clone(), Duration::from_secs(1)));
    let mut service = Service::waited_for(plan(text), waits.collect());
    let callers = names.iter().map(|name| service.downstream.caller(name));
    let callers = callers.collect();
    (service, callers)
}

/// How many different histories there are among the truths of these callers.
fn histories(service: &mut Service, callers: &[CallerId]) -> usize {
    let looks = |caller: &CallerId| -> Vec<bool> {
        let instants = (0..40).map(|n| service.now + Duration::from_millis(50) * n);
        let truths = instants.map(|now| service.downstream.truth(now, *caller) > 0.5);
        truths.collect()
    };
    let mut histories: Vec<_> = callers.iter().map(looks).collect();
    histories.sort();
    histories.dedup();
    histories.len()
}

#[test]
fn members_are_told_apart_before_they_call_under_every_plan_that_comes() {
    let (mut service, members) = serving_a_fleet(BURSTS);
    assert_eq!(histories(&mut service, &members), MANY);

    service.patch(plan(BURSTS), None).unwrap();
    assert_eq!(histories(&mut service, &members), MANY, "after a patch");

    let other = BURSTS.replace("good_mean_ms\": 100", "good_mean_ms\": 150");
    service.replace(plan(&other), None).unwrap();
    assert_eq!(
        histories(&mut service, &members),
        MANY,
        "after another plan"
    );

    let for_a_while = BURSTS.replacen('{', "{\"ttl_ms\": 1000,", 1);
    service.replace(plan(&for_a_while), None).unwrap();
    service.now += Duration::from_secs(2);
    assert_eq!(service.plan().0, plan(&other), "it has given way");
    assert_eq!(
        histories(&mut service, &members),
        MANY,
        "after it has given way"
    );
}

#[test]
fn the_truth_of_a_member_changes_at_its_own_instants_and_at_borders_alone() {
    let text = BURSTS.replacen(
        '{',
        r#"{"phases": [{"name": "a", "for_ms": 1500}, {"name": "b"}],"#,
        1,
    );
    let (service, members) = &mut serving_a_fleet(&text);
    let border = Some(service.now + Duration::from_millis(1500));
    assert_eq!(service.downstream.next_border(service.now), border);
    for member in &members[..50] {
        let mut now = service.now;
        let mut changes = 0;
        while now < service.now + Duration::from_secs(2) {
            let next = service.downstream.next_change_of(now, *member).unwrap();
            let of_all = service.downstream.next_change(now).unwrap();
            assert!(now < of_all && of_all <= next, "{now:?}");
            let truth = service.downstream.truth(now, *member);
            let middle = now + next.saturating_sub(now) / 2;
            for at in [middle, next.saturating_sub(Duration::from_nanos(1))] {
                let then = service.downstream.truth(at, *member);
                assert!((then - truth).abs() < 1e-9, "{now:?}, {at:?}, {next:?}");
            }
            let after = service.downstream.truth(next, *member);
            changes += u32::from((after - truth).abs() > 0.5);
            now = next;
        }
        assert!(changes > 3, "{changes}");
    }
    service.set(Duration::from_millis(1500));
    assert_eq!(service.downstream.next_border(service.now), None);
}
