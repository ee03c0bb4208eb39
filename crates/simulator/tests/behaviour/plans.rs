//! Fault plans over time: their end releases the calls that they hold, and the truth changes at the instant that they
//! announce.

use std::time::Duration;

use experiment::outcome::ClientOutcome;
use experiment::scenario::Scenario;
use simulator::{Cancel, perform};

use crate::told::{seconds, told};

#[test]
fn a_plan_whose_time_is_over_lets_go_of_calls_that_it_holds() {
    let (told, outcomes) = told(
        r#"
        [fleet]
        size = 1
        call_timeout = "8s"
        [load]
        process = "constant"
        rate = 10
        timeout = "9s"
        [faults]
        ttl = "3s"
        phases = [{ name = "hangs", rules = ["hang"] }]
        rules.hang = { effects = [{ hang = {} }] }
        "#,
    );
    assert_eq!(outcomes[ClientOutcome::Ok], outcomes.planned());
    let held = told.calls.iter().filter(|it| seconds(it.planned) < 3.0);
    assert!(held.clone().count() == 30);
    assert!(
        held.into_iter()
            .all(|it| it.ended == Duration::from_secs(3))
    );
}

#[test]
fn the_truth_changes_at_the_very_instant_that_the_plan_says() {
    let text = r#"
        title = "t"
        duration = "10s"
        [load]
        rate = 10
        [faults]
        phases = [
          { name = "well", for = "2345ms" },
          { name = "bad", for = "1111ms", failure_ratio = 0.7 },
          { name = "again" },
        ]
        "#;
    let scenario = Scenario::parse(text).unwrap();

    let fleet = perform(&scenario, &Cancel::default(), None)
        .repetition
        .fleet;

    assert_eq!(fleet.truths.len(), 1, "all instances have one truth");
    assert_eq!(
        fleet.truths[0].steps(),
        [(0.0, 0.0), (2.345, 0.7), (3.456, 0.0)]
    );
    let phases: Vec<_> = fleet
        .phases
        .iter()
        .map(|it| (it.from_s, it.until_s))
        .collect();
    assert_eq!(phases[..2], [(0.0, 2.345), (2.345, 3.456)]);
}
