//! Tests of scenarios that are played while the instances work: each has an engine of its own.

use std::sync::OnceLock;

use experiment::scenario::Scenario;

use super::*;
use crate::settings::{Engine, Staging};

/// A scenario in which the instances decide together, with these lines about the network or the engine.
fn scenario(lines: &str) -> Coordinating {
    let text = format!(
        "title = \"t\"\nduration = \"60s\"\n[coordination]\nmode = \"quorum\"\n{lines}\n[faults]\nphases = \
         [{{ name = \"calm\" }}]\n"
    );
    let scenario = Scenario::parse(&text).unwrap();
    Coordinating {
        staging: Staging::of(&scenario),
        ..Coordinating::of(&scenario, Engine::Memory)
    }
}

#[tokio::test(start_paused = true)]
async fn a_scenario_that_is_played_again_has_another_engine_though_nothing_else_is_different() {
    let rig = Rig::from_the_start(scenario("")).await;
    rig.settle().await;
    assert!(
        rig.coordinator.ledger().is_some(),
        "it has been there from the start"
    );

    let again = rig
        .coordinator
        .begin_anew(|_| scenario(""), || Ok(()))
        .await;

    assert_eq!(again, Ok(()));
    assert_eq!(rig.coordinator.changes().len(), 1, "nothing is different");
    assert_eq!(
        rig.coordinator.ledger(),
        None,
        "what the first one did is not in it"
    );
    assert_eq!(rig.coordinator.times_replaced(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_scenario_s_engine_begins_with_that_of_its_plan_and_its_load() {
    let lost = "[[engine.faults]]\nkind = \"crash\"\nfrom = \"0s\"\nuntil = \"50s\"";
    let rig = Rig::from_the_start(scenario(lost)).await;
    rig.settle().await;
    let before = Instant::now();
    let began = Arc::new(OnceLock::new());
    let told = Arc::clone(&began);

    let start = move || told.set(Instant::now()).map_err(|_| "twice".to_owned());
    let said = rig.coordinator.begin_anew(|_| scenario(""), start).await;

    assert_eq!(said, Ok(()));
    let began = *began.get().unwrap();
    assert!(
        began > before,
        "it takes a while to leave an engine that is lost"
    );
    assert_eq!(rig.coordinator.lock().began, began);
}

#[tokio::test(start_paused = true)]
async fn a_mark_names_what_is_stated_and_what_the_breakers_bring_along() {
    let rig = Rig::from_the_start(scenario("")).await;
    let other = || scenario("heartbeat = \"300ms\"\n[breaker]\nopen_for = \"700ms\"");

    let played = rig
        .coordinator
        .begin_anew(move |_| other(), || Ok(()))
        .await;

    assert_eq!(played, Ok(()));
    let said = rig.coordinator.changes()[1].different.clone();
    assert!(said.contains("heartbeat 300ms"), "{said}");
    assert!(said.contains("open_for 700ms"), "{said}");
}

#[tokio::test]
async fn it_is_said_that_faults_of_a_scenario_end_with_its_engine() {
    let lost = "[[engine.faults]]\nkind = \"crash\"\nfrom = \"20s\"\nuntil = \"50s\"";
    for (lines, ends) in [(lost, true), ("", false)] {
        let rig = Rig::from_the_start(scenario(lines)).await;

        rig.change(r#"{"engine": "gossip"}"#).await.unwrap();

        let said = rig.coordinator.changes()[1].different.clone();
        let faults = if ends {
            ", without the faults of the scenario"
        } else {
            ""
        };
        assert_eq!(said, format!("quorum, engine gossip{faults}"));
        rig.change(r#"{"mode": "local"}"#).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_under_way_when_the_lab_ends_starts_nothing_more() {
    let rig = Rig::deciding(QUORUM).await;
    let ends = Arc::clone(&rig.coordinator);

    let start = move || {
        ends.end();
        Ok(())
    };
    let said = rig.coordinator.begin_anew(|_| scenario(""), start).await;

    assert_eq!(said, Err(Unchanged::LabEnds));
    assert_eq!(rig.coordinator.changes().len(), 2);
    assert_eq!(rig.standing(), [], "nobody joins any more");
}

#[tokio::test(start_paused = true)]
async fn instances_join_what_was_in_force_when_a_change_breaks_half_way() {
    let rig = Rig::deciding(QUORUM).await;

    let start = || panic!("it breaks");
    let said = rig.coordinator.begin_anew(|_| scenario(""), start).await;
    rig.call(true);
    rig.settle().await;

    assert!(matches!(said, Err(Unchanged::Unavailable(_))), "{said:?}");
    assert_eq!(rig.standing(), [(Mode::Quorum, 3); 3]);
    rig.change(r#"{"mode": "pooled"}"#).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_change_that_waits_for_its_turn_follows_what_is_so_then() {
    let rig = Rig::alone();
    let now = Arc::new(OnceLock::new());
    let told = Arc::clone(&now);
    let start = move || told.set("later").map_err(|_| "twice".to_owned());
    let change = experiment::reading::parse_json(QUORUM.as_bytes()).unwrap();
    let settings = BreakerSettings::default().settled();
    let breakers = move || {
        assert_eq!(now.get(), Some(&"later"));
        vec![settings; 3]
    };

    let (played, changed) = tokio::join!(
        rig.coordinator.begin_anew(|_| scenario(""), start),
        rig.coordinator.change(change, breakers)
    );

    assert_eq!((played, changed), (Ok(()), Ok(())));
}
