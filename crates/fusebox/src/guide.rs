//! A guide to choosing settings: what each does to detection time and to false trips.
//!
//! Every setting trades one against the other. This guide gives the formula, says what it assumes
//! and where it is from, and checks it against the real breaker: each example below is compiled and
//! run with the tests, on a [`ManualClock`](crate::ManualClock) and with a fixed seed. No code but
//! examples lives here. What a setter accepts and its default stand at the setter, in
//! [`ConfigBuilder`](crate::ConfigBuilder).
//!
//! | page | question |
//! |---|---|
//! | [`detection`] | How soon does it trip? |
//! | [`false_trips`] | How often does it trip for nothing? |
//! | [`windows`] | What does it remember, and when does that mislead? |
//! | [`open_period`] | How long does it stay open, and does the fleet come back at once? |
//! | [`probes`] | Who proves that the downstream is well again, and how wrong can that be? |
//! | [`fleet`] | What may a fleet of breakers decide for one of them? |
//! | [`many`] | What changes with thousands of breakers, or millions of calls? |
//! | [`recipes`] | Where do I start? |
//!
//! # Symbols
//! | symbol | meaning | from |
//! |---|---|---|
//! | `r` | calls per second that end at this breaker | your traffic, for one process |
//! | `q` | share of failures while all is well | your metrics |
//! | `p` | share of failures during the incident | 1 for an outage |
//! | `θ` | share that trips | `failure_rate_threshold`, `slow_call_rate_threshold` |
//! | `n` | failures in a row that trip | `consecutive_failures` |
//! | `N` | calls in a count window | `window` |
//! | `T`, `B` | length and buckets of a time window | `window` |
//! | `m` | calls from which a ratio counts | `minimum_calls` |
//! | `D` | limit above which a call is slow | `slow_call_duration` |
//! | `W`, `f`, `M` | first open period, its growth, its maximum | `open_for`, `backoff_factor`, `max_open_for` |
//! | `j` | share of an open period left to chance | `jitter` |
//! | `k` | good probes that close | `probe_count` |
//!
//! Most formulas assume that calls fail independently of each other. Real failures come in clumps.
//! Clumps make detection faster and false trips more frequent than computed, so leave a margin of
//! some orders of magnitude for false trips; it costs little, because they fall exponentially.
//!
//! # In four sentences
//! Prefer a ratio over a time window; add `consecutive_failures` where traffic is low. Put `θ`
//! half-way between `q` and the share that you cannot live with, and `m` at 20 or more. Let
//! `open_for` be the time that a restart of the downstream takes, and leave back-off, decay and
//! jitter on. Count hung calls if your call timeout is longer than a few seconds.

pub mod detection;
pub mod false_trips;
pub mod fleet;
pub mod many;
pub mod open_period;
pub mod probes;
pub mod recipes;
pub mod windows;
