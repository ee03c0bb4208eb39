use fusebox::ManualClock;

use super::*;
use crate::mode::Mode;
use crate::name::{InstanceId, Session};
use crate::opinion::Opinion;
use crate::settings::Settings;

fn key(name: &str) -> BreakerKey {
    BreakerKey::new(name).unwrap()
}

fn sender(name: &str) -> Sender {
    Sender::new(InstanceId::new(name).unwrap(), Session::new(1))
}

async fn report(engine: &Memory, key: &BreakerKey, name: &str) -> View {
    let settings = Arc::new(Settings::builder(Mode::Quorum).build().unwrap());
    let report = Report::new(sender(name), Opinion::Fine, settings);
    engine.report(key, &report).await.unwrap()
}

#[tokio::test]
async fn a_ledger_is_given_up_when_its_last_instance_has_left_and_nobody_listens() {
    let engine = Memory::with_clock(ManualClock::new());
    let one = key("one");
    let events = engine.events(&one);
    let before = report(&engine, &one, "a").await;
    report(&engine, &one, "b").await;

    engine.leave(&one, &sender("a")).await.unwrap();
    assert_eq!(engine.ledgers(), 1, "b is there");
    engine.leave(&one, &sender("b")).await.unwrap();
    assert_eq!(engine.ledgers(), 1, "somebody listens");
    drop(events);
    assert_eq!(engine.ledgers(), 0);

    let after = report(&engine, &one, "a").await;
    assert_ne!(
        after.era.incarnation, before.era.incarnation,
        "it looks like the one before"
    );
}

#[tokio::test]
async fn ten_thousand_keys_that_came_and_went_leave_nothing() {
    let engine = Memory::with_clock(ManualClock::new());
    for number in 0..10_000 {
        let key = key(&format!("run-{number}"));
        let events = engine.events(&key);
        report(&engine, &key, "a").await;
        drop(events);
        engine.leave(&key, &sender("a")).await.unwrap();
    }
    assert_eq!(engine.ledgers(), 0);
}

#[tokio::test]
async fn a_ledger_whose_instances_lapsed_is_given_up_when_another_key_comes() {
    let clock = ManualClock::new();
    let engine = Memory::with_clock(clock.clone());
    report(&engine, &key("silent"), "a").await;
    clock.advance(Duration::from_secs(10));

    report(&engine, &key("other"), "a").await;

    assert_eq!(engine.ledgers(), 1);
}

#[tokio::test]
async fn an_order_in_force_outlives_all_who_heard_it() {
    let engine = Memory::with_clock(ManualClock::new());
    let one = key("one");
    report(&engine, &one, "a").await;
    engine.order(&one, Order::ForceOpen).await.unwrap();

    engine.leave(&one, &sender("a")).await.unwrap();

    assert_eq!(
        report(&engine, &one, "b").await.command.order,
        Order::ForceOpen
    );
    engine.order(&one, Order::Automatic).await.unwrap();
    engine.leave(&one, &sender("b")).await.unwrap();
    assert_eq!(engine.ledgers(), 0, "nothing is in force any more");
}
