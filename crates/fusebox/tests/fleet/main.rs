//! The commands of a fleet to one of its breakers, and the absence of any other effect.

#![expect(
    clippy::unwrap_used,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking"
)]

mod hold;
mod others;
mod own_period;
mod probe;
mod release;
mod saving;

use std::time::Duration;

use fusebox::{
    Breaker, Cause, CloseRamp, Config, ConfigBuilder, HoldStage, ManualClock, Rejected, Snapshot,
    State, Transition,
};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);
const AS_CONFIGURED: CloseRamp = CloseRamp::AsConfigured;

/// Opens at the third failure in a row, for 5 s at first.
fn settings() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(3)
        .open_for(SECOND * 5)
        .jitter(0.0)
}

fn breaker(settings: ConfigBuilder) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let config = settings.build().unwrap();
    (Breaker::with_clock("db", config, clock.clone()), clock)
}

/// A breaker that is in this stage of the verdict 7.
fn staged(settings: ConfigBuilder, stage: HoldStage) -> (Breaker, ManualClock) {
    let (breaker, clock) = breaker(settings);
    assert!(breaker.fleet().hold(7));
    match stage {
        HoldStage::Probing => assert!(breaker.fleet().grant_probe(SECOND * 4).is_some()),
        HoldStage::Turn => assert!(breaker.fleet().release(SECOND * 4, AS_CONFIGURED)),
        _ => {}
    }
    (breaker, clock)
}

fn stage(breaker: &Breaker) -> Option<HoldStage> {
    breaker.snapshot().hold.map(|hold| hold.stage)
}

fn epoch(breaker: &Breaker) -> Option<u64> {
    breaker.snapshot().hold.map(|hold| hold.epoch)
}

fn rejected(breaker: &Breaker) -> Rejected {
    breaker.try_acquire().unwrap_err()
}

/// What tells two states of knowledge apart: everything but the time of looking.
fn known(breaker: &Breaker) -> Snapshot {
    breaker.snapshot()
}

fn last(breaker: &Breaker) -> Transition {
    *breaker.snapshot().transitions.last().unwrap()
}

/// From, to and cause of the last transition.
fn way(breaker: &Breaker) -> (State, State, Cause) {
    let last = last(breaker);
    (last.from, last.to, last.cause)
}
