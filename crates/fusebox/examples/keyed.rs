//! One breaker per host: a host that is down does not cut off the others.
//!
//! `cargo run -p fusebox --example keyed`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::num::NonZeroUsize;

use fusebox::{CallError, Config, Outcome, Registry, State};

/// Three hosts, of which one is down.
const HOSTS: [&str; 3] = ["a.example", "b.example", "down.example"];

fn fetch(host: &str) -> Result<&'static str, &'static str> {
    match host {
        "down.example" => Err("no route to host"),
        _ => Ok("200 OK"),
    }
}

/// Visible, so that a test can run it too.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::builder().consecutive_failures(3).build()?;
    let capacity = NonZeroUsize::new(1000).ok_or("a registry holds at least one breaker")?;
    let breakers: Registry<String> = Registry::new(capacity, config);

    for round in 1..=5 {
        for host in HOSTS {
            match breakers.get(host)?.call(|| fetch(host)) {
                Ok(answer) => println!("{round} {host}: {answer}"),
                Err(CallError::Failed(error)) => println!("{round} {host}: {error}"),
                Err(CallError::Rejected(_)) => println!("{round} {host}: not called"),
            }
        }
    }

    for host in HOSTS {
        let seen = breakers.get(host)?.snapshot();
        let (good, bad) = (Outcome::Success, Outcome::Failure);
        let (good, bad) = (seen.totals.calls(good), seen.totals.calls(bad));
        println!("{host} is {}: {good} good calls, {bad} bad", seen.state);
    }
    assert_eq!(breakers.get("down.example")?.state(), State::Open);
    assert_eq!(breakers.get("a.example")?.state(), State::Closed);
    Ok(())
}
