//! Detection time: the time from the first bad call to the first rejected one.
//!
//! An outcome counts when its call ends. So add the duration of one failing call to every time
//! below: almost nothing for a refused connection, the whole call timeout for a downstream that
//! does not answer. [Hung calls](#hung-calls) shows how to shorten that.
//!
//! # Consecutive failures
//! If each call fails with probability `p`, it takes `(1 − pⁿ) / ((1 − p) · pⁿ)` calls on average
//! until `n` have failed in a row (Feller, *An Introduction to Probability Theory and Its
//! Applications*, vol. 1, ch. XIII.7). Divide by `r` for seconds. In a total outage that is simply
//! `n / r`.
//!
//! The rule is fast when every call fails, and nearly blind when half of them do: for `n = 5` it
//! takes 5 calls at `p = 1`, 10 at 0.8, 62 at 0.5, and 3905 at 0.2.
//!
//! ```
//! use fusebox::{Breaker, Config, State};
//!
//! let (n, p, trials) = (5, 0.8_f64, 4000);
//! let breaker = Breaker::new("db", Config::builder().consecutive_failures(n).build()?);
//! let mut chance = fastrand::Rng::with_seed(1);
//! let mut calls = 0;
//! for _ in 0..trials {
//!     while breaker.state() == State::Closed {
//!         let permit = breaker.try_acquire()?;
//!         if chance.f64() < p { permit.failure() } else { permit.success() };
//!         calls += 1;
//!     }
//!     breaker.reset();
//! }
//! let mean = f64::from(calls) / f64::from(trials);
//!
//! let formula = |p: f64| (1.0 - p.powi(5)) / ((1.0 - p) * p.powi(5));
//! assert!((mean / formula(0.8) - 1.0).abs() < 0.05, "{mean} calls");
//! assert_eq!([0.8, 0.5, 0.2].map(|p| formula(p).round()), [10.0, 62.0, 3905.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A ratio over a count window
//! When the failure ratio steps from `q` to `p`, calls of the new kind replace the old ones in the
//! window. The ratio reaches `θ` when the fraction `φ = (θ − q) / (p − q)` has been replaced: after
//! `⌈N · φ⌉` calls. This calculation uses averages and assumes a full window and `p > θ`. Chance
//! makes the first crossing a little earlier.
//!
//! With `p` below `θ`, only a [false trip](super::false_trips) opens the breaker. No window detects
//! a failure ratio between `q` and `θ`.
//!
//! ```
//! use fusebox::{Breaker, Config, State, Window};
//!
//! let (q, p, trials) = (0.05, 0.8, 300);
//! let config = Config::builder().failure_rate_threshold(0.5).window(Window::count(100)).build()?;
//! let breaker = Breaker::new("db", config);
//! let mut chance = fastrand::Rng::with_seed(2);
//! let mut call = |share: f64| -> Result<(), fusebox::Rejected> {
//!     let permit = breaker.try_acquire()?;
//!     if chance.f64() < share { permit.failure() } else { permit.success() };
//!     Ok(())
//! };
//! let mut calls = 0;
//! for _ in 0..trials {
//!     for _ in 0..100 {
//!         call(q)?;
//!     }
//!     while breaker.state() == State::Closed {
//!         call(p)?;
//!         calls += 1;
//!     }
//!     breaker.reset();
//! }
//! let mean = f64::from(calls) / f64::from(trials);
//!
//! let formula = (100.0 * (0.5 - q) / (p - q)).ceil();
//! assert_eq!(formula, 60.0);
//! assert!(mean <= formula && mean > 0.93 * formula, "{mean} calls");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A ratio over a time window
//! The fraction `φ` of the window has to pass: `T · φ` seconds, whatever the traffic. Old calls
//! leave one bucket at a time, so the window covers between `T − T/B` and `T`. Detection takes
//! between `(T − T/B) · φ` and `T · φ`, plus at most one call interval `1/r`. Fewer buckets make
//! detection earlier and more erratic, not later.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock, State};
//! use std::time::Duration;
//!
//! let (r, phi) = (50.0, (0.5 - 0.05) / (0.8 - 0.05));
//! for phase in 0..10 {
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", Config::default(), clock.clone()); // 10 s, 10 buckets
//!     clock.advance(Duration::from_millis(100 * phase));
//!     for call in 0..1000 {
//!         let permit = breaker.try_acquire()?;
//!         if call % 20 == 0 { permit.failure() } else { permit.success() };
//!         clock.advance(Duration::from_secs_f64(1.0 / r));
//!     }
//!     let mut calls = 0;
//!     while breaker.state() == State::Closed {
//!         let permit = breaker.try_acquire()?;
//!         if calls % 5 == 0 { permit.success() } else { permit.failure() };
//!         clock.advance(Duration::from_secs_f64(1.0 / r));
//!         calls += 1;
//!     }
//!     let seconds = f64::from(calls) / r;
//!     let bounds = 9.0 * phi - 0.1..=10.0 * phi + 0.1; // 5.4 s to 6 s; the pattern's own grain
//!     assert!(bounds.contains(&seconds), "{seconds} s at phase {phase}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## At low traffic
//! A ratio counts only once the window holds `m` calls. That has two effects:
//!
//! - An empty window (of a new breaker, or one that has just closed) needs `m / r` seconds before
//!   it can be judged. After closing, that is the detection time if it is longer than `T · φ`.
//! - Where `r · T < m`, the rule **never** trips, not even in a total outage. With the defaults
//!   that means below two calls per second.
//!
//! So choose `T ≥ 2 · m / r` for the quietest hour that matters, or add `consecutive_failures`.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock, State};
//! use std::time::Duration;
//!
//! let outage = |r: f64| {
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", Config::default(), clock.clone()); // m = 20, T = 10 s
//!     (1..=4000).find(|_| {
//!         clock.advance(Duration::from_secs_f64(1.0 / r));
//!         breaker.try_acquire().unwrap().failure();
//!         breaker.state() == State::Open
//!     })
//! };
//! assert_eq!(outage(1.9), None); // more than half an hour of nothing but failures
//! assert_eq!(outage(2.1), Some(20));
//! assert_eq!(outage(50.0), Some(20)); // 0.4 s
//! ```
//!
//! # Hung calls
//! A downstream that hangs produces no outcomes. Until the first call timeout `τ` the breaker has
//! no evidence, and `r · τ` calls are stuck (Little, "A Proof for the Queuing Formula L = λW",
//! 1961).
//!
//! With [`InFlightCalls::CountWhenOverdue`](crate::InFlightCalls::CountWhenOverdue), a call counts
//! as slow as soon as it has taken `D`. Overdue calls are added to what the window holds. So when
//! the downstream hangs completely, the breaker trips
//!
//! - with a time window after `D + θ · (T − D)`, because healthy outcomes leave the window while
//!   overdue calls accumulate. Without this setting it takes `τ + θ · (T − τ)`, or `τ + m / r`
//!   where `τ ≥ T`;
//! - with a full count window after `D + ⌈N · θ / (1 − θ)⌉ / r`, because no outcome leaves it.
//!
//! This assumes `D < T` and steady traffic. The breaker checks for overdue calls when a caller asks
//! for a permit, when a call ends, and in [`poll_transitions`](crate::Breaker::poll_transitions).
//! Where all callers may be stuck at once, poll.
//!
//! ```
//! use fusebox::{Breaker, Config, InFlightCalls, ManualClock, State, Window};
//! use std::time::Duration;
//!
//! // Trips after so many seconds of a hang, at 20 calls a second that give up after `tau` seconds.
//! fn seconds(
//!     window: Window,
//!     count: InFlightCalls,
//!     tau: usize,
//! ) -> Result<f64, Box<dyn std::error::Error>> {
//!     let config = Config::builder()
//!         .failure_rate_threshold(0.5)
//!         .slow_call_rate_threshold(0.5)
//!         .slow_call_duration(Duration::from_secs(1))
//!         .window(window)
//!         .in_flight_calls(count)
//!         .build()?;
//!     let (clock, step) = (ManualClock::new(), Duration::from_millis(50));
//!     let breaker = Breaker::with_clock("db", config, clock.clone());
//!     for _ in 0..400 {
//!         breaker.try_acquire()?.success();
//!         clock.advance(step);
//!     }
//!     let (mut calls, mut stuck) = (0, std::collections::VecDeque::new());
//!     while breaker.poll_transitions() == State::Closed {
//!         stuck.push_back(breaker.try_acquire()?);
//!         if stuck.len() > 20 * tau {
//!             stuck.pop_front().unwrap().failure();
//!         }
//!         clock.advance(step);
//!         calls += 1;
//!     }
//!     Ok(f64::from(calls) / 20.0)
//! }
//!
//! use InFlightCalls::{CountWhenEnded, CountWhenOverdue};
//! let window = Window::time(Duration::from_secs(10), 10);
//! assert!((5.0..=5.55).contains(&seconds(window, CountWhenOverdue, 30)?)); // 1 + 0.5 · (10 − 1)
//! assert!((30.9..=31.1).contains(&seconds(window, CountWhenEnded, 30)?)); // 30 + 20 / 20
//! assert!((6.0..=6.55).contains(&seconds(window, CountWhenEnded, 3)?)); // 3 + 0.5 · (10 − 3)
//! let window = Window::count(50);
//! assert!((3.45..=3.6).contains(&seconds(window, CountWhenOverdue, 30)?)); // 1 + 50 / 20
//! assert!((31.2..=31.3).contains(&seconds(window, CountWhenEnded, 30)?)); // 30 + 25 / 20
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
