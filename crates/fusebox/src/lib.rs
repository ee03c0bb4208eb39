//! A circuit breaker: it decides whether a call may pass.
//!
//! Callers ask with [`Breaker::try_acquire`]. A granted [`Permit`] is given one outcome; enough bad
//! ones open the breaker, and it then rejects calls at once, with no call to the downstream. After
//! a wait it lets a few probes through, and they decide whether it closes again.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock, RejectReason, State};
//! use std::time::Duration;
//!
//! let config = Config::builder()
//!     .consecutive_failures(3)
//!     .open_for(Duration::from_secs(1))
//!     .jitter(0.0)
//!     .build()?;
//! let clock = ManualClock::new();
//! let breaker = Breaker::with_clock("inventory", config, clock.clone());
//!
//! for _ in 0..3 {
//!     breaker.try_acquire()?.failure();
//! }
//! let rejected = breaker.try_acquire().unwrap_err();
//! assert_eq!(rejected.reason, RejectReason::Open);
//! assert_eq!(rejected.retry_after, Some(Duration::from_secs(1)));
//!
//! clock.advance(Duration::from_secs(1));
//! let probe = breaker.try_acquire()?;
//! assert_eq!(probe.state(), State::HalfOpen);
//! probe.success();
//! assert_eq!(breaker.state(), State::Closed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it promises:
//! - **Never stuck.** Hung, dropped, panicked or ignored probes cannot hold it half-open.
//! - **No late verdicts.** An outcome counts only in the [`Generation`] that permitted the call.
//! - **Exact.** Windows slide, ratios are compared as integers, state times lose nothing.
//! - **No foreign code inside.** Listeners and calls run with no lock held; a panic harms nobody.
//!
//! It knows no runtime, socket, logger or metric library. Time comes from a [`Clock`].
//! Which settings to choose, and what follows from them: see the [`guide`].
//!
//! # Features
//! All are off by default.
//! - `serde`: a [`Saved`] state can be written and read.
//! - `tsc`: `TscClock`, a clock that reads the processor's time-stamp counter.
//! - `coarse`: `CoarseClock`, a clock that is right to 1 to 10 ms and the cheapest to read.
//!
//! # Map, in reading order
//! | file | question |
//! |---|---|
//! | `state` | Which states are there, and which way may a breaker go? |
//! | `breaker` | May this call pass? |
//! | `permit`, `ticket` | What does a caller hold while its call is under way? |
//! | `verdict` | What does a result say about the downstream? |
//! | `outcome`, `rejected` | What came of it, or why not? |
//! | `config` | When does it trip, how long is it open, what closes it? |
//! | `circuit` | How do callers share one state machine? |
//! | `gate`, `stripe` | What may a caller do without asking the machine, and where is it counted? |
//! | `machine` | What is decided, and in which order? |
//! | `trip`, `window`, `ratio` | How much is too much, and of what? |
//! | `in_flight` | Which calls are under way for too long? |
//! | `backoff`, `ramp` | How long does an open period last, and who passes after it? |
//! | `transition`, `listener`, `events` | What changed, and who is told? |
//! | `snapshot`, `saved` | What does a breaker look like right now, and what outlives it? |
//! | `registry`, `control` | Which breaker belongs to this key, and who operates many at once? |
//! | `clock` | What time is it? |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod breaker;
mod circuit;
mod clock;
mod config;
mod control;
mod dyn_error;
mod event_queue;
mod event_stream;
mod gate;
pub mod guide;
mod handle;
mod in_flight;
mod listener;
mod machine;
#[doc(hidden)]
pub mod nesting;
mod outcome;
mod permit;
mod ramp;
mod ratio;
mod registry;
mod rejected;
mod saved;
mod snapshot;
mod state;
mod stripe;
mod sync;
mod ticket;
mod transition;
mod trip;
mod verdict;
mod window;

pub use breaker::Breaker;
#[cfg(feature = "coarse")]
pub use clock::CoarseClock;
#[cfg(feature = "tsc")]
pub use clock::TscClock;
pub use clock::{Clock, ClockSteps, ManualClock, SystemClock};
pub use config::{
    Config, ConfigBuilder, ConfigError, DroppedPermit, HalfOpenTimeout, InFlightCalls,
    InvalidSetting, ProbeVerdict,
};
pub use control::ManualControl;
#[doc(hidden)]
pub use dyn_error::dyn_error;
pub use event_stream::Events;
pub use listener::{Event, Interest, Listener};
pub use outcome::Outcome;
pub use permit::Permit;
pub use ratio::Ratio;
pub use registry::{Registry, RegistryBuilder, RegistryFull, RegistrySnapshot};
pub use rejected::{CallError, RejectReason, Rejected};
pub use saved::Saved;
pub use snapshot::{Snapshot, Totals};
pub use state::{Generation, State};
pub use transition::{Cause, Transition, WouldTrip};
pub use verdict::Verdict;
pub use window::{Window, WindowFigures};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// Compiles and runs the examples of this package's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct PackageReadme;
