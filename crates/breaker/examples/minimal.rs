//! One breaker in front of one downstream: it trips, fails fast, probes and recovers.
//!
//! `cargo run -p breaker --example minimal`. Time is set by hand, so that the example waits for
//! nothing; leave `with_clock` out and it is the system's.

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::time::Duration;

use breaker::{Breaker, CallError, Config, Event, ManualClock, Outcome, RejectReason};

fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::builder()
        .consecutive_failures(3)
        .open_for(Duration::from_secs(2))
        .build()?;
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("inventory", config, clock.clone());
    breaker.add_listener(|name: &str, event: &Event| {
        if let Event::Transition(change) = event {
            let (from, to, cause) = (change.from, change.to, change.cause);
            println!("      {name}: {from} -> {to} ({cause})");
        }
    });

    // What the downstream answers, one call per second.
    for answer in ["7", "7", "?", "?", "?", "7", "7", "7"] {
        match breaker.call(|| answer.parse::<u32>()) {
            Ok(stock) => println!("ok    {stock} in stock"),
            Err(CallError::Failed(error)) => println!("fail  {error}"),
            Err(CallError::Rejected(rejected)) => println!("fast  {rejected}"),
        }
        clock.advance(Duration::from_secs(1));
    }
    let totals = breaker.snapshot().totals;
    let made = totals.calls(Outcome::Success) + totals.calls(Outcome::Failure);
    let rejected = totals.rejections(RejectReason::Open);
    println!("      {made} calls made, {rejected} rejected");
    Ok(())
}
