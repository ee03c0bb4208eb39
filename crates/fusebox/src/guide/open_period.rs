//! Open periods: how long a breaker stays open, and whether all instances return at once.
//!
//! At level `k` of the back-off the period is `min(M, W · f^(k−1)) · (1 − j · U)`, where `U` is
//! uniform between 0 and 1. So on average jitter shortens a period by the share `j / 2`.
//!
//! # `open_for`, `backoff_factor`, `max_open_for`
//! A breaker does not notice that the downstream is well before its open period ends. After an
//! outage of length `O`, it stays open for at most `(f − 1) · O + W` longer, and never for more
//! than `M`. That follows from the sum of a geometric series: after periods that add up to `S`, the
//! next one lasts `(f − 1) · S + W`. During the outage it probes about `log_f(1 + (f − 1) · O / W)`
//! times, and once per `M` after the maximum is reached. With `f = 1` it stays open for at most `W`
//! too long and probes `O / W` times.
//!
//! So choose `W` as long as the shortest outage that the downstream should be spared (the time of a
//! restart), `f = 2`, and `M` as long as users may wait after the longest outage. Each probe is one
//! call that may fail.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock, State};
//! use std::time::Duration;
//!
//! let seconds = Duration::from_secs;
//! for outage in (1..=1000).step_by(9) {
//!     let config = Config::builder()
//!         .consecutive_failures(1)
//!         .open_for(seconds(1))
//!         .max_open_for(seconds(3600))
//!         .jitter(0.0)
//!         .build()?;
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", config, clock.clone());
//!     breaker.try_acquire()?.failure();
//!     let mut probes = 0;
//!     while breaker.state() != State::Closed {
//!         clock.set(breaker.snapshot().open_until().unwrap());
//!         let probe = breaker.try_acquire()?;
//!         if breaker.snapshot().at < seconds(outage) { probe.failure() } else { probe.success() };
//!         probes += 1;
//!     }
//!     let too_long = breaker.snapshot().at - seconds(outage);
//!     assert!(too_long <= seconds(outage + 1), "{too_long:?} after {outage} s");
//!     assert_eq!(probes, f64::from(outage as u32 + 1).log2().ceil() as u32);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # `jitter`
//! All instances of a fleet see the same outage and trip together. Without jitter they also probe
//! together: the downstream gets one probe from each instance at the same instant, just when it is
//! weakest. With jitter, `I` instances spread evenly over `j · W`: about `I / (j · W)` probes per
//! second instead of `I` at once (Brooker, "Exponential Backoff And Jitter", 2015). That is why
//! jitter is on by default. Raise it where `I` is large: with `j = 0.5` and `W = 5 s`, the probes
//! of a thousand instances arrive at 400 per second.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock};
//! use std::time::Duration;
//!
//! let (instances, second) = (1000_u64, Duration::from_secs(1));
//! let mut ends = Vec::new();
//! for instance in 0..instances {
//!     let config = Config::builder()
//!         .consecutive_failures(1)
//!         .open_for(10 * second)
//!         .jitter(0.5)
//!         .jitter_seed(instance)
//!         .build()?;
//!     let breaker = Breaker::with_clock("db", config, ManualClock::new());
//!     breaker.try_acquire()?.failure();
//!     ends.push(breaker.snapshot().retry_after());
//! }
//! assert!(ends.iter().all(|end| (5 * second..=10 * second).contains(end)));
//! for from in 5..10 {
//!     let within = |end: &&Duration| (from * second..(from + 1) * second).contains(*end);
//!     let probes = ends.iter().filter(within).count();
//!     assert!((150..250).contains(&probes), "{probes} probes in second {from}"); // 1000 / 5 s
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # `backoff_decay`
//! A downstream that flaps is well for a while, so the breaker closes, and then it fails again. The
//! level of the back-off falls by one for each *whole* decay period spent in closed. Let `C` be the
//! length of a closed period:
//!
//! - With `C` shorter than the decay, every trip adds a level, and open periods grow up to `M`. The
//!   breaker is open for about `M / (M + C)` of the time.
//! - With `C` at least as long as the decay, the level does not rise, and open periods stay at `W`.
//!
//! Set the decay longer than the flapping that you know of (a deployment, a scheduled job). After
//! level `k` it takes `k` decay periods of calm until a trip costs only `W` again. With `None`,
//! closing resets the level: periods grow only while no probe succeeds.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock, State};
//! use std::time::Duration;
//!
//! let second = Duration::from_secs(1);
//! let periods = |decay: Option<Duration>, spell: Duration| -> Result<_, Box<dyn std::error::Error>> {
//!     let config = Config::builder()
//!         .consecutive_failures(1)
//!         .open_for(second)
//!         .max_open_for(10 * second)
//!         .jitter(0.0)
//!         .backoff_decay(decay)
//!         .build()?;
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", config, clock.clone());
//!     let mut periods = Vec::new();
//!     for _ in 0..6 {
//!         breaker.try_acquire()?.failure();
//!         let period = breaker.snapshot().retry_after();
//!         periods.push(period.as_secs());
//!         clock.advance(period);
//!         breaker.try_acquire()?.success();
//!         clock.advance(spell);
//!     }
//!     Ok(periods)
//! };
//! assert_eq!(periods(Some(60 * second), 59 * second)?, [1, 2, 4, 8, 10, 10]);
//! assert_eq!(periods(Some(60 * second), 60 * second)?, [1, 1, 1, 1, 1, 1]);
//! assert_eq!(periods(None, Duration::ZERO)?, [1, 1, 1, 1, 1, 1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # `Retry-After`
//! A failure may say when the downstream wants to be asked again: a `Retry-After` header (RFC 9110,
//! section 10.2.3) becomes [`Permit::retry_after`](crate::Permit::retry_after). If that failure
//! opens the breaker, the open period is the longer of the computed period and the hint, and at
//! most `M`. So a downstream can neither shorten the period nor keep the breaker open for ever.
//!
//! The whole fleet may get the same hint. So jitter makes the period longer than the hint by up to
//! its share and never shorter, within `M`.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock};
//! use std::time::Duration;
//!
//! for (hint, period) in [(1, 5), (20, 20), (600, 60)] {
//!     let config = Config::builder().consecutive_failures(1).jitter(0.0).build()?; // W = 5, M = 60
//!     let breaker = Breaker::with_clock("db", config, ManualClock::new());
//!     breaker.try_acquire()?.retry_after(Duration::from_secs(hint)).failure();
//!     assert_eq!(breaker.snapshot().retry_after(), Duration::from_secs(period));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
