//! The builder of a [`Config`](super::Config): setters take plain numbers, and
//! [`build`](ConfigBuilder::build) checks them all.

mod build;
mod of_config;

use std::num::NonZeroUsize;
use std::time::Duration;

use super::{DroppedPermit, HalfOpenTimeout, InFlightCalls};
use crate::window::Window;

/// Collects the settings of a breaker; at least one of them must be a rule that trips. Each setter
/// names its unit, default and range; the [guide](crate::guide) says how to choose.
///
/// # Examples
/// ```
/// use fusebox::{Config, Window};
/// use std::time::Duration;
///
/// let config = Config::builder()
///     .failure_rate_threshold(0.5) // half of the calls failed,
///     .slow_call_duration(Duration::from_secs(1))
///     .slow_call_rate_threshold(0.8) // or four of five took more than a second,
///     .window(Window::time(Duration::from_secs(30), 10)) // within 30 s
///     .minimum_calls(50) // and at least 50 calls
///     .open_for(Duration::from_secs(10))
///     .build()?;
/// # let _ = config;
/// # Ok::<(), fusebox::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ConfigBuilder {
    consecutive_failures: Option<u32>,
    failure_rate_threshold: Option<f64>,
    slow_call_rate_threshold: Option<f64>,
    slow_call_duration: Option<Duration>,
    window: Window,
    minimum_calls: u32,
    open_for: Duration,
    backoff_factor: f64,
    max_open_for: Option<Duration>,
    jitter: f64,
    jitter_seed: Option<u64>,
    backoff_decay: Option<Duration>,
    ramp_up_for: Option<Duration>,
    in_flight_calls: InFlightCalls,
    stripes: Option<NonZeroUsize>,
    probes: Probes,
    permitted_probes: Option<u32>,
    half_open_for: Option<Duration>,
    half_open_timeout: HalfOpenTimeout,
    dropped_permit: DroppedPermit,
}

#[derive(Clone, Copy, Debug)]
enum Probes {
    Count { successes: u32, failures: u32 },
    Ratio { trial: u32, threshold: f64 },
}

impl Default for ConfigBuilder {
    fn default() -> Self {
        Self {
            consecutive_failures: None,
            failure_rate_threshold: None,
            slow_call_rate_threshold: None,
            slow_call_duration: None,
            window: Window::time(Duration::from_secs(10), 10),
            minimum_calls: 20,
            open_for: Duration::from_secs(5),
            backoff_factor: 2.0,
            max_open_for: None,
            jitter: 0.1,
            jitter_seed: None,
            backoff_decay: Some(Duration::from_secs(60)),
            ramp_up_for: None,
            in_flight_calls: InFlightCalls::default(),
            stripes: None,
            probes: Probes::Count {
                successes: 1,
                failures: 1,
            },
            permitted_probes: None,
            half_open_for: Some(Duration::from_secs(10)),
            half_open_timeout: HalfOpenTimeout::Open,
            dropped_permit: DroppedPermit::Neutral,
        }
    }
}

impl ConfigBuilder {
    /// Trips after `failures` failures in a row, however far apart. Only a success ends the run. At
    /// least 1; off by default.
    pub fn consecutive_failures(mut self, failures: u32) -> Self {
        self.consecutive_failures = Some(failures);
        self
    }

    /// Trips when the failure ratio of the window reaches `ratio`. Above 0, up to 1; off by
    /// default.
    pub fn failure_rate_threshold(mut self, ratio: f64) -> Self {
        self.failure_rate_threshold = Some(ratio);
        self
    }

    /// Trips when the ratio of slow calls in the window reaches `ratio`. Above 0, up to 1; off by
    /// default. Needs [`slow_call_duration`](Self::slow_call_duration).
    pub fn slow_call_rate_threshold(mut self, ratio: f64) -> Self {
        self.slow_call_rate_threshold = Some(ratio);
        self
    }

    /// Counts a call as slow if it takes strictly longer than `duration`. A slow probe counts as
    /// failed. Any duration; off by default.
    pub fn slow_call_duration(mut self, duration: Duration) -> Self {
        self.slow_call_duration = Some(duration);
        self
    }

    /// Turns off the rule for failures in a row.
    pub fn without_consecutive_failures(mut self) -> Self {
        self.consecutive_failures = None;
        self
    }

    /// Turns off the rule for the failure ratio.
    pub fn without_failure_rate(mut self) -> Self {
        self.failure_rate_threshold = None;
        self
    }

    /// Turns off everything about slow calls: their duration, their rule, and counting them before
    /// they end.
    pub fn without_slow_calls(mut self) -> Self {
        self.slow_call_duration = None;
        self.slow_call_rate_threshold = None;
        self.in_flight_calls = InFlightCalls::CountWhenEnded;
        self
    }

    /// Sets the window of the ratio rules. Default: ten seconds in ten buckets; for the ranges see
    /// [`Window`].
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets how many calls the window must hold before its ratios count. At least 1; default 20. A
    /// number above the size of a count window means a full window.
    pub fn minimum_calls(mut self, calls: u32) -> Self {
        self.minimum_calls = calls;
        self
    }

    /// Sets the first open period. Above zero; default 5 s.
    pub fn open_for(mut self, wait: Duration) -> Self {
        self.open_for = wait;
        self
    }

    /// Sets the factor of the back-off: an open period at level k lasts `open_for × factor^(k−1)`.
    /// Each opening adds a level; [calm](Self::backoff_decay) takes levels off. From 1 to 1000;
    /// default 2.
    pub fn backoff_factor(mut self, factor: f64) -> Self {
        self.backoff_factor = factor;
        self
    }

    /// Sets the longest open period, `Retry-After` hints included. At least `open_for`; default 60
    /// s, or `open_for` if that is longer.
    pub fn max_open_for(mut self, wait: Duration) -> Self {
        self.max_open_for = Some(wait);
        self
    }

    /// Shortens each open period by a random share of it, up to `share`, so that breakers that
    /// tripped together do not probe together. From 0 to 0.5; default 0.1.
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// Makes the jitter repeatable. By default each breaker has a sequence of its own.
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Some(seed);
        self
    }

    /// Sets the calm period in closed that takes one level off the back-off. Above zero; default 60
    /// s. With `None`, closing resets the level, so that only openings without a close between them
    /// add up. After a [ramp](Self::ramp_up_for), the calm period begins when the ramp ends.
    pub fn backoff_decay(mut self, calm: impl Into<Option<Duration>>) -> Self {
        self.backoff_decay = calm.into();
        self
    }

    /// Admits only a share of the calls after closing, which grows over this period from a tenth to
    /// all. A trip during the ramp keeps the level of the back-off. Above zero; off by default. A
    /// breaker that an operator closes has no ramp.
    pub fn ramp_up_for(mut self, period: impl Into<Option<Duration>>) -> Self {
        self.ramp_up_for = period.into();
        self
    }

    /// Sets whether a call that is under way for longer than
    /// [`slow_call_duration`](Self::slow_call_duration) counts as slow before it ends. Needs
    /// [`slow_call_rate_threshold`](Self::slow_call_rate_threshold). Default: it does not.
    pub fn in_flight_calls(mut self, when: InFlightCalls) -> Self {
        self.in_flight_calls = when;
        self
    }

    /// Sets how many stripes threads count successes in, so that they do not wait for each other:
    /// rounded up to a power of two, at most 8, 128 bytes each. Default: one per processor; in a
    /// [`Registry`](crate::Registry) one at first, and one per processor as soon as threads meet
    /// there. If it is set, it stays fixed for the life of a breaker.
    pub fn stripes(mut self, stripes: NonZeroUsize) -> Self {
        self.stripes = Some(stripes);
        self
    }

    /// Closes a half-open breaker after this number of successful probes, and reopens it after this
    /// number of failed ones. Both at least 1; default 1 and 1.
    pub fn probe_count(mut self, successes: u32, failures: u32) -> Self {
        self.probes = Probes::Count {
            successes,
            failures,
        };
        self
    }

    /// Lets the failure ratio of `trial` probes decide (at least 1): a ratio that reaches
    /// `threshold` (above 0, up to 1) reopens the breaker, a smaller one closes it. Replaces
    /// `probe_count`.
    pub fn probe_trial(mut self, trial: u32, threshold: f64) -> Self {
        self.probes = Probes::Ratio { trial, threshold };
        self
    }

    /// Sets how many probes may be under way at once; never more than a verdict still needs. At
    /// least 1; default: as many as the verdict needs.
    pub fn permitted_probes(mut self, probes: u32) -> Self {
        self.permitted_probes = Some(probes);
        self
    }

    /// Sets the longest half-open period. When it ends, the breaker reopens, so hung probes cannot
    /// keep it half-open. At least 1 ms; default 10 s. `None` waits for ever: use it only where the
    /// host makes sure that every probe ends.
    pub fn half_open_for(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.half_open_for = deadline.into();
        self
    }

    /// Sets the state that follows a half-open period without a verdict. Default: open.
    pub fn half_open_timeout(mut self, verdict: HalfOpenTimeout) -> Self {
        self.half_open_timeout = verdict;
        self
    }

    /// Sets what a permit means that is dropped without an outcome. Default: neutral.
    pub fn dropped_permit(mut self, meaning: DroppedPermit) -> Self {
        self.dropped_permit = meaning;
        self
    }
}
