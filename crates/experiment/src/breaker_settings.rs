//! The settings of an instance's breaker. Every key may be missing; a later layer then supplies it.
//!
//! The same keys are used in settings files, in scenarios and, with the feature `cli`, as flags.

mod refusal;

use fusebox::{Config, ConfigBuilder, InFlightCalls, Window};
use serde::{Deserialize, Serialize};

use crate::values::{OrOff, Share, Span};

/// The settings of a breaker, as far as one layer states them.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[cfg_attr(feature = "cli", command(next_help_heading = "Breaker"))]
#[serde(deny_unknown_fields, default)]
pub struct BreakerSettings {
    /// Trip after this many failures in a row, or `off`
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "N", env = "BREAKER_LAB_CONSECUTIVE_FAILURES")
    )]
    pub consecutive_failures: Option<OrOff<u32>>,
    /// Trip when this share of the calls in the window failed (0 to 1), or `off`
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "SHARE", env = "BREAKER_LAB_FAILURE_RATE_THRESHOLD")
    )]
    pub failure_rate_threshold: Option<OrOff<Share>>,
    /// Trip when this share of the calls in the window was slow (0 to 1), or `off`
    #[cfg_attr(
        feature = "cli",
        arg(
            long,
            value_name = "SHARE",
            env = "BREAKER_LAB_SLOW_CALL_RATE_THRESHOLD"
        )
    )]
    pub slow_call_rate_threshold: Option<OrOff<Share>>,
    /// A call that takes longer than this counts as slow, or `off`
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "TIME", env = "BREAKER_LAB_SLOW_CALL_DURATION")
    )]
    pub slow_call_duration: Option<OrOff<Span>>,
    /// Number of calls in the window, or `off` for a window of time
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "N", env = "BREAKER_LAB_WINDOW_CALLS")
    )]
    pub window_calls: Option<OrOff<u32>>,
    /// Length of a window of time, used when `window-calls` is off
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "TIME", env = "BREAKER_LAB_WINDOW_LENGTH")
    )]
    pub window_length: Option<Span>,
    /// Number of steps in which old calls leave a window of time
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "N", env = "BREAKER_LAB_WINDOW_BUCKETS")
    )]
    pub window_buckets: Option<u32>,
    /// Fewest calls in the window before its shares can trip the breaker; a smaller window must be full
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "N", env = "BREAKER_LAB_MINIMUM_CALLS")
    )]
    pub minimum_calls: Option<u32>,
    /// Length of the first open period
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "TIME", env = "BREAKER_LAB_OPEN_FOR")
    )]
    pub open_for: Option<Span>,
    /// Factor by which each further open period is longer
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "FACTOR", env = "BREAKER_LAB_BACKOFF_FACTOR")
    )]
    pub backoff_factor: Option<f64>,
    /// Longest open period
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "TIME", env = "BREAKER_LAB_MAX_OPEN_FOR")
    )]
    pub max_open_for: Option<Span>,
    /// Calm time after closing that takes one level off the back-off; `off` if closing resets it
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "TIME", env = "BREAKER_LAB_BACKOFF_DECAY")
    )]
    pub backoff_decay: Option<OrOff<Span>>,
    /// Largest random share by which an open period is shortened (0 to 0.5)
    #[cfg_attr(
        feature = "cli",
        arg(
            long,
            value_name = "SHARE",
            env = "BREAKER_LAB_JITTER",
            value_parser = crate::values::read_share
        )
    )]
    #[serde(deserialize_with = "crate::values::optional_share")]
    pub jitter: Option<f64>,
    /// Successful probes that close the breaker
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "N", env = "BREAKER_LAB_PROBE_SUCCESSES")
    )]
    pub probe_successes: Option<u32>,
    /// Failed probes that reopen the breaker
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "N", env = "BREAKER_LAB_PROBE_FAILURES")
    )]
    pub probe_failures: Option<u32>,
    /// Most probes under way at the same time
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "N", env = "BREAKER_LAB_PERMITTED_PROBES")
    )]
    pub permitted_probes: Option<u32>,
    /// Longest half-open period, after which the breaker reopens
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "TIME", env = "BREAKER_LAB_HALF_OPEN_FOR")
    )]
    pub half_open_for: Option<Span>,
    /// How long after closing only a growing share of calls is permitted, or `off`
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "TIME", env = "BREAKER_LAB_RAMP_UP_FOR")
    )]
    pub ramp_up_for: Option<OrOff<Span>>,
    /// When calls count as slow: `when-ended`, or `when-overdue` while they are still under way
    #[cfg_attr(
        feature = "cli",
        arg(long, value_name = "WHEN", env = "BREAKER_LAB_IN_FLIGHT_CALLS")
    )]
    pub in_flight_calls: Option<InFlight>,
}

/// Whether calls count before they end.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum InFlight {
    /// A call counts once it has ended.
    WhenEnded,
    /// A call that takes too long counts as slow before it ends.
    WhenOverdue,
}

fn is_some_on(span: Option<OrOff<Span>>) -> bool {
    span.and_then(OrOff::value).is_some()
}

impl BreakerSettings {
    /// These settings, with the lab's defaults where they say nothing.
    pub fn settled(self) -> Self {
        let defaults = Self::defaults();
        // A longer first period moves the longest one along, unless that is stated too.
        let max_open_for = self
            .max_open_for
            .or(self.open_for.max(defaults.max_open_for));
        Self {
            max_open_for,
            ..self.over(defaults)
        }
    }

    /// The lab's defaults: short times, so that a minute shows what a day would.
    fn defaults() -> Self {
        let span = |millis| Some(Span(std::time::Duration::from_millis(millis)));
        Self {
            consecutive_failures: Some(OrOff::On(5)),
            failure_rate_threshold: Some(OrOff::On(Share(0.5))),
            slow_call_rate_threshold: Some(OrOff::Off),
            slow_call_duration: Some(OrOff::Off),
            window_calls: Some(OrOff::On(20)),
            window_length: span(10_000),
            window_buckets: Some(10),
            minimum_calls: Some(10),
            open_for: span(1_500),
            backoff_factor: Some(1.5),
            max_open_for: span(4_000),
            backoff_decay: Some(OrOff::Off),
            jitter: Some(0.2),
            probe_successes: Some(2),
            probe_failures: Some(1),
            permitted_probes: Some(1),
            half_open_for: span(5_000),
            ramp_up_for: Some(OrOff::Off),
            in_flight_calls: Some(InFlight::WhenEnded),
        }
    }

    /// These settings, with those of `lower` where they say nothing.
    pub fn over(self, lower: Self) -> Self {
        Self {
            consecutive_failures: self.consecutive_failures.or(lower.consecutive_failures),
            failure_rate_threshold: self.failure_rate_threshold.or(lower.failure_rate_threshold),
            slow_call_rate_threshold: self
                .slow_call_rate_threshold
                .or(lower.slow_call_rate_threshold),
            slow_call_duration: self.slow_call_duration.or(lower.slow_call_duration),
            window_calls: self.window_calls.or(lower.window_calls),
            window_length: self.window_length.or(lower.window_length),
            window_buckets: self.window_buckets.or(lower.window_buckets),
            minimum_calls: self.minimum_calls.or(lower.minimum_calls),
            open_for: self.open_for.or(lower.open_for),
            backoff_factor: self.backoff_factor.or(lower.backoff_factor),
            max_open_for: self.max_open_for.or(lower.max_open_for),
            backoff_decay: self.backoff_decay.or(lower.backoff_decay),
            jitter: self.jitter.or(lower.jitter),
            probe_successes: self.probe_successes.or(lower.probe_successes),
            probe_failures: self.probe_failures.or(lower.probe_failures),
            permitted_probes: self.permitted_probes.or(lower.permitted_probes),
            half_open_for: self.half_open_for.or(lower.half_open_for),
            ramp_up_for: self.ramp_up_for.or(lower.ramp_up_for),
            in_flight_calls: self.in_flight_calls.or(lower.in_flight_calls),
        }
    }

    /// These settings, which are in force, after a change of those that `change` states. The longest open period moves
    /// along with the first one as in [`settled`](Self::settled), unless one of the two states it otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// use experiment::breaker_settings::BreakerSettings;
    ///
    /// let now = BreakerSettings::default().settled();
    /// let change = BreakerSettings { open_for: Some("9s".parse()?), ..BreakerSettings::default() };
    /// assert_eq!(now.changed_by(change).max_open_for, Some("9s".parse()?));
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn changed_by(self, change: Self) -> Self {
        // What the first period alone has made of it is not stated.
        let unstated = Self {
            max_open_for: None,
            ..self
        };
        let moves_along = unstated.settled().max_open_for == self.settled().max_open_for;
        change
            .over(if moves_along { unstated } else { self })
            .settled()
    }

    /// What is stated otherwise here than in `before`, as it is written: `open_for = 3s, jitter = 0`. Empty where nothing
    /// is.
    ///
    /// # Examples
    ///
    /// ```
    /// use experiment::breaker_settings::BreakerSettings;
    ///
    /// let before = BreakerSettings::default().settled();
    /// let change = BreakerSettings { open_for: Some("3s".parse()?), ..BreakerSettings::default() };
    /// assert_eq!(before.changed_by(change).differences(before), "open_for = 3s");
    /// # Ok::<(), String>(())
    /// ```
    pub fn differences(self, before: Self) -> String {
        let written = |settings: Self| toml::Table::try_from(settings).unwrap_or_default();
        let (now, before) = (written(self), written(before));
        let different = now
            .iter()
            .filter(|(key, value)| before.get(*key) != Some(value));
        let words = different.map(|(key, value)| match value.as_str() {
            Some(text) => format!("{key} = {text}"),
            None => format!("{key} = {value}"),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The breaker's configuration, with chance from `seed`.
    ///
    /// # Errors
    ///
    /// Each setting that is not allowed, alone or beside the others.
    pub fn config(&self, seed: u64) -> Result<Config, String> {
        let builder = Config::builder().jitter_seed(seed);
        let config = self.recovery(self.trip(builder)).build();
        config.map_err(|error| refusal::refusal(&error))
    }

    /// Why the setting with this key (`breaker.window_length`) does nothing beside these, where one of them is known to
    /// stand before it. Settings that are not stated are taken for the defaults.
    ///
    /// # Examples
    ///
    /// ```
    /// use experiment::breaker_settings::BreakerSettings;
    ///
    /// let why = BreakerSettings::default().why_idle("breaker.window_length").unwrap();
    /// assert!(why.starts_with("breaker.window_calls is in force"), "{why}");
    /// assert_eq!(BreakerSettings::default().why_idle("breaker.open_for"), None);
    /// ```
    pub fn why_idle(&self, key: &str) -> Option<String> {
        let settings = self.settled();
        let (before, name) = key.rsplit_once('.')?;
        let is_on = |share: Option<OrOff<Share>>| share.and_then(OrOff::value).is_some();
        let counts =
            is_on(settings.failure_rate_threshold) || is_on(settings.slow_call_rate_threshold);
        let in_a_row = settings.consecutive_failures.and_then(OrOff::value);
        let calls = settings.window_calls.and_then(OrOff::value);
        match name {
            "window_length" | "window_buckets" if calls.is_some() => Some(format!(
                "{before}.window_calls is in force; write --set {before}.window_calls=off for a window of time"
            )),
            "window_calls" | "window_length" | "window_buckets" | "minimum_calls" if !counts => Some(
                "failure_rate_threshold and slow_call_rate_threshold are off, so that the window has no effect"
                    .to_owned(),
            ),
            "window_calls" | "window_length" | "window_buckets" | "minimum_calls"
            | "failure_rate_threshold" => in_a_row.map(|failures| {
                format!(
                    "{before}.consecutive_failures = {failures} trips first; write --set \
                     {before}.consecutive_failures=off to let the window decide"
                )
            }),
            "backoff_factor" | "max_open_for" | "backoff_decay"
                if settings.max_open_for <= settings.open_for =>
            {
                Some("max_open_for is no longer than open_for, so that open periods cannot grow".to_owned())
            }
            "max_open_for" if settings.backoff_factor == Some(1.0) => {
                Some("backoff_factor = 1 makes no open period longer".to_owned())
            }
            "slow_call_rate_threshold" if !is_some_on(settings.slow_call_duration) => {
                Some("slow_call_duration is off, so that no call counts as slow".to_owned())
            }
            _ => None,
        }
    }

    fn trip(&self, mut builder: ConfigBuilder) -> ConfigBuilder {
        if let Some(failures) = self.consecutive_failures.and_then(OrOff::value) {
            builder = builder.consecutive_failures(failures);
        }
        if let Some(share) = self.failure_rate_threshold.and_then(OrOff::value) {
            builder = builder.failure_rate_threshold(share.0);
        }
        if let Some(share) = self.slow_call_rate_threshold.and_then(OrOff::value) {
            builder = builder.slow_call_rate_threshold(share.0);
        }
        if let Some(limit) = self.slow_call_duration.and_then(OrOff::value) {
            builder = builder.slow_call_duration(limit.0);
        }
        if let Some(calls) = self.window_calls.and_then(OrOff::value) {
            builder = builder.window(Window::count(calls));
        } else if let (Some(length), Some(buckets)) = (self.window_length, self.window_buckets) {
            builder = builder.window(Window::time(length.0, buckets));
        }
        if let Some(calls) = self.minimum_calls {
            builder = builder.minimum_calls(calls);
        }
        if self.in_flight_calls == Some(InFlight::WhenOverdue) {
            builder = builder.in_flight_calls(InFlightCalls::CountWhenOverdue);
        }
        builder
    }

    fn recovery(&self, mut builder: ConfigBuilder) -> ConfigBuilder {
        if let Some(wait) = self.open_for {
            builder = builder.open_for(wait.0);
        }
        if let Some(factor) = self.backoff_factor {
            builder = builder.backoff_factor(factor);
        }
        if let Some(wait) = self.max_open_for {
            builder = builder.max_open_for(wait.0);
        }
        if let Some(decay) = self.backoff_decay {
            builder = builder.backoff_decay(decay.value().map(|calm| calm.0));
        }
        if let Some(share) = self.jitter {
            builder = builder.jitter(share);
        }
        if let (Some(good), Some(bad)) = (self.probe_successes, self.probe_failures) {
            builder = builder.probe_count(good, bad);
        }
        if let Some(probes) = self.permitted_probes {
            builder = builder.permitted_probes(probes);
        }
        if let Some(deadline) = self.half_open_for {
            builder = builder.half_open_for(deadline.0);
        }
        if let Some(ramp) = self.ramp_up_for {
            builder = builder.ramp_up_for(ramp.value().map(|period| period.0));
        }
        builder
    }
}
