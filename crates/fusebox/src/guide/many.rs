//! Scale: what changes with thousands of breakers, or with millions of calls.
//!
//! # One breaker for each key
//! One breaker for all hosts opens for all of them when one fails. Or it never opens, if that host
//! has a small share of the traffic: with `H` hosts of equal traffic, one that is down adds only
//! `1 / H` to the failure ratio. A [`Registry`](crate::Registry) has one breaker for each host.
//! Then `r` in all formulas is the traffic of *one* key; see [low
//! traffic](super::detection#at-low-traffic).
//!
//! `capacity` bounds memory: each breaker takes about 1.5 kB plus its [window](super::windows), and
//! 3 kB more once it has changed its state often. When the registry is full, a new key takes the
//! place of a breaker that is in no use, was not asked for during `idle_for`, and holds no evidence
//! of trouble. If there is none, the key is refused with [`RegistryFull`](crate::RegistryFull), and
//! the caller decides whether to call without a breaker. A handle that is held only to look at a
//! breaker counts as use: [`Registry::for_each`](crate::Registry::for_each) shows all breakers and
//! holds few of them at a time.
//!
//! A breaker without calls keeps showing the state that its last call left. Where states are shown
//! or counted, call [`Registry::poll_transitions`](crate::Registry::poll_transitions) now and then.
//!
//! Evidence of trouble leaves in different ways:
//!
//! - failures in a time window leave with time, those in a count window only with `N` more calls:
//!   prefer a time window for keys;
//! - a level of the back-off leaves after one `backoff_decay` in closed;
//! - an open period ends only with a call that succeeds, and so does a run of failures where
//!   `consecutive_failures` counts them.
//!
//! So a key that opened its breaker and is never called again keeps its place. Choose a capacity
//! above the number of keys that may ever fail, not only of those in use. Or remove keys that you
//! know to be gone with [`Registry::remove`](crate::Registry::remove).
//!
//! A search for room judges at most 128 idle breakers, because a caller waits for it. So in a large
//! registry full of failing keys, a new key may be refused several times before the search reaches
//! a breaker that may be evicted.
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
//! [`Registry::builder`](crate::Registry::builder) takes settings by key, and hooks that run on
//! every new breaker before any caller gets it: to add listeners, for example, or to make it a
//! member of a [`ManualControl`](crate::ManualControl). Membership does not keep a breaker alive,
//! so members can be evicted.
//!
//! An evicted breaker takes its counters with it. For a sum that never goes down, add
//! [`retired`](crate::Registry::retired) to the counters of the present breakers, and take both
//! from one [`Registry::snapshot`](crate::Registry::snapshot): between two separate calls a breaker
//! may be evicted. [`refusals`](crate::Registry::refusals) shows whether the capacity is too small.
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
//! A breaker reads its clock only where a rule needs the time. So the settings decide how many
//! readings a success costs:
//!
//! | settings | readings for a success |
//! |---|---|
//! | consecutive failures, or a count window | 0 |
//! | a time window | 1 |
//! | a slow limit | 2 |
//!
//! [`SystemClock`](crate::SystemClock) is the right choice unless a profile shows the cost of
//! reading it.
//!
//! The feature `tsc` offers `TscClock`, which reads the processor's counter at less than half the
//! cost. Its first use measures the counter for up to 200 ms. It may drift by some millionths,
//! which does not matter to any setting here. Where the counters of the processor's cores are out
//! of step, it switches to the system's clock.
//!
//! The feature `coarse` offers `CoarseClock`, the cheapest to read. It is accurate to one tick of
//! the kernel, 1 to 10 ms, so slow limits, open periods and buckets should be much longer than
//! that.
//!
//! A clock of your own should return [`ClockSteps::OnlyForward`](crate::ClockSteps::OnlyForward) if
//! that is true. Otherwise the breaker remembers every reading in one shared word and times every
//! success.
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
//! Threads count their successes in different stripes, so that they do not wait for each other's
//! cache line. The number of stripes changes no verdict. The default, one per processor and at most
//! 8, suits a few busy breakers.
//!
//! In a [`Registry`](crate::Registry), a breaker begins with a single stripe, which saves up to 896
//! bytes per key. When two threads have met there twice in a row, the key is busy, as few keys are.
//! The breaker then gets one stripe per processor, and as many places to count its handles (256
//! bytes each). Failures, probes and [hung calls](super::detection#hung-calls) take the lock in any
//! case.
