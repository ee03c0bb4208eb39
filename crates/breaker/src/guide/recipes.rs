//! Where do I start? Three starting points, with the numbers that follow from them.
//!
//! Take the nearest, put in your own `r` and `q`, and run it first in
//! [metrics-only](crate::Breaker::metrics_only) mode: it reports when it would trip.
//!
//! # A remote call that users wait for
//! Some hundred calls a second, fails in 1 %, 99 % answer within 80 ms, call timeout 2 s.
//!
//! - A window of 5 s at `θ = 0.3`: an outage is found after 1.5 s, a failing third never counts as well.
//! - 100 ms is slow: a hang is found after `0.1 + 0.5 · (5 − 0.1)` = 2.6 s, or with the first
//!   timeouts.
//! - False trips: at least 50 calls, 15 of them failed, at `q = 0.01`: Hoeffding says less than
//!   `exp(−2 · 50 · 0.29²)` = 2·10⁻⁴, the binomial tail 2·10⁻¹⁸.
//! - Short periods, because users notice; half of each left to chance, because there are many
//!   instances; a ramp, because caches are cold.
//!
//! ```
//! use breaker::{Breaker, Config, DroppedPermit, InFlightCalls, Window};
//! use std::time::Duration;
//!
//! let config = Config::builder()
//!     .failure_rate_threshold(0.3)
//!     .slow_call_rate_threshold(0.5)
//!     .slow_call_duration(Duration::from_millis(100))
//!     .in_flight_calls(InFlightCalls::CountWhenOverdue)
//!     .window(Window::time(Duration::from_secs(5), 10))
//!     .minimum_calls(50)
//!     .open_for(Duration::from_secs(1))
//!     .max_open_for(Duration::from_secs(15))
//!     .jitter(0.5)
//!     .probe_trial(5, 0.4)
//!     .half_open_for(Duration::from_secs(5))
//!     .ramp_up_for(Duration::from_secs(5))
//!     // Callers who hang up at their deadline drop the call.
//!     .dropped_permit(DroppedPermit::SlowFailureAfter(Duration::from_secs(1)))
//!     .build()?;
//! let breaker = Breaker::new("checkout", config);
//! # breaker.try_acquire()?.success();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A batch worker with little traffic
//! One call every ten seconds, fails in 1 %, nobody waits.
//!
//! - No ratio over a time window: ten seconds hold one call. Failures in a row need no window.
//! - `n = 4`: an outage is found after four calls, 40 s; a false trip comes once in 10⁸ calls.
//! - A ratio over the last 20 calls finds what fails half the time, within ten calls.
//! - Long periods: each probe is a real job. One good probe closes, because the next caller is
//!   far away, and the deadline leaves it time.
//!
//! ```
//! use breaker::{Breaker, Config, State, Window};
//! use std::time::Duration;
//!
//! let config = Config::builder()
//!     .consecutive_failures(4)
//!     .failure_rate_threshold(0.5)
//!     .window(Window::count(20))
//!     .minimum_calls(10)
//!     .open_for(Duration::from_secs(30))
//!     .max_open_for(Duration::from_secs(600))
//!     .backoff_decay(Duration::from_secs(1800))
//!     .half_open_for(Duration::from_secs(120))
//!     .build()?;
//! let breaker = Breaker::new("invoices", config);
//! for _ in 0..4 {
//!     breaker.try_acquire()?.failure();
//! }
//! assert_eq!(breaker.state(), State::Open);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Many hosts
//! A crawler or a gateway: thousands of hosts, most of them with few calls at a time.
//!
//! - A time window, so that failures leave by themselves and the place can be used again.
//! - Few calls for a verdict, since few come: `m = 5`, and three in a row.
//! - A short decay, for the same reason.
//!
//! ```
//! use breaker::{Config, Registry, Window};
//! use std::num::NonZeroUsize;
//! use std::time::Duration;
//!
//! let config = Config::builder()
//!     .consecutive_failures(3)
//!     .failure_rate_threshold(0.6)
//!     .window(Window::time(Duration::from_secs(60), 6))
//!     .minimum_calls(5)
//!     .open_for(Duration::from_secs(10))
//!     .max_open_for(Duration::from_secs(300))
//!     .backoff_decay(Duration::from_secs(60))
//!     .build()?;
//! let capacity = NonZeroUsize::new(50_000).unwrap();
//! let hosts: Registry<String> = Registry::new(capacity, config).idle_for(Duration::from_secs(300));
//! match hosts.get("a.example") {
//!     Ok(breaker) => breaker.try_acquire()?.success(),
//!     Err(full) => panic!("call without a breaker, and count it: {full}"),
//! };
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
