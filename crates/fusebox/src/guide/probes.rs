//! Probes: which calls show that the downstream is well again, and how often they are wrong.
//!
//! # `probe_count` and `probe_trial`
//! With `probe_count(k, 1)`, `k` successes close the breaker and one failure reopens it. If calls
//! still fail with probability `p`, it closes wrongly with probability `(1 − p)^k`. A healthy
//! downstream, which fails a share `q`, is kept out with probability `1 − (1 − q)^k`, because a
//! single failure reopens.
//!
//! With `probe_trial(n, θ)`, the failure ratio of `n` probes decides: the breaker closes when fewer
//! than `⌈θ · n⌉` of them fail. That tells "10 % fail, as always" from "half fail", at the price of
//! `n` calls. Use a count where failures are rare, and a trial where they are not.
//!
//! Both assume that probes fail independently of each other.
//!
//! ```
//! use fusebox::{Breaker, Config, ConfigBuilder, State};
//!
//! // The share of half-open periods that close.
//! fn closes(config: ConfigBuilder, p: f64) -> Result<f64, Box<dyn std::error::Error>> {
//!     let breaker = Breaker::new("db", config.consecutive_failures(1).build()?);
//!     let mut chance = fastrand::Rng::with_seed(7);
//!     let (trials, mut closed) = (5000, 0);
//!     for _ in 0..trials {
//!         breaker.half_open();
//!         while breaker.state() == State::HalfOpen {
//!             let probe = breaker.try_acquire()?;
//!             if chance.f64() < p { probe.failure() } else { probe.success() };
//!         }
//!         closed += u32::from(breaker.state() == State::Closed);
//!     }
//!     Ok(f64::from(closed) / f64::from(trials))
//! }
//! let is = |share: f64, formula: f64| (share - formula).abs() < 0.02;
//!
//! let three = || Config::builder().probe_count(3, 1);
//! assert!(is(closes(three(), 0.5)?, 0.125)); // wrongly: 0.5³
//! assert!(is(closes(three(), 0.1)?, 0.729)); // rightly: 0.9³
//! let trial = || Config::builder().probe_trial(10, 0.3);
//! assert!(is(closes(trial(), 0.5)?, 0.0547)); // wrongly: at most 2 of 10 fail
//! assert!(is(closes(trial(), 0.1)?, 0.9298)); // rightly
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A wrong close costs one more [detection time](super::detection) of failed calls. The back-off
//! keeps its level, so wrong closes become less and less frequent.
//!
//! # `permitted_probes`
//! This setting bounds the load on a weak downstream: it limits concurrent probes, however many
//! callers there are. With calls that take `L`, a verdict of `k` good probes takes
//! `⌈k / permitted_probes⌉ · L`. The breaker never admits more probes than it still needs for a
//! verdict, so the default is also the fastest. Lower it where a single call is expensive.
//!
//! # `half_open_for`
//! A probe that hangs keeps its slot. When the deadline passes, the breaker reopens and voids that
//! probe. The deadline must be longer than a verdict takes, or a slow but healthy downstream is
//! never let back in. So choose more than `⌈k / permitted_probes⌉ · τ + k / r`, where `τ` is the
//! call timeout and `k / r` the time until `k` callers have come. Where callers come too seldom for
//! that, the breaker reopens at each deadline, for a longer period each time. Then ask for fewer
//! probes, or choose [`HalfOpenTimeout::Closed`](crate::HalfOpenTimeout::Closed), which closes when
//! no verdict was reached.
//!
//! ```
//! use fusebox::{Breaker, Cause, Config, HalfOpenTimeout, ManualClock, State};
//! use std::time::Duration;
//!
//! // A healthy downstream, one call every 4 s, three good probes within 5 s.
//! let second = Duration::from_secs(1);
//! let after_a_minute = |timeout: HalfOpenTimeout| -> Result<_, Box<dyn std::error::Error>> {
//!     let config = Config::builder()
//!         .consecutive_failures(1)
//!         .open_for(second)
//!         .probe_count(3, 1)
//!         .half_open_for(5 * second)
//!         .half_open_timeout(timeout)
//!         .build()?;
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", config, clock.clone());
//!     breaker.open();
//!     for _ in 0..15 {
//!         clock.advance(4 * second);
//!         if let Ok(probe) = breaker.try_acquire() {
//!             probe.success();
//!         }
//!     }
//!     Ok((breaker.state(), breaker.snapshot().totals.trips(Cause::HalfOpenTimeout)))
//! };
//! let (state, timeouts) = after_a_minute(HalfOpenTimeout::Open)?;
//! assert!(state != State::Closed && timeouts > 1, "{timeouts}");
//! assert_eq!(after_a_minute(HalfOpenTimeout::Closed)?, (State::Closed, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A dropped probe
//! A dropped probe gives its slot to the next caller and counts as nothing. If it counted as a
//! failure, impatient callers could keep the breaker open; if it counted as a success, they could
//! close it without evidence. [`DroppedPermit`](crate::DroppedPermit) changes that for probes as
//! for all calls; see [what does not count](super::windows#what-does-not-count).
//!
//! ```
//! use fusebox::{Breaker, Config, State};
//!
//! let breaker = Breaker::new("db", Config::default());
//! breaker.half_open();
//! let probe = breaker.try_acquire()?;
//! assert!(breaker.try_acquire().is_err()); // one success is needed, so one probe is let in
//! drop(probe);
//! assert_eq!(breaker.state(), State::HalfOpen);
//! breaker.try_acquire()?.success();
//! assert_eq!(breaker.state(), State::Closed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # `ramp_up_for`
//! A probe shows that the downstream answers, not that it can take the full load. With a ramp of
//! length `R`, the share of calls that pass is `max(0.1, t / R)` at time `t` after closing. With
//! steady traffic, 0.505 of the calls pass over the whole ramp; the others are rejected. Use a ramp
//! where the downstream has to warm up: caches, connection pools, just-in-time compilers.
//!
//! A trip during the ramp does not lower the back-off. Fewer calls also mean less evidence: at the
//! start, `r` in all formulas here is a tenth of what it was. Where `0.1 · r · T < m`, a ratio over
//! a time window cannot trip at first.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock};
//! use std::time::Duration;
//!
//! let config = Config::builder().consecutive_failures(1).ramp_up_for(Duration::from_secs(10)).build()?;
//! let clock = ManualClock::new();
//! let breaker = Breaker::with_clock("db", config, clock.clone());
//! breaker.half_open();
//! breaker.try_acquire()?.success();
//! let mut passed = 0;
//! for _ in 0..10_000 {
//!     if let Ok(permit) = breaker.try_acquire() {
//!         permit.success();
//!         passed += 1;
//!     }
//!     clock.advance(Duration::from_millis(1));
//! }
//! let formula = 0.1 * 0.1 + (1.0 - 0.1 * 0.1) / 2.0; // the flat part and the slope
//! assert!((f64::from(passed) / 10_000.0 - formula).abs() < 0.001, "{passed}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
