//! Recipes: three starting points, with the figures that follow from them.
//!
//! Take the nearest, insert your own `r` and `q`, and run it first in
//! [metrics-only](crate::Breaker::metrics_only) mode, in which a breaker only reports when it would
//! trip.
//!
//! # A remote call that users wait for
//! A few hundred calls per second; 1 % fail; 99 % answer within 80 ms; call timeout 2 s.
//!
//! - The window is 5 s with `θ = 0.3`. An outage is detected after `5 · 0.29 / 0.99` = 1.5 s, a
//!   failure ratio of a third after `5 · 0.29 / 0.32` = 4.5 s.
//! - A call is slow above 100 ms. A hang is detected after `0.1 + 0.3 · (5 − 0.1)` = 1.6 s instead
//!   of `2 + 0.3 · (5 − 2)` = 2.9 s.
//! - False trips need at least 50 calls with 15 failures. At `q = 0.01`, Hoeffding's bound is
//!   `exp(−2 · 50 · 0.29²)` = 2·10⁻⁴, the binomial tail 2·10⁻¹⁸.
//! - Open periods are short, because users notice them. Half of each is random, because there are
//!   many instances. A ramp lets caches warm up.
//!
//! ```
//! use fusebox::{Breaker, Config, DroppedPermit, InFlightCalls, ManualClock, State, Window};
//! use std::time::Duration;
//!
//! let config = Config::builder()
//!     .failure_rate_threshold(0.3)
//!     .slow_call_rate_threshold(0.3)
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
//!
//! // At 200 calls a second, all is well for six seconds, then the downstream hangs.
//! let clock = ManualClock::new();
//! let breaker = Breaker::with_clock("checkout", config, clock.clone());
//! for _ in 0..1200 {
//!     breaker.try_acquire()?.success();
//!     clock.advance(Duration::from_millis(5));
//! }
//! let mut stuck = Vec::new();
//! while breaker.poll_transitions() == State::Closed {
//!     stuck.push(breaker.try_acquire()?);
//!     clock.advance(Duration::from_millis(5));
//! }
//! let seconds = stuck.len() as f64 / 200.0;
//! assert!((1.4..=1.6).contains(&seconds), "{seconds}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A batch worker with little traffic
//! One call every ten seconds; 1 % fail; no user waits.
//!
//! - No ratio over a time window: ten seconds hold one call. Failures in a row need no window.
//! - `n = 4`: an outage is detected after four calls, 40 s; a false trip comes once in 10⁸ calls.
//! - A ratio over the last 20 calls detects a downstream that fails every other call, which a run
//!   of failures does not, after `20 · 0.39 / 0.49` = 16 calls.
//! - Open periods are long, because each probe is a real job. One good probe closes, because the
//!   next caller is far away, and the half-open deadline leaves enough time for it.
//!
//! ```
//! use fusebox::{Breaker, Config, State, Window};
//! use std::time::Duration;
//!
//! let config = Config::builder()
//!     .consecutive_failures(4)
//!     .failure_rate_threshold(0.4)
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
//!
//! breaker.reset();
//! for _ in 0..20 {
//!     breaker.try_acquire()?.success();
//! }
//! let mut calls = 0;
//! while breaker.state() == State::Closed {
//!     let permit = breaker.try_acquire()?;
//!     if calls % 2 == 0 { permit.failure() } else { permit.success() };
//!     calls += 1;
//! }
//! assert_eq!(calls, 15); // the failing one comes first
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Many hosts
//! A crawler or a gateway with thousands of hosts, most of them with few calls at a time.
//!
//! - A time window, so that failures leave on their own. A host whose last call failed [keeps its
//!   place](super::many#one-breaker-for-each-key), so the capacity has room for all hosts that may
//!   be down.
//! - Few calls for a verdict, because few come: `m = 5`; three failures in a row trip as well. At
//!   `q = 0.01` the ratio is wrong once in 10⁵ times, the run of failures once in 10⁶ calls.
//! - A decay no longer than a visit lasts, so that a host that has recovered does not keep its long
//!   open periods.
//!
//! ```
//! use fusebox::{CallError, Config, Registry, RegistryFull, Window};
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
//! let hosts: Registry<String> = Registry::builder(capacity)
//!     .config(config)
//!     .idle_for(Duration::from_secs(300))
//!     .build();
//!
//! let ask = |host: &str| -> Result<usize, std::io::Error> { Ok(host.len()) };
//! let guarded = |host: &str| match hosts.get(host) {
//!     Ok(breaker) => breaker.call(|| ask(host)),
//!     // No room for another key: the call is made without a breaker. `hosts.refusals()` counts it;
//!     // alert on that number, because it means that the capacity is too small.
//!     Err(RegistryFull { .. }) => ask(host).map_err(CallError::Failed),
//! };
//! assert_eq!(guarded("a.example:443")?, 13);
//! assert_eq!(hosts.refusals(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
