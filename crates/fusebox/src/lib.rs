//! A circuit breaker decides whether a call to another service may be made.
//!
//! While that service (the *downstream*) is well, calls pass. When too many of them fail or are
//! slow, the breaker *trips*: it opens, and it rejects further calls at once instead of letting them
//! wait for an answer that will not come. After a wait it lets a few calls through as *probes*, and
//! their outcomes decide whether it closes again.
//!
//! ```
//! use fusebox::{Breaker, CallError, Config};
//! use std::time::Duration;
//!
//! let config = Config::builder()
//!     .failure_rate_threshold(0.5) // trip when half of the latest calls failed
//!     .open_for(Duration::from_secs(5)) // then reject calls for 5 s before probing
//!     .build()?;
//! let inventory = Breaker::new("inventory", config);
//!
//! match inventory.call(|| "7".parse::<u32>()) {
//!     Ok(answer) => assert_eq!(answer, 7),
//!     Err(CallError::Failed(error)) => println!("the call failed: {error}"),
//!     Err(CallError::Rejected(rejected)) => println!("not called: {rejected}"),
//! }
//! # Ok::<(), fusebox::ConfigError>(())
//! ```
//!
//! [`Breaker::call_async`] does the same for a future, on any runtime. [`Config::default`] is a
//! reasonable start: it trips when half of at least 20 calls within ten seconds fail.
//!
//! # What it promises
//! - **Never stuck.** Probes that hang, panic, or are dropped or ignored cannot keep it half-open.
//! - **No late verdicts.** An outcome counts only in the [`Generation`] that permitted the call.
//! - **Exact.** Windows slide, ratios are compared as integers, and the time spent in each state
//!   adds up without loss.
//! - **No foreign code under a lock.** Listeners and calls run with no lock held. A panic in one of
//!   them does not damage the breaker.
//!
//! The crate knows no runtime, socket, logger or metric library, and time comes from a [`Clock`].
//! The [`guide`] helps to choose settings and gives the formula behind each of them.
//!
//! # From closed to open and back
//! [`Breaker::try_acquire`] is the step below [`Breaker::call`]: it grants a [`Permit`], which takes
//! the outcome of one call. With a [`ManualClock`], a test goes through all the states without
//! waiting:
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
//! # Features
//! All are off by default.
//! - `serde`: a [`Saved`] state can be serialized, so that a breaker survives a restart.
//! - `tsc`: adds `TscClock`, which reads the processor's time-stamp counter at less than half the
//!   cost of the system's clock.
//! - `coarse`: adds `CoarseClock`, the cheapest clock to read. It is accurate to 1 to 10 ms.
//!
//! # Map, in reading order
//! | item | what it is |
//! |---|---|
//! | [`Breaker`], [`Permit`], [`Rejected`], [`CallError`] | the handle that callers share, the right to make one call, and the refusal of it |
//! | [`State`], [`Generation`] | the states, and the number that grows with each transition |
//! | [`Verdict`], [`Outcome`] | what a classifier says about a result, and how the call was counted |
//! | [`Config`], [`ConfigBuilder`], [`Window`], [`Ratio`], [`ProbeVerdict`] | the settings, checked together |
//! | [`Snapshot`], [`Totals`], [`WindowFigures`] | everything about a breaker at one instant |
//! | [`Transition`], [`Cause`], [`WouldTrip`] | a change of state, with its cause and its figures |
//! | [`Listener`], [`Event`], [`Events`], [`Interest`] | events, as a callback or as a stream |
//! | [`Registry`], [`RegistryBuilder`], [`RegistrySnapshot`] | one breaker per key, in bounded memory |
//! | [`ManualControl`] | an operator's commands to many breakers at once |
//! | [`FleetControl`], [`CloseRamp`], [`FleetHold`], [`HoldStage`] | what a fleet of breakers decides for one of them |
//! | [`Saved`] | state and evidence that outlive the process |
//! | [`Clock`], [`SystemClock`], [`ManualClock`] | sources of time |
//! | [`guide`] | how to choose settings |

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
