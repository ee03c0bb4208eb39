//! The harness of the end-to-end tests: processes of the real binary, HTTP, and waiting with a limit.
//!
//! The system chooses ports, and tests read them from what the processes print. Every process ends when its handle is
//! dropped, even by a panic.

#![cfg(feature = "harness")]

mod binary;
mod collector;
mod compose;
mod dashboards;
mod ended;
mod folder;
mod http;
mod process;
mod prometheus;
mod redis;
mod schema;
mod span;
mod system;

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

pub use binary::{binary, repository};
pub use collector::{Collector, Mood, nobody};
pub use compose::{Service, compose};
pub use dashboards::{Query, QueryKind, dashboards, queries};
pub use ended::Ended;
pub use folder::{empty_folder, read, repetitions, result, text};
pub use http::{Client, Reply, Series};
pub use process::{Process, Signal};
pub use prometheus::{Prometheus, Sample, unix_now};
pub use redis::{Redis, free_udp};
pub use schema::Schema;
pub use span::{Span, orphans, traces};
pub use system::{FREE_PORTS, System, always_failing, failing, healthy};

/// How long a condition may take to become true. Only a broken system takes this long.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Waits until `look` finds what it looks for.
///
/// # Panics
/// If it does not within [`LIMIT`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    look: impl FnMut() -> F,
) -> T {
    within(LIMIT, what, look).await
}

/// Waits until `look` finds what it looks for.
///
/// # Panics
/// If it does not within `limit`.
pub async fn within<T, F: Future<Output = Option<T>>>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < limit, "waited {limit:?} in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
