//! Windows: which calls a breaker remembers, and when they mislead it.
//!
//! Both kinds of window cost the same per call. They differ in what counts as recent.
//!
//! | | count, the last `N` calls | time, the last `T` |
//! | | count window, the last `N` calls | time window, the last `T` |
//! | reaches back | `N / r` seconds | `T` |
//! | reaches back | `N / r` seconds | `T` |
//! | detection of a step | `⌈N · φ⌉ / r`: slower when traffic falls | `T · φ`: always the same |
//! | misleads | at low traffic: judges by what is long past | in bursts: one burst outvotes the rest of `T` |
//! | memory | 2 bytes a call | 32 bytes a bucket |
//!
//! At low traffic a count window remembers too long. With twenty calls an hour and `N = 100`,
//! failures of five hours ago still count, and healthy calls of five hours ago still outweigh the
//! failures of now. A time window forgets them, but may then hold [too few
//! calls](super::detection#at-low-traffic) to judge.
//!
//! In a burst a count window forgets too soon: `N` calls replace everything that was in it. A
//! disturbance of length `d` trips it when `r · d ≥ θ · N`; a time window needs a `d` of about
//! `θ · T`. So at 1000 calls per second, `N = 100` trips on a disturbance of 50 ms. To survive a
//! disturbance of length `d`, choose `N > r · d / θ`.
//!
//! ```
//! use fusebox::{Breaker, Config, ManualClock, State, Window};
//! use std::time::Duration;
//!
//! // A thousand calls a second for 20 s, then a blip.
//! let trips = |window: Window, blip_ms: u64| {
//!     let config = Config::builder().failure_rate_threshold(0.5).window(window).build().unwrap();
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", config, clock.clone());
//!     for call in 0..20_000 + blip_ms {
//!         let permit = breaker.try_acquire().unwrap();
//!         if call < 20_000 { permit.success() } else { permit.failure() };
//!         clock.advance(Duration::from_millis(1));
//!     }
//!     breaker.state() == State::Open
//! };
//! let ten_seconds = Window::time(Duration::from_secs(10), 10);
//! assert_eq!([49, 50].map(|blip| trips(Window::count(100), blip)), [false, true]);
//! assert_eq!([4000, 5000].map(|blip| trips(ten_seconds, blip)), [false, true]);
//!
//! // Half of twenty calls fail, and an hour later one more does.
//! let trips = |window: Window| -> Result<bool, Box<dyn std::error::Error>> {
//!     let config = Config::builder().failure_rate_threshold(0.5).window(window).build()?;
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", config, clock.clone());
//!     for call in 0..19 {
//!         let permit = breaker.try_acquire()?;
//!         if call % 2 == 0 { permit.success() } else { permit.failure() };
//!     }
//!     clock.advance(Duration::from_secs(3600));
//!     breaker.try_acquire()?.failure();
//!     Ok(breaker.state() == State::Open)
//! };
//! assert!(trips(Window::count(100))?);
//! assert!(!trips(ten_seconds)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How many buckets
//! More buckets make the window smoother: it covers `T` to within `T / B`. Ten are enough in most
//! cases. With `B = 1`, the window starts empty every `T`, and each time `m` calls have to come
//! before it is judged.
//!
//! # What does not count
//! Ignored and cancelled calls are in no window. [`DroppedPermit`](crate::DroppedPermit) decides
//! what a dropped permit means. This choice matters more than any number on these pages:
//!
//! - [`Neutral`](crate::DroppedPermit::Neutral) suits a timeout *inside* the call, which ends the
//!   call with an error. A caller that gives up says nothing about the downstream.
//! - With a timeout *around* the call, which drops its future, every timeout is a dropped permit,
//!   and a neutral one would **never** trip. Use
//!   [`SlowFailureAfter`](crate::DroppedPermit::SlowFailureAfter) with a little less than that
//!   timeout, so that callers who leave sooner count as nothing.
//! - [`Failure`](crate::DroppedPermit::Failure) suits callers that leave only because they get no
//!   answer. If users can cancel calls, a few of them can open the breaker for all.
//!
//! ```
//! use fusebox::{Breaker, Config, DroppedPermit, ManualClock, State};
//! use std::time::Duration;
//!
//! let after_timeouts = |meaning: DroppedPermit| -> Result<State, Box<dyn std::error::Error>> {
//!     let config = Config::builder().consecutive_failures(3).dropped_permit(meaning).build()?;
//!     let clock = ManualClock::new();
//!     let breaker = Breaker::with_clock("db", config, clock.clone());
//!     for _ in 0..3 {
//!         let permit = breaker.try_acquire()?;
//!         clock.advance(Duration::from_secs(1)); // the timeout around the call
//!         drop(permit);
//!     }
//!     Ok(breaker.state())
//! };
//! assert_eq!(after_timeouts(DroppedPermit::Neutral)?, State::Closed);
//! let almost = DroppedPermit::SlowFailureAfter(Duration::from_millis(900));
//! assert_eq!(after_timeouts(almost)?, State::Open);
//! let longer = DroppedPermit::SlowFailureAfter(Duration::from_millis(1100));
//! assert_eq!(after_timeouts(longer)?, State::Closed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
