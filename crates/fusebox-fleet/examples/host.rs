//! Three instances in one process whose breakers take part in a fleet: a quorum opens, one instance at a time probes,
//! and they close in turn. The runtime's time is paused, so ten seconds take no time.
//!
//! `cargo run -p fusebox-fleet --example host --features tokio`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use fusebox::{Breaker, Clock, Config, State};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::host::{FleetEvent, Host, RuntimeClock};
use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};
use std::{error::Error, sync::Arc, time::Duration};

#[tokio::main(flavor = "current_thread", start_paused = true)]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let clock = RuntimeClock::new();
    let engine = Arc::new(Memory::with_clock(clock));
    let config = Config::builder().consecutive_failures(10).build()?;
    let settings = Settings::builder(Mode::Quorum).suspicion_run_for(10);
    let settings = Arc::new(settings.probe_timeout(Duration::from_millis(200)).build()?);
    let mut fleet = Vec::new();
    for (seed, name) in (1..).zip(["a", "b", "c"]) {
        let host = Host::builder(InstanceId::new(name)?, Arc::clone(&engine) as _)
            .listener(move |_: &BreakerKey, event: &FleetEvent| {
                println!("{:.2?} {name}: {event:?}", clock.now());
            })
            .seed(seed)
            .build();
        let breaker = Breaker::with_clock("inventory", config.clone(), clock);
        fleet.push(host.join(
            BreakerKey::new("inventory")?,
            breaker,
            Arc::clone(&settings),
        )?);
    }

    let mut failed = 0;
    for step in 0..500 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let well = !(100..200).contains(&step); // an outage of two seconds
        for participant in &fleet {
            let Ok(permit) = participant.breaker().try_acquire() else {
                continue;
            };
            if well {
                permit.success();
            } else {
                failed += 1;
                permit.failure();
            }
        }
    }
    println!("{failed} calls failed; alone it would have been thirty and the probes");
    assert!(failed < 25, "{failed}");
    assert!(
        fleet
            .iter()
            .all(|one| one.breaker().state() == State::Closed)
    );
    for participant in fleet {
        assert!(participant.leave().await);
    }
    Ok(())
}
