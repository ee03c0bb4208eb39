//! False trips: how often a breaker trips although the downstream is healthy. A healthy downstream
//! fails a share `q` of its calls, and by chance many of these failures come together.
//!
//! A false trip costs one open period without the downstream. Weigh that against the benefit: how
//! much [sooner](super::detection) a real incident is detected.
//!
//! # Of a ratio
//! The rule trips at `c = ⌈θ · calls⌉` failures. The probability that `N` independent calls contain
//! so many is the tail of the binomial distribution, `P(X ≥ c)`. Hoeffding's bound
//! `exp(−2 · N · (θ − q)²)` can be computed by hand and is never too small ("Probability
//! Inequalities for Sums of Bounded Random Variables", 1963, theorem 1). Both fall exponentially in
//! `N` and in the square of the distance between `θ` and `q`: doubling `N` squares the probability.
//!
//! ```
//! # fn tail(n: i32, least: i32, q: f64) -> f64 {
//! #     let mut term = (1.0 - q).powi(n); // of no failure
//! #     let mut sum = 0.0;
//! #     for failures in 0..=n {
//! #         if failures >= least {
//! #             sum += term;
//! #         }
//! #         term *= f64::from(n - failures) / f64::from(failures + 1) * q / (1.0 - q);
//! #     }
//! #     sum
//! # }
//! let theta = 0.5_f64;
//! let table = [10, 20, 50, 100].map(|n| {
//!     let least = (theta * f64::from(n)).ceil() as i32;
//!     let exact = [0.01, 0.05, 0.1, 0.2].map(|q| format!("{:.0e}", tail(n, least, q)));
//!     let hoeffding = (-2.0 * f64::from(n) * (theta - 0.2).powi(2)).exp();
//!     (n, exact, format!("{hoeffding:.0e}"))
//! });
//! let rows = table.iter().map(|(n, exact, bound)| (*n, exact.each_ref().map(|s| &**s), &**bound));
//! assert_eq!(rows.collect::<Vec<_>>(), [
//!     // calls, q = 1 %    5 %      10 %     20 %     bound at 20 %
//!     (10,  ["2e-8",   "6e-5",  "2e-3",  "3e-2"],  "2e-1"),
//!     (20,  ["2e-15",  "1e-8",  "7e-6",  "3e-3"],  "3e-2"),
//!     (50,  ["1e-36",  "1e-19", "1e-12", "2e-6"],  "1e-4"),
//!     (100, ["6e-72",  "7e-38", "6e-24", "2e-11"], "2e-8"),
//! ]);
//! ```
//!
//! ## What `minimum_calls` does
//! The ratio is first judged at `m` calls. So right after a start or a close, the probability of a
//! false trip is that of `m` calls, not of `N`. A large window with a small `m` is as unstable as a
//! small window. With `m = 1`, one failed call trips.
//!
//! ```
//! use fusebox::{Breaker, Config, State};
//!
//! let config = Config::builder().failure_rate_threshold(0.5).minimum_calls(10).build()?;
//! let breaker = Breaker::new("db", config);
//! let mut chance = fastrand::Rng::with_seed(3);
//! let (q, trials) = (0.2, 10_000);
//! let mut trips = 0;
//! for _ in 0..trials {
//!     for _ in 0..10 {
//!         let permit = breaker.try_acquire()?;
//!         if chance.f64() < q { permit.failure() } else { permit.success() };
//!     }
//!     trips += u32::from(breaker.state() == State::Open);
//!     breaker.reset();
//! }
//! let share = f64::from(trips) / f64::from(trials);
//! assert!((share - 0.0328).abs() < 0.005, "{share}"); // P(X ≥ 5) of ten calls at q = 0.2
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## How often in the long run
//! A sliding window is judged at every call, but neighbouring windows share all calls but one. The
//! ratio crosses the threshold when the window held `c − 1` failures, a success leaves and a
//! failure arrives. So there are at most `r · q · (1 − q) · b(c − 1; N − 1, q)` false trips per
//! second, where `b` is the probability of exactly `c − 1` failures in `N − 1` calls. This is an
//! upper bound: crossings come in clusters, and only the first of a cluster finds the breaker
//! closed.
//!
//! ```
//! use fusebox::{Breaker, Config, State, Window};
//!
//! let (q, calls) = (0.2_f64, 200_000);
//! let config = Config::builder().failure_rate_threshold(0.5).window(Window::count(20)).build()?;
//! let breaker = Breaker::new("db", config);
//! let mut chance = fastrand::Rng::with_seed(4);
//! let mut trips = 0;
//! for _ in 0..calls {
//!     let permit = breaker.try_acquire()?;
//!     if chance.f64() < q { permit.failure() } else { permit.success() };
//!     if breaker.state() == State::Open {
//!         trips += 1;
//!         breaker.reset();
//!     }
//! }
//! let per_call = f64::from(trips) / f64::from(calls);
//! let choose_9_of_19 = 92_378.0;
//! let bound = q * (1.0 - q) * choose_9_of_19 * q.powi(9) * (1.0 - q).powi(10);
//! assert!(per_call < bound && per_call > bound / 4.0, "{per_call} of {bound}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Of consecutive failures
//! The [mean number of calls](super::detection#consecutive-failures) until a run of `n` failures
//! holds for a healthy downstream too, with `q` in place of `p`. For small `q` that is one false
//! trip in `1 / ((1 − q) · qⁿ)` calls, or `r · (1 − q) · qⁿ` per second. This rule has neither
//! window nor threshold: where `q` is large, only a larger `n` helps.
//!
//! ```
//! use fusebox::{Breaker, Config, State};
//!
//! let (q, calls) = (0.2_f64, 200_000);
//! let breaker = Breaker::new("db", Config::builder().consecutive_failures(3).build()?);
//! let mut chance = fastrand::Rng::with_seed(5);
//! let mut trips = 0;
//! for _ in 0..calls {
//!     let permit = breaker.try_acquire()?;
//!     if chance.f64() < q { permit.failure() } else { permit.success() };
//!     if breaker.state() == State::Open {
//!         trips += 1;
//!         breaker.reset();
//!     }
//! }
//! let rate = |n, q: f64| (1.0 - q) * q.powi(n);
//! let per_call = f64::from(trips) / f64::from(calls);
//! assert!((per_call / rate(3, q) - 1.0).abs() < 0.1, "{per_call}");
//!
//! // At a thousand calls a second, five in a row, and 1 % failures: one false trip in four months.
//! let days = 1.0 / (1000.0 * rate(5, 0.01)) / 86_400.0;
//! assert_eq!(days.round(), 117.0);
//! // At 10 %: one in two minutes.
//! let seconds = 1.0 / (1000.0 * rate(5, 0.1));
//! assert_eq!(seconds.round(), 111.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Of slow calls
//! All of this holds for slow calls, where `q` is the share of healthy calls that take longer than
//! `D`. If `D` is the 99th percentile of the latency, `q` is 0.01. Choose `D` by what callers can
//! accept, then read `q` from your latency histogram *at peak load*, and keep `θ` well above it.
//! With `D` near the median and `θ = 0.5`, the breaker trips without cause all the time.
//!
//! A slow probe counts as failed. So in half-open, `q` is also the probability that one probe
//! reopens the breaker although the downstream is healthy.
//!
//! ```
//! use fusebox::{Breaker, Config, Window};
//! use std::time::Duration;
//!
//! // Latency falls off exponentially, with a mean of 20 ms: e⁻³ = 5 % take longer than 60 ms.
//! let config = Config::builder()
//!     .slow_call_rate_threshold(0.5)
//!     .slow_call_duration(Duration::from_millis(60))
//!     .window(Window::count(20_000))
//!     .build()?;
//! let breaker = Breaker::new("db", config);
//! let mut chance = fastrand::Rng::with_seed(6);
//! for _ in 0..20_000 {
//!     let latency = Duration::from_secs_f64(0.020 * -(1.0 - chance.f64()).ln());
//!     breaker.try_acquire()?.took(latency).success();
//! }
//! let slow = breaker.snapshot().slow_ratio.unwrap();
//! assert!((slow - (-3.0_f64).exp()).abs() < 0.006, "{slow}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
