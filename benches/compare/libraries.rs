//! The libraries that are compared, each used through its own public API, as its documentation says.

mod failsafe;
mod ours;
mod recloser;
mod tower_resilience;

use std::thread;
use std::time::{Duration, Instant};

use crate::library::Library;

/// The columns, in the order of the table.
pub(crate) const ALL: [&dyn Library; 4] = [
    &ours::Ours,
    &failsafe::Failsafe,
    &recloser::Recloser,
    &tower_resilience::TowerResilience,
];

/// A short period of the peers, which know no clock but the system's.
const SHORT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

fn wait_in_real_time() {
    thread::sleep(2 * SHORT);
}

/// The spread of twenty open periods that begin together, in real time: `opened` makes an open
/// breaker and `is_open` asks it.
fn spread<B>(opened: impl Fn() -> B, is_open: impl Fn(&B) -> bool) -> f64 {
    let mut waiting: Vec<_> = (0..20).map(|_| (opened(), now())).collect();
    let mut periods = Vec::new();
    while !waiting.is_empty() {
        waiting.retain(|(breaker, since)| {
            let still = is_open(breaker);
            if !still {
                periods.push(since.elapsed());
            }
            still
        });
    }
    spread_of(&periods)
}

fn spread_of(periods: &[Duration]) -> f64 {
    let longest = periods.iter().max().expect("there are some");
    let shortest = periods.iter().min().expect("there are some");
    longest.abs_diff(*shortest).div_duration_f64(*longest)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the peers' open periods are real time"
)]
fn now() -> Instant {
    Instant::now()
}
