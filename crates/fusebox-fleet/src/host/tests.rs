//! Tests of faults of the task itself, which only the inside can show.

use fusebox::{Config, State};

use super::input::Input;
use super::*;
use crate::engine::memory::Memory;
use crate::mode::Mode;

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_task_frees_the_breaker_and_is_shown() {
    let clock = RuntimeClock::new();
    let engine = Arc::new(Memory::with_clock(clock));
    let host = Host::new(InstanceId::new("a").unwrap(), engine);
    let breaker = Breaker::with_clock("db", Config::default(), clock);
    let settings = Settings::builder(Mode::Quorum).build().unwrap();
    let key = BreakerKey::new("db").unwrap();
    let participant = host.join(key.clone(), breaker.clone(), settings.clone());
    let participant = participant.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(breaker.fleet().hold(1));

    participant.post.try_send(Input::Fault).ok().unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;

    assert_eq!(breaker.snapshot().hold, None);
    assert_eq!(breaker.state(), State::Open); // and probes by itself
    assert_eq!(participant.status().apart, Some(Apart::Left));
    assert!(!participant.leave().await);
    assert!(host.join(key, breaker, settings).is_ok());
}
