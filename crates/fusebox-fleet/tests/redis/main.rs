//! The Redis engine on a real server: Debian's `redis-server`, one per test, on a port of its own. Another one, such
//! as Valkey's, is tested by
//!
//! ```text
//! FLEET_REDIS_SERVER=/usr/bin/valkey-server cargo test -p fusebox-fleet --all-features --test redis
//! ```
//!
//! On a real server, real time has to pass. Waits are short, end as soon as what they wait for has happened, and are
//! bounded.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod cost;
mod credentials;
mod faults;
mod fleet;
mod flood;
mod garbage;
mod host;
mod old;
mod partition;
mod permissions;
mod refusals;
mod server;
mod since;
mod steady;
#[cfg(feature = "redis-tls")]
mod tls;
