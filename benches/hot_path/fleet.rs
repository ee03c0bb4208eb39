//! Rows for a breaker that takes part in a fleet, while nothing happens there.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use benches::{Name, Row};
use fusebox::{Breaker, Config, SystemClock};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::host::Host;
use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};
use tokio::runtime::Builder;

use crate::FOR_EVER;
use crate::ours::CONSECUTIVE;

const SUBJECT: &str = "breaker in a fleet, `SystemClock`";
const ALONE: &str = "breaker out of a fleet, `SystemClock`";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row(Name::new(ALONE, CONSECUTIVE), breaker()),
        row(Name::new(SUBJECT, CONSECUTIVE), taking_part()),
    ]
}

fn breaker() -> Breaker {
    let config = Config::builder().consecutive_failures(5).open_for(FOR_EVER);
    let config = config.jitter(0.0).build().expect("valid");
    Breaker::with_clock("bench", config, SystemClock::new())
}

/// Its task runs on a thread of its own until the process ends.
fn taking_part() -> Breaker {
    let breaker = breaker();
    let joined = breaker.clone();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let name = InstanceId::new("bench").expect("a name");
            let host = Host::new(name, Arc::new(Memory::new()));
            let settings = Settings::builder(Mode::Quorum).build().expect("valid");
            let key = BreakerKey::new("bench").expect("a name");
            let participant = host.join(key, joined, settings).expect("a new key");
            tokio::time::sleep(FOR_EVER).await;
            drop(participant);
        });
    });
    std::thread::sleep(Duration::from_millis(50));
    breaker
}

fn row(name: Name, breaker: Breaker) -> Row {
    Row::new(name, move || {
        let breaker = breaker.clone();
        move || {
            let permit = breaker.try_acquire().expect("closed");
            black_box(permit.success());
        }
    })
}
