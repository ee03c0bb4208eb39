//! The conformance of the memory engine, and a check that the suite finds engines that break a rule.

use fusebox::{Clock, ManualClock};
use fusebox_fleet::conformance::{self, Subject};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::engine::{Answer, Engine, Operator};
use std::future::ready;
use std::time::Duration;

struct InMemory {
    engine: Memory,
    clock: ManualClock,
    forgets: bool,
}

impl InMemory {
    fn new() -> Self {
        let clock = ManualClock::new();
        clock.advance(Duration::from_secs(1000));
        Self {
            engine: Memory::with_clock(clock.clone()),
            clock,
            forgets: true,
        }
    }
}

impl Subject for InMemory {
    fn engine(&self) -> &dyn Engine {
        &self.engine
    }

    fn operator(&self) -> &dyn Operator {
        &self.engine
    }

    fn pass(&self, time: Duration) -> Answer<'_, ()> {
        self.clock.advance(time);
        Box::pin(ready(()))
    }

    fn forget(&self) -> Answer<'_, ()> {
        if self.forgets {
            self.engine.forget();
        }
        Box::pin(ready(()))
    }
}

#[tokio::test]
async fn the_memory_engine_keeps_every_rule() {
    let subject = InMemory::new();
    let mut checked = 0;
    for rule in conformance::rules() {
        let kept = rule.check(&subject, "memory").await;
        assert_eq!(kept, Ok(()));
        checked += 1;
    }
    assert_eq!(checked, 27);
}

#[tokio::test]
async fn an_engine_that_breaks_a_rule_is_found_and_the_rule_named() {
    let mut subject = InMemory::new();
    subject.forgets = false;
    let rule = conformance::rules()
        .find(|rule| rule.name() == "an_engine_that_forgot_begins_a_new_life")
        .unwrap();

    let broken = rule.check(&subject, "broken").await.unwrap_err();

    let told = broken.to_string();
    assert!(
        told.starts_with("the engine breaks the rule an_engine_that_forgot"),
        "{told}"
    );
}

#[test]
fn clones_are_one_engine_and_keys_are_apart() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let engine = Memory::with_clock(ManualClock::new());
        let [one, other] = ["one", "other"].map(|key| fusebox_fleet::BreakerKey::new(key).unwrap());
        let ordered = engine
            .clone()
            .order(&one, fusebox_fleet::Order::ForceOpen)
            .await
            .unwrap();

        assert_eq!(
            engine.peek(&one).await.unwrap().view.command,
            ordered.command
        );
        assert_eq!(
            engine.peek(&other).await.unwrap().view.command,
            fusebox_fleet::Command::NONE
        );
    });
}

#[test]
fn whoever_waits_for_events_is_told_when_the_engine_is_gone() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let engine = Memory::with_clock(ManualClock::new());
        let key = fusebox_fleet::BreakerKey::new("one").unwrap();
        let mut events = engine.events(&key);
        drop(engine);

        assert_eq!(events.next().await, None);
    });
    assert_eq!(ManualClock::new().now(), Duration::ZERO);
}
