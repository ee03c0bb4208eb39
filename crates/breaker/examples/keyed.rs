//! A breaker per host, made when the host is first called, in bounded memory.
//!
//! `cargo run -p breaker --example keyed`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::num::NonZeroUsize;

use breaker::{Config, Registry, State};

/// The downstream: one of the hosts is broken.
fn fetch(host: &str) -> Result<&'static str, &'static str> {
    if host == "b.example" {
        Err("no answer")
    } else {
        Ok("hello")
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let capacity = NonZeroUsize::new(1000).ok_or("not zero")?;
    let config = Config::builder().consecutive_failures(2).build()?;
    let hosts: Registry<String> = Registry::new(capacity, config);

    for round in 1..=3 {
        for host in ["a.example", "b.example", "c.example"] {
            // When the registry is full of breakers that hold failures, a new host is refused.
            let breaker = hosts.get(host)?;
            match breaker.call(|| fetch(host)) {
                Ok(answer) => println!("round {round}  {host}: {answer}"),
                Err(error) => println!("round {round}  {host}: {error}"),
            }
        }
    }

    let open = |state: State| state == State::Open;
    let breakers = hosts.breakers();
    let broken: Vec<&str> = breakers
        .iter()
        .filter(|breaker| open(breaker.state()))
        .map(breaker::Breaker::name)
        .collect();
    println!("{} hosts, open: {}", hosts.len(), broken.join(", "));
    Ok(())
}
