//! Scale: what changes with thousands of breakers, or millions of calls.
//!
//! # One for each key
//! One breaker for all hosts opens for all when one fails, or, if that one is a small share of the
//! traffic, never: with `H` hosts of equal traffic, one that is down adds only `1 / H` to the share of
//! failures. A [`Registry`](crate::Registry) has one for each. Mind that `r` in all formulas is then
//! the traffic of *one* key; see [low traffic](super::detection#at-low-traffic).
//!
//! `capacity` bounds memory: about 1.5 kB each plus the [window](super::windows), and 3 kB more for
//! one that has changed its state often. When it is reached, a new key takes the place of one that
//! nobody holds, that was not asked for during `idle_for`, and that knows nothing bad. Else it is
//! refused with [`RegistryFull`](crate::RegistryFull), and the caller decides whether to call without
//! a breaker. A handle that is held only to look at a breaker holds it, too:
//! [`Registry::for_each`](crate::Registry::for_each) shows all breakers and holds few at a time.
//!
//! A breaker without calls goes on showing the state that its last call left. Where states are shown or counted, call
//! [`Registry::poll_transitions`](crate::Registry::poll_transitions) now and then.
//!
//! What is bad leaves in different ways:
//!
//! - failures in a time window with time, those in a count window only with `N` more calls:
//!   use a time window for keys;
//! - a level of the back-off after one `backoff_decay` in closed;
//! - an open period only with a call that succeeds, and so does the last failure of a row where
//!   `consecutive_failures` counts them.
//!
//! So a key that opened its breaker and is never called again keeps its place for good. Choose a
//! capacity above the number of keys that may ever fail, not only of those in use, or take out keys
//! that you know to be gone with [`Registry::remove`](crate::Registry::remove).
//!
//! A search for room judges at most 128 idle breakers, because the caller waits for it. So in a large
//! registry that is full of failing keys, a new key may be refused some times before the search has
//! come to a breaker that may go.
//!
//! ```
//! use fusebox::{Config, ManualClock, Registry};
//! use std::num::NonZeroUsize;
//! use std::time::Duration;
//!
//! let clock = ManualClock::new();
//! let one = NonZeroUsize::MIN;
//! let hosts: Registry<String> = Registry::with_clock(one, Config::default(), clock.clone());
//! hosts.get("a")?.try_acquire()?.failure();
//! hosts.get("a")?.try_acquire()?.success();
//!
//! clock.advance(Duration::from_secs(9));
//! assert!(hosts.get("b").is_err()); // the failure is in the window, and the key not idle
//! clock.advance(Duration::from_secs(60));
//! assert!(hosts.get("b").is_ok());
//!
//! hosts.get("b")?.open();
//! clock.advance(Duration::from_secs(24 * 3600));
//! assert!(hosts.get("c").is_err()); // b was never seen to recover
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Settings by key, operators, metrics
//! [`Registry::builder`](crate::Registry::builder) takes settings by key and what is done with every
//! new breaker before anybody gets it: adding listeners, or making it a member of a
//! [`ManualControl`](crate::ManualControl). Members are not kept alive, so they can be evicted.
//!
//! A breaker that is evicted takes its counters with it. For a sum that never goes down, add
//! [`retired`](crate::Registry::retired) to what the present breakers have counted, and take both from
//! one [`Registry::snapshot`](crate::Registry::snapshot): two calls may have an eviction between them.
//! [`refusals`](crate::Registry::refusals) says whether the capacity is too small.
//!
//! ```
//! use fusebox::{Config, ManualControl, Outcome, Registry};
//! use std::num::NonZeroUsize;
//! use std::time::Duration;
//!
//! let control = ManualControl::new();
//! let members = control.clone();
//! let hosts: Registry<String> = Registry::builder(NonZeroUsize::MIN)
//!     .config_with(|host: &String| match host.ends_with(".internal") {
//!         true => Config::builder().consecutive_failures(3).build().expect("valid"),
//!         false => Config::default(),
//!     })
//!     .idle_for(Duration::ZERO)
//!     .on_create(move |_host, breaker| members.add(breaker))
//!     .build();
//! hosts.get("a.internal")?.try_acquire()?.success();
//! hosts.get("b.example")?.try_acquire()?.success(); // takes the place of the first
//!
//! let seen = hosts.snapshot();
//! let mut total = seen.retired;
//! for breaker in &seen.breakers {
//!     total += &breaker.snapshot().totals;
//! }
//! assert_eq!(total.calls(Outcome::Success), 2);
//! assert_eq!((seen.evictions, control.members()), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which clock
//! A breaker reads its clock only where a rule needs the time. So settings decide what a
//! success costs:
//!
//! | settings | readings for a success |
//! |---|---|
//! | consecutive failures, or a count window | 0 |
//! | a time window | 1 |
//! | a slow limit | 2 |
//!
//! [`SystemClock`](crate::SystemClock) is right unless a profile shows its reading. Then the feature
//! `tsc` offers `TscClock`, which reads the processor's counter at less than half the cost; its first
//! use measures the counter for up to 200 ms, and it may drift by some millionths, which no setting
//! here notices. Where the counters of the processor's cores are out of step, it becomes the system's
//! clock. The feature `coarse` offers `CoarseClock`, the cheapest to read. It is right to one tick of
//! the kernel, 1 to 10 ms, so slow limits, open periods and buckets should be much longer. A clock of
//! your own should say
//! [`ClockSteps::OnlyForward`](crate::ClockSteps::OnlyForward) if that is true, or every reading is
//! remembered in one shared word, and every success is timed.
//!
//! ```
//! use fusebox::{Breaker, Clock, ClockSteps, Config, ConfigBuilder, Window};
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use std::time::Duration;
//!
//! struct Counting(AtomicU64);
//! impl Clock for Counting {
//!     fn now(&self) -> Duration {
//!         self.0.fetch_add(1, Ordering::Relaxed);
//!         Duration::ZERO
//!     }
//!     fn steps(&self) -> ClockSteps {
//!         ClockSteps::OnlyForward
//!     }
//! }
//! let readings = |config: ConfigBuilder| -> Result<u64, Box<dyn std::error::Error>> {
//!     let clock = Arc::new(Counting(AtomicU64::new(0)));
//!     let breaker = Breaker::with_clock("db", config.build()?, Arc::clone(&clock));
//!     breaker.try_acquire()?.success();
//!     let before = clock.0.load(Ordering::Relaxed);
//!     for _ in 0..1000 {
//!         breaker.try_acquire()?.success();
//!     }
//!     Ok((clock.0.load(Ordering::Relaxed) - before) / 1000)
//! };
//! let ratio = || Config::builder().failure_rate_threshold(0.5);
//! assert_eq!(readings(Config::builder().consecutive_failures(5))?, 0);
//! assert_eq!(readings(ratio().window(Window::count(100)))?, 0);
//! assert_eq!(readings(ratio())?, 1);
//! assert_eq!(readings(ratio().slow_call_duration(Duration::from_secs(1)))?, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # `stripes`
//! Threads that succeed count in different places, so that they do not wait for each other's cache
//! line. It changes no verdict. The default, one for each processor and at most 8, is right for a few
//! busy breakers. In a [`Registry`](crate::Registry) a breaker begins with one, which saves up to 896
//! bytes a key, and gets one for each processor, and as many places to count its handles (256 bytes
//! each), when two threads have met there twice in a row: such a key is busy, and few keys are.
//! Failures, probes and [hung calls](super::detection#hung-calls) take the lock anyway.
