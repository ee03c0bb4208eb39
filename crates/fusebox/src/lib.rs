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
//! | item | what it is |
//! |---|---|
//! | [`Breaker`], [`Permit`], [`Rejected`], [`CallError`] | the handle that callers share, the right to one call, and why there is none |
//! | [`State`], [`Generation`] | the states, and the number that grows with each change |
//! | [`Verdict`], [`Outcome`] | what a classifier says of a result, and how the call was counted |
//! | [`Config`], [`ConfigBuilder`], [`Window`], [`Ratio`], [`ProbeVerdict`] | the settings, checked together |
//! | [`Snapshot`], [`Totals`], [`WindowFigures`] | everything about a breaker at one instant |
//! | [`Transition`], [`Cause`], [`WouldTrip`] | a change of state, with its cause and figures |
//! | [`Listener`], [`Event`], [`Events`], [`Interest`] | being told, at once or at a reader's pace |
//! | [`Registry`], [`RegistryBuilder`], [`RegistrySnapshot`] | one breaker per key, in bounded memory |
//! | [`ManualControl`] | what an operator does to many breakers at once |
//! | [`FleetControl`], [`CloseRamp`], [`FleetHold`], [`HoldStage`] | what a fleet of breakers lets one of them do |
//! | [`Saved`] | state and evidence that outlive the process |
//! | [`Clock`], [`SystemClock`], [`ManualClock`] | where time comes from |
//! | [`guide`] | choosing settings |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod breaker;
mod call_error;
mod circuit;
mod clock;
mod config;
mod control;
mod event;
mod event_queue;
mod event_stream;
mod fleet_control;
mod gate;
pub mod guide;
mod handle;
mod in_flight;
mod listener;
mod machine;
#[doc(hidden)]
pub mod nesting;
mod opener;
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
pub use call_error::CallError;
#[doc(hidden)]
pub use call_error::dyn_error;
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
pub use event::{Event, Interest};
pub use event_stream::Events;
pub use fleet_control::FleetControl;
pub use listener::Listener;
pub use outcome::Outcome;
pub use permit::Permit;
pub use ramp::CloseRamp;
pub use ratio::Ratio;
pub use registry::{Registry, RegistryBuilder, RegistryFull, RegistrySnapshot};
pub use rejected::{RejectReason, Rejected};
pub use saved::Saved;
pub use snapshot::{FleetHold, HoldStage, Snapshot, Totals};
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
