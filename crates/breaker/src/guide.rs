//! Choosing settings: what does each knob do to detection time and to false trips?
//!
//! A breaker is a detector. Set tightly it trips on noise; set loosely it sends calls into a broken
//! downstream. Both follow from a few formulas. They assume that calls fail independently with
//! probability `q` while the downstream is healthy and `p` while it is not, and that `r` calls end
//! per second *at this breaker*: one of twenty instances sees a twentieth of the traffic. Real
//! failures come in bursts, so take the formulas for the order of magnitude and measure the rest.
//! The examples check each formula against the breaker itself.
//!
//! # Failures in a row
//! `consecutive_failures(n)` needs on average
//!
//! > `(1 − pⁿ) / ((1 − p) · pⁿ)` calls
//!
//! until the first run of n failures (Feller, *An Introduction to Probability Theory*, vol. 1,
//! XIII.7). In a full outage these are n calls, so detection takes `n / r` seconds: nothing is
//! faster. At `p = 0.5` and `n = 5` they are 62, at `p = 0.2` they are 3905: the rule is nearly
//! blind to partial failure. While healthy it trips falsely about `r · (1 − q) · qⁿ` times per
//! second; at 1000 calls/s and `q = 0.01` with `n = 5` once in four months, with `q = 0.05` once an
//! hour.
//!
//! ```
//! use breaker::{Breaker, Config, ManualClock, State};
//!
//! let (n, p) = (3, 0.5_f64);
//! let expected = (1.0 - p.powi(n)) / ((1.0 - p) * p.powi(n)); // 14 calls
//!
//! let mut chance = fastrand::Rng::with_seed(1);
//! let config = Config::builder().consecutive_failures(3).build()?;
//! let breaker = Breaker::with_clock("db", config, ManualClock::new());
//! let (mut calls, trips) = (0, 4000);
//! for _ in 0..trips {
//!     while breaker.state() == State::Closed {
//!         let permit = breaker.try_acquire()?;
//!         calls += 1;
//!         if chance.f64() < p { permit.failure() } else { permit.success() };
//!     }
//!     breaker.reset();
//! }
//! let average = f64::from(calls) / f64::from(trips);
//! assert!((average / expected - 1.0).abs() < 0.05, "{average} calls, expected {expected}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The failure ratio: how fast
//! When the share of failures steps from `q` to `p`, the window's share reaches the threshold `θ`
//! when a part `(θ − q) / (p − q)` of the window has been replaced:
//!
//! > count window of N: `N · (θ − q) / (p − q)` calls, and that over `r` in seconds
//! >
//! > time window of T: `T · (θ − q) / (p − q)` seconds, give or take a bucket `T / B`
//!
//! If `p` is not above `θ`, the rule does not trip in the long run. With little traffic the minimum
//! comes first: nothing trips before `minimum_calls` calls are in the window, so detection takes at
//! least `minimum_calls / r`, and where `r · T < minimum_calls` it never happens. That is the usual
//! reason why a breaker never opens; give it a longer window, or the consecutive rule beside it.
//!
//! ```
//! use breaker::{Breaker, Config, ManualClock, State, Window};
//! use std::time::Duration;
//!
//! let (length, threshold) = (Duration::from_secs(10), 0.5);
//! let config = Config::builder()
//!     .failure_rate_threshold(threshold)
//!     .window(Window::time(length, 10))
//!     .build()?;
//! let clock = ManualClock::new();
//! let breaker = Breaker::with_clock("db", config, clock.clone());
//! let pause = Duration::from_millis(10); // 100 calls per second
//! for _ in 0..2000 {
//!     breaker.try_acquire()?.success();
//!     clock.advance(pause);
//! }
//!
//! let mut outage = Duration::ZERO;
//! while breaker.state() == State::Closed {
//!     breaker.try_acquire()?.failure();
//!     clock.advance(pause);
//!     outage += pause;
//! }
//! let expected = length.mul_f64(threshold); // q = 0, p = 1
//! assert!(outage.abs_diff(expected) <= length / 10, "{outage:?}, expected {expected:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The failure ratio: how often falsely
//! A window of n calls reaches `θ` by chance with the probability of a binomial tail,
//!
//! > `P = Σ C(n, k) · qᵏ · (1 − q)ⁿ⁻ᵏ` over `k ≥ θ·n`, at most `exp(−2n · (θ − q)²)`
//!
//! (Hoeffding, 1963). The smallest window that is judged has `minimum_calls` calls; that, not the
//! window's size, decides about false trips. For `θ = 0.5`:
//!
//! | `minimum_calls` | q = 1 % | q = 5 % | q = 10 % | q = 20 % |
//! |---:|---:|---:|---:|---:|
//! | 5 | 1e-5 | 1e-3 | 9e-3 | 6e-2 |
//! | 10 | 2e-8 | 6e-5 | 2e-3 | 3e-2 |
//! | 20 | 2e-15 | 1e-8 | 7e-6 | 3e-3 |
//! | 50 | 1e-36 | 1e-19 | 1e-12 | 2e-6 |
//!
//! Each is the chance at one look; there are about `r / n` independent looks per second. A
//! `minimum_calls` of 5 with one failure in ten trips within seconds, 20 takes days at 1 call/s.
//!
//! ```
//! use breaker::{Breaker, Config, ManualClock, State, Window};
//!
//! let (n, q) = (10_u64, 0.2_f64);
//! let choose = |k: u64| (0..k).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64);
//! let at = |k: u64| choose(k) * q.powi(k as i32) * (1.0 - q).powi((n - k) as i32);
//! let tail: f64 = (n / 2..=n).map(at).sum();
//! assert!((tail - 0.033).abs() < 0.0005);
//! assert!(tail < (-2.0 * n as f64 * (0.5 - q).powi(2)).exp());
//!
//! // One look at a time: the breaker is judged once, when its minimum is reached.
//! let config = Config::builder()
//!     .failure_rate_threshold(0.5)
//!     .window(Window::count(10))
//!     .minimum_calls(10)
//!     .build()?;
//! let breaker = Breaker::with_clock("db", config, ManualClock::new());
//! let mut chance = fastrand::Rng::with_seed(2);
//! let (mut trips, looks) = (0, 20_000);
//! for _ in 0..looks {
//!     for _ in 0..n {
//!         let permit = breaker.try_acquire()?;
//!         if chance.f64() < q { permit.failure() } else { permit.success() };
//!     }
//!     trips += u32::from(breaker.state() == State::Open);
//!     breaker.reset();
//! }
//! let measured = f64::from(trips) / f64::from(looks);
//! assert!((measured / tail - 1.0).abs() < 0.15, "{measured}, expected {tail}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which window
//! A [count window](crate::Window::count) reacts after the same number of calls at any rate, and
//! remembers last night's failures until this morning's calls push them out. A
//! [time window](crate::Window::time) forgets with time, and with little traffic it holds too few
//! calls to be judged. For steady traffic a time window, for a worker that calls now and then a
//! count window. A call costs the same in both, whatever their size; a count window takes 2 bytes
//! per call, a time window 32 bytes per bucket. More buckets forget in smaller steps; ten are
//! enough.
//!
//! # Slow calls
//! A call is slow when it takes longer than `slow_call_duration`. Put it where a caller would be
//! better off without the answer, well above the healthy 99th percentile: the share of healthy
//! calls above it is the `q` of the formulas, with `slow_call_rate_threshold` as `θ`. A slow probe
//! is a failed one.
//!
//! An outcome comes when a call ends. If the downstream hangs, that is at the caller's timeout, and
//! detection takes that much longer.
//! [`CountWhenOverdue`](crate::InFlightCalls::CountWhenOverdue) counts a call as slow as soon as it
//! is overdue, so that the timeout in the sum becomes `slow_call_duration`. Every call then takes
//! the breaker's lock twice. Callers that time out *outside* drop their permits: choose what that
//! means with [`DroppedPermit`](crate::DroppedPermit), or the breaker is blind to them.
//!
//! # Open
//! The k-th opening lasts `min(max_open_for, open_for · backoff_factorᵏ⁻¹)`. While the downstream is
//! down, each instance sends a probe per period, so a fleet of M sends `M / max_open_for` calls per
//! second in the long run, and notices recovery after half of `max_open_for` on average.
//!
//! *Jitter* shortens each period by chance by up to its share, so that probes of M instances that
//! tripped together arrive spread over `jitter · period` instead of at once. Keep it on.
//!
//! *`backoff_decay`*: closing does not forget the level of the back-off, calm does, one level per
//! `backoff_decay`. A downstream that dies again c seconds after each recovery gains a level per
//! cycle and loses `c / backoff_decay`, so its pauses grow if `c < backoff_decay`.
//!
//! *Hints*: [`Permit::retry_after`](crate::Permit::retry_after) lengthens the period when that
//! failure opens the breaker, up to `max_open_for`, so that a downstream can ask for peace.
//!
//! # Half-open
//! With `probe_count(k, 1)` a downstream that still fails a share p of calls is taken for healthy
//! with probability
//!
//! > `(1 − p)ᵏ`
//!
//! which is flapping: at `p = 0.25`, one good probe closes in 75 % of cases, three in 42 %, eight
//! in 10 %. `probe_trial(n, θ)` judges a share of n probes instead and tolerates single failures.
//! More probes cost time: with `permitted_probes(1)` they run one after another. `half_open_for` is
//! the longest that hung or missing probes may take; a multiple of the call timeout.
//!
//! ```
//! use breaker::{Breaker, Config, ManualClock, State};
//!
//! let (k, p) = (3, 0.25_f64);
//! let config = Config::builder().consecutive_failures(1).probe_count(3, 1).build()?;
//! let breaker = Breaker::with_clock("db", config, ManualClock::new());
//! let mut chance = fastrand::Rng::with_seed(3);
//! let (mut closed, times) = (0, 10_000);
//! for _ in 0..times {
//!     breaker.half_open();
//!     while breaker.state() == State::HalfOpen {
//!         let probe = breaker.try_acquire()?;
//!         if chance.f64() < p { probe.failure() } else { probe.success() };
//!     }
//!     closed += u32::from(breaker.state() == State::Closed);
//! }
//! let share = f64::from(closed) / f64::from(times);
//! assert!((share - (1.0 - p).powi(k)).abs() < 0.02, "{share}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # After closing
//! `ramp_up_for` admits a share of the calls that grows from a tenth to all. It spares a downstream
//! with cold caches, and costs about half of one period's calls. A trip meanwhile keeps the level
//! of the back-off.
//!
//! # Many breakers, and speed
//! One breaker per thing that fails on its own: per host, not per service, where hosts fail alone.
//! [`Registry`](crate::Registry) keeps them by key. Its capacity is a bound against hostile keys,
//! not a cache size: a key that finds no room gets an error, because no failure is forgotten to
//! make room. Give it more than the keys that you expect.
//!
//! Rules without time (failures in a row, a count window) read no clock while closed. The others
//! read it at the end of each call, and at its start as well if slow calls are told apart. With the
//! feature `tsc`, `TscClock` is read in less than half the time of
//! [`SystemClock`](crate::SystemClock).
//!
//! # Three starting points
//! ```
//! use breaker::{Config, DroppedPermit, InFlightCalls, Window};
//! use std::time::Duration;
//!
//! // A call on the path of a request: quick to give up, careful when it comes back.
//! let rpc = Config::builder()
//!     .consecutive_failures(10)
//!     .failure_rate_threshold(0.5)
//!     .slow_call_duration(Duration::from_millis(500))
//!     .slow_call_rate_threshold(0.8)
//!     .window(Window::time(Duration::from_secs(10), 10))
//!     .minimum_calls(20)
//!     .open_for(Duration::from_secs(1))
//!     .max_open_for(Duration::from_secs(30))
//!     .probe_count(3, 1)
//!     .dropped_permit(DroppedPermit::SlowFailureAfter(Duration::from_millis(500)))
//!     .build()?;
//!
//! // A worker with little traffic: counts calls, not seconds, and waits long.
//! let worker = Config::builder()
//!     .consecutive_failures(5)
//!     .failure_rate_threshold(0.5)
//!     .window(Window::count(20))
//!     .minimum_calls(10)
//!     .open_for(Duration::from_secs(30))
//!     .max_open_for(Duration::from_secs(600))
//!     .half_open_for(Duration::from_secs(300))
//!     .build()?;
//!
//! // A downstream that hangs instead of failing, called with a long timeout.
//! let hanging = Config::builder()
//!     .slow_call_duration(Duration::from_secs(2))
//!     .slow_call_rate_threshold(0.5)
//!     .in_flight_calls(InFlightCalls::CountWhenOverdue)
//!     .ramp_up_for(Duration::from_secs(20))
//!     .build()?;
//! # let _ = (rpc, worker, hanging);
//! # Ok::<(), breaker::ConfigError>(())
//! ```
