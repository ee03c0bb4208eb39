//! A guide to choosing settings: what each one does to detection time and to false trips.
//!
//! Faster detection is paid for with more false trips, and every setting moves that trade-off. For
//! each setting, this guide gives the formula, its assumptions and its source, and checks it
//! against the real breaker: every example below runs with the tests, on a
//! [`ManualClock`](crate::ManualClock) and with a fixed seed. The range and the default of each
//! setting stand at its setter in [`ConfigBuilder`](crate::ConfigBuilder).
//!
//! | page | question |
//! |---|---|
//! | [`detection`] | How soon does it trip? |
//! | [`false_trips`] | How often does it trip for nothing? |
//! | [`windows`] | What does it remember, and when does that mislead? |
//! | [`open_period`] | How long does it stay open, and do all instances return at once? |
//! | [`probes`] | Which calls show that the downstream is well again, and how often are they wrong? |
//! | [`fleet`] | What may a fleet of breakers decide for one of them? |
//! | [`many`] | What changes with thousands of breakers, or millions of calls? |
//! | [`recipes`] | Where do I start? |
//!
//! # Symbols
//! | symbol | meaning | from |
//! |---|---|---|
//! | `r` | calls per second that end at this breaker | your traffic, for one process |
//! | `q` | failure ratio while all is well | your metrics |
//! | `p` | failure ratio during the incident | 1 for an outage |
//! | `θ` | ratio that trips | `failure_rate_threshold`, `slow_call_rate_threshold` |
//! | `n` | failures in a row that trip | `consecutive_failures` |
//! | `N` | calls in a count window | `window` |
//! | `T`, `B` | length and buckets of a time window | `window` |
//! | `m` | calls that a ratio needs before it counts | `minimum_calls` |
//! | `D` | limit above which a call is slow | `slow_call_duration` |
//! | `W`, `f`, `M` | first open period, factor, longest open period | `open_for`, `backoff_factor`, `max_open_for` |
//! | `j` | share of an open period that is random | `jitter` |
//! | `k` | successful probes that close the breaker | `probe_count` |
//!
//! Most formulas assume that calls fail independently of each other. Real failures come in
//! clusters, which make detection faster and false trips more frequent than computed. So plan for a
//! computed false-trip rate that is some orders of magnitude below what you can accept. That costs
//! little, because the rate falls exponentially.
//!
//! # In four sentences
//! Prefer a ratio over a time window, and add `consecutive_failures` where traffic is low. Put `θ`
//! half-way between `q` and the failure ratio that you cannot accept, and `m` at 20 or more. Set
//! `open_for` to the time that the downstream needs for a restart, and leave back-off, decay and
//! jitter on. Count hung calls if your call timeout is longer than a few seconds.

pub mod detection;
pub mod false_trips;
pub mod fleet;
pub mod many;
pub mod open_period;
pub mod probes;
pub mod recipes;
pub mod windows;
