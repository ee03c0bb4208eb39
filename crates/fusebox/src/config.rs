//! The settings of a breaker: when it trips, how long it stays open, and what closes it again.
//!
//! A [`Config`] is made by its [builder](ConfigBuilder), which checks all settings together. A
//! `Config` that exists is valid.

mod builder;
mod check;
mod error;

use std::num::NonZeroUsize;
use std::time::Duration;

pub use builder::ConfigBuilder;
pub use error::{ConfigError, InvalidSetting};

use crate::ratio::Ratio;
use crate::window::Window;

/// The checked settings of a breaker.
///
/// # Examples
/// ```
/// use fusebox::{Config, Window};
/// use std::time::Duration;
///
/// let config = Config::builder()
///     .consecutive_failures(5)
///     .failure_rate_threshold(0.5)
///     .window(Window::time(Duration::from_secs(10), 10))
///     .minimum_calls(20)
///     .open_for(Duration::from_secs(2))
///     .build()?;
/// assert_eq!(config.consecutive_failures(), Some(5));
///
/// let error = Config::builder().consecutive_failures(0).build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "consecutive_failures = 0 is not allowed: it must be at least 1",
/// );
/// # Ok::<(), fusebox::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub(crate) trip: TripPolicy,
    pub(crate) wait: WaitPolicy,
    pub(crate) half_open: HalfOpenPolicy,
    pub(crate) ramp_up_for: Option<Duration>,
    pub(crate) dropped: DroppedPermit,
    pub(crate) stripes: Option<NonZeroUsize>,
    pub(crate) asked: Asked,
}

/// The settings as they were given, where the setting in force may differ. A builder made from a
/// config thus knows which settings were given and which were left to their defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) max_open_for: Option<Duration>,
    pub(crate) permitted_probes: Option<u32>,
    /// May be more than a count window holds.
    pub(crate) minimum_calls: u32,
}

/// When to open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TripPolicy {
    pub(crate) consecutive_failures: Option<u32>,
    pub(crate) failure_ratio: Option<Ratio>,
    pub(crate) slow_ratio: Option<Ratio>,
    pub(crate) slow_over: Option<Duration>,
    pub(crate) window: Window,
    pub(crate) minimum_calls: u32,
    pub(crate) in_flight: InFlightCalls,
}

impl TripPolicy {
    /// The window, if any rule is taken over it.
    pub(crate) fn judged_window(&self) -> Option<Window> {
        (self.failure_ratio.is_some() || self.slow_ratio.is_some()).then_some(self.window)
    }
}

/// How long to stay open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WaitPolicy {
    pub(crate) base: Duration,
    pub(crate) factor: f64,
    pub(crate) max: Duration,
    pub(crate) jitter: f64,
    pub(crate) jitter_seed: Option<u64>,
    /// The calm period that takes one level off the back-off.
    pub(crate) decay: Option<Duration>,
}

/// What to do while half-open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HalfOpenPolicy {
    pub(crate) verdict: ProbeVerdict,
    pub(crate) permits: u32,
    pub(crate) deadline: Option<Duration>,
    pub(crate) on_timeout: HalfOpenTimeout,
}

/// How the outcomes of probes decide what follows half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeVerdict {
    /// The breaker closes after `successes` successes and reopens after `failures` failures,
    /// whichever comes first.
    Count {
        /// Successes that close the breaker. At least 1; default 1.
        successes: u32,
        /// Failures that reopen the breaker. At least 1; default 1.
        failures: u32,
    },
    /// After `trial` probes, their failure ratio decides.
    Ratio {
        /// Probes that are judged together. At least 1.
        trial: u32,
        /// The failure ratio at which the breaker reopens.
        failure_rate_threshold: Ratio,
    },
}

/// The state that follows a half-open period without a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HalfOpenTimeout {
    /// Open again: a downstream that was not seen to be well is not taken to be well.
    #[default]
    Open,
    /// Closed: for a downstream that is called too seldom for probes to reach a verdict.
    Closed,
}

/// What a permit means that is dropped without an outcome.
///
/// # Examples
/// A timeout around the call drops the permit, and must count as a failure:
/// ```
/// use fusebox::{Config, DroppedPermit};
/// use std::time::Duration;
///
/// let config = Config::builder()
///     .failure_rate_threshold(0.5)
///     .dropped_permit(DroppedPermit::SlowFailureAfter(Duration::from_millis(1900))) // of 2 s
///     .build()?;
/// # let _ = config;
/// # Ok::<(), fusebox::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DroppedPermit {
    /// Nothing: the caller left.
    #[default]
    Neutral,
    /// A failure: callers leave because the downstream does not answer.
    Failure,
    /// Nothing if the permit is younger than this duration, and a slow failure from then on. A
    /// caller that leaves at once has changed its mind; one that leaves after a long wait had a
    /// reason. Above zero.
    SlowFailureAfter(Duration),
}

/// Whether calls may count before they end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InFlightCalls {
    /// Only outcomes count.
    #[default]
    CountWhenEnded,
    /// A call that is under way for longer than `slow_call_duration` counts as slow at once, so a
    /// downstream that hangs trips the breaker before the calls time out. The breaker checks when a
    /// caller asks for a permit, when a call ends, and in
    /// [`poll_transitions`](crate::Breaker::poll_transitions). Every call then takes the breaker's
    /// lock twice.
    CountWhenOverdue,
}

impl Default for Config {
    /// Trips when half of at least 20 calls within ten seconds fail; see [`ConfigBuilder`] for the
    /// other defaults.
    fn default() -> Self {
        Self::builder()
            .failure_rate_threshold(0.5)
            .build()
            .expect("the defaults are valid")
    }
}

impl Config {
    /// Returns a builder with no trip rule and every other setting at its default.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Config, DroppedPermit, HalfOpenTimeout, InFlightCalls, ProbeVerdict, Window};
    /// use std::time::Duration;
    ///
    /// let seconds = Duration::from_secs;
    /// let defaults = Config::builder().consecutive_failures(1).build()?;
    /// assert_eq!(defaults.failure_rate_threshold(), None);
    /// assert_eq!(defaults.slow_call_rate_threshold(), None);
    /// assert_eq!(defaults.slow_call_duration(), None);
    /// assert_eq!(defaults.in_flight_calls(), InFlightCalls::CountWhenEnded);
    /// assert_eq!(defaults.window(), Window::time(seconds(10), 10));
    /// assert_eq!(defaults.minimum_calls(), 20);
    /// assert_eq!(defaults.open_for(), seconds(5));
    /// assert_eq!(defaults.backoff_factor(), 2.0);
    /// assert_eq!(defaults.max_open_for(), seconds(60));
    /// assert_eq!(defaults.backoff_decay(), Some(seconds(60)));
    /// assert_eq!(defaults.jitter(), 0.1);
    /// assert_eq!(defaults.probe_verdict(), ProbeVerdict::Count { successes: 1, failures: 1 });
    /// assert_eq!(defaults.permitted_probes(), 1);
    /// assert_eq!(defaults.half_open_for(), Some(seconds(10)));
    /// assert_eq!(defaults.half_open_timeout(), HalfOpenTimeout::Open);
    /// assert_eq!(defaults.ramp_up_for(), None);
    /// assert_eq!(defaults.dropped_permit(), DroppedPermit::Neutral);
    /// # Ok::<(), fusebox::ConfigError>(())
    /// ```
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// Returns a builder with these settings, to make a config that differs in some of them.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Breaker, Config};
    /// use std::time::Duration;
    ///
    /// let breaker = Breaker::new("db", Config::default());
    /// let patient = breaker.config().to_builder().open_for(Duration::from_secs(30)).build()?;
    /// breaker.reconfigure(patient);
    /// assert_eq!(breaker.config().open_for(), Duration::from_secs(30));
    /// # Ok::<(), fusebox::ConfigError>(())
    /// ```
    pub fn to_builder(&self) -> ConfigBuilder {
        ConfigBuilder::of(self)
    }

    /// Returns how many failures in a row trip, if this rule is on.
    pub fn consecutive_failures(&self) -> Option<u32> {
        self.trip.consecutive_failures
    }

    /// Returns the failure ratio that trips, if this rule is on.
    pub fn failure_rate_threshold(&self) -> Option<Ratio> {
        self.trip.failure_ratio
    }

    /// Returns the ratio of slow calls that trips, if this rule is on.
    pub fn slow_call_rate_threshold(&self) -> Option<Ratio> {
        self.trip.slow_ratio
    }

    /// Returns the duration above which a call is slow, if slow calls are counted.
    pub fn slow_call_duration(&self) -> Option<Duration> {
        self.trip.slow_over
    }

    /// Returns the window of the ratio rules.
    pub fn window(&self) -> Window {
        self.trip.window
    }

    /// Returns how many calls the window must hold before its ratios count.
    pub fn minimum_calls(&self) -> u32 {
        self.trip.minimum_calls
    }

    /// Returns the first open period.
    pub fn open_for(&self) -> Duration {
        self.wait.base
    }

    /// Returns the factor by which each further open period is longer.
    pub fn backoff_factor(&self) -> f64 {
        self.wait.factor
    }

    /// Returns the longest open period.
    pub fn max_open_for(&self) -> Duration {
        self.wait.max
    }

    /// Returns the largest share of an open period by which jitter may shorten it.
    pub fn jitter(&self) -> f64 {
        self.wait.jitter
    }

    /// Returns how probes decide.
    pub fn probe_verdict(&self) -> ProbeVerdict {
        self.half_open.verdict
    }

    /// Returns how many probes may be under way at once.
    pub fn permitted_probes(&self) -> u32 {
        self.half_open.permits
    }

    /// Returns the longest half-open period, if it is limited.
    pub fn half_open_for(&self) -> Option<Duration> {
        self.half_open.deadline
    }

    /// Returns the state that follows a half-open period without a verdict.
    pub fn half_open_timeout(&self) -> HalfOpenTimeout {
        self.half_open.on_timeout
    }

    /// Returns the seed that makes the jitter repeatable, if one is set.
    pub fn jitter_seed(&self) -> Option<u64> {
        self.wait.jitter_seed
    }

    /// Returns the number of stripes that threads count in; `None` means one per processor.
    pub fn stripes(&self) -> Option<NonZeroUsize> {
        self.stripes
    }

    /// Returns whether calls may count before they end.
    pub fn in_flight_calls(&self) -> InFlightCalls {
        self.trip.in_flight
    }

    /// Returns the calm period that takes one level off the back-off. With `None`, closing resets
    /// the level.
    pub fn backoff_decay(&self) -> Option<Duration> {
        self.wait.decay
    }

    /// Returns how long the ramp after closing lasts, if there is one.
    pub fn ramp_up_for(&self) -> Option<Duration> {
        self.ramp_up_for
    }

    /// Returns what a dropped permit means.
    pub fn dropped_permit(&self) -> DroppedPermit {
        self.dropped
    }
}
