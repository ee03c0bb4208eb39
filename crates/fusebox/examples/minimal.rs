//! One breaker around one call: it trips, rejects, probes, and closes again.
//!
//! `cargo run -p fusebox --example minimal`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::time::Duration;

use fusebox::{Breaker, CallError, Config, ManualClock, State};

/// Something remote that does not answer in the first second.
fn inventory(second: u64) -> Result<u32, &'static str> {
    if second < 1 {
        Err("connection refused")
    } else {
        Ok(42)
    }
}

/// Visible, so that a test can run it too.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::builder()
        .consecutive_failures(3)
        .open_for(Duration::from_secs(2))
        .jitter(0.0)
        .build()?;
    // A clock that moves when told to, so that this ends at once. Elsewhere: `Breaker::new`.
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("inventory", config, clock.clone());

    for second in 0..4 {
        for _ in 0..4 {
            match breaker.call(|| inventory(second)) {
                Ok(items) => print!("{second} s: {items} items"),
                Err(CallError::Failed(error)) => print!("{second} s: {error}"),
                Err(CallError::Rejected(rejected)) => print!("{second} s: not called: {rejected}"),
            }
            println!(" ({})", breaker.state());
        }
        clock.advance(Duration::from_secs(1));
    }

    assert_eq!(breaker.state(), State::Closed);
    Ok(())
}
