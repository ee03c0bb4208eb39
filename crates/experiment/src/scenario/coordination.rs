//! Coordination as a scenario writes it: a mode, an engine, and settings under their names in `fusebox_fleet`.
//!
//! A missing setting follows the breaker and the call timeout of the fleet, so a mode alone is enough for a sensible
//! fleet. `fusebox_fleet` checks all of them together.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use fusebox_fleet::{Evidence, Mode, OwnTrips, Settings, SettingsBuilder, UnknownMode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::breaker_settings::BreakerSettings;
use crate::values::{OrOff, Span};

/// The mode of coordination: a mode of `fusebox_fleet` by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoordinationMode(pub Mode);

impl CoordinationMode {
    /// Returns whether instances tell each other nothing.
    pub fn is_local(self) -> bool {
        self.0 == Mode::Local
    }
}

impl fmt::Display for CoordinationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CoordinationMode {
    type Err = UnknownMode;

    fn from_str(name: &str) -> Result<Self, UnknownMode> {
        name.parse().map(Self)
    }
}

impl Serialize for CoordinationMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CoordinationMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let mode = name.parse().map(Self);
        mode.map_err(|_| D::Error::unknown_variant(&name, &MODES))
    }
}

/// The names of the modes.
const MODES: [&str; Mode::ALL.len()] = {
    let mut names = [""; Mode::ALL.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = Mode::ALL[place].as_str();
        place += 1;
    }
    names
};

/// The place of the ledger, as far as a scenario states it. A server is given on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EngineKind {
    /// In the process that performs the scenario.
    #[default]
    Memory,
    /// At each instance: they gossip.
    Gossip,
}

impl EngineKind {
    /// Returns whether instances gossip instead of using one engine.
    pub fn is_gossip(self) -> bool {
        self == Self::Gossip
    }
}

impl Coordination {
    /// Checks for settings that the engine cannot carry out.
    ///
    /// # Errors
    ///
    /// The key, its value and what is allowed.
    pub(super) fn check_engine(&self) -> Result<(), String> {
        let mode = self.mode.0;
        if self.engine.is_gossip() && mode.dials().evidence == Evidence::Counts {
            return Err(format!(
                "coordination.mode: {mode} is not allowed with engine = \"gossip\", which does not merge counts of calls: \
                 write quorum or advisory, or engine = \"memory\""
            ));
        }
        Ok(())
    }
}

/// A setting in the form that `fusebox_fleet` takes.
trait Plain {
    type Plain;
    fn plain(self) -> Self::Plain;
}

impl Plain for Span {
    type Plain = Duration;
    fn plain(self) -> Duration {
        self.0
    }
}

impl Plain for u32 {
    type Plain = u32;
    fn plain(self) -> u32 {
        self
    }
}

impl Plain for f64 {
    type Plain = f64;
    fn plain(self) -> f64 {
        self
    }
}

macro_rules! coordination {
    ($($(#[$attribute:meta])* $name:ident: $type:ty,)*) => {
        /// Coordination as it is written; every key may be missing. A performer that knows more engines than a
        /// scenario may name has a type of its own for them.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Coordination<E = EngineKind> {
            /// The mode.
            pub mode: CoordinationMode,
            /// The place of the ledger.
            pub engine: E,
            $(
                $(#[$attribute])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )*
        }

        impl Coordination {
            /// The names of the settings.
            pub const SETTINGS: &[&str] = &[$(stringify!($name)),*];
        }

        impl<E> Coordination<E> {
            /// Returns the same with another engine.
            pub fn with_engine<F>(self, engine: F) -> Coordination<F> {
                Coordination {
                    mode: self.mode,
                    engine,
                    $($name: self.$name,)*
                }
            }

            fn says_no_setting(&self) -> bool {
                $(self.$name.is_none())&&*
            }

            fn with_own(&self, mut builder: SettingsBuilder) -> SettingsBuilder {
                $(if let Some(value) = self.$name {
                    builder = builder.$name(value.plain());
                })*
                builder
            }
        }
    };
}

coordination! {
    /// How many instances the fleet is meant to have; used only to refuse a quorum that it could never reach.
    fleet_size: u32,
    /// How often an instance reports.
    heartbeat: Span,
    /// How old a view may be before the instance goes on alone.
    stale_after: Span,
    /// How long an instance counts after its last report.
    member_for: Span,
    /// How long an instance waits for the engine; no call ever does.
    engine_timeout: Span,
    /// Failures in a row that make an instance suspect the downstream.
    suspicion_run: u32,
    /// How long an opinion lasts without a finished call.
    opinion_for: Span,
    /// The share of voters that opens the fleet.
    #[serde(deserialize_with = "crate::values::optional_share")]
    quorum_share: f64,
    /// The smallest number of votes that opens the fleet.
    minimum_votes: u32,
    /// How long a breaker has to be open while the fleet is fine before the failure is reported as localised.
    localised_after: Span,
    /// The open period from which the fleet's waits follow; that of the breaker.
    open_for: Span,
    /// The factor by which a failed probe makes the wait before the next one longer; that of the breaker.
    backoff_factor: f64,
    /// The share by which an instance that waits on its own varies its wait; that of the breaker.
    #[serde(deserialize_with = "crate::values::optional_share")]
    jitter: f64,
    /// How long a probe may take; the call timeout of the fleet.
    probe_timeout: Span,
    /// The shortest wait between two probes of the fleet.
    minimum_gap: Span,
    /// The longest wait between two probes of one instance; the longest open period of the breaker.
    longest_gap: Span,
    /// The longest lease that an instance asks for.
    longest_lease: Span,
    /// Good probes in a row that close the fleet.
    probes_to_close: u32,
    /// Within which time after a rejected call an instance asks for the lease.
    ask_within: Span,
    /// The time over which instances close after the fleet has.
    stagger: Span,
    /// How long an engine keeps a verdict that nobody reads.
    verdict_for: Span,
    /// Calls in one breaker's window, where counts are merged; those of the breaker.
    pool_window: u32,
    /// How many windows the merged one is long.
    pool_windows: u32,
    /// The share of failures in the merged window that opens the fleet; that of the breaker.
    #[serde(deserialize_with = "crate::values::optional_share")]
    pool_threshold: f64,
    /// How often counts are sent.
    pool_batch: Span,
    /// How long counts are evidence.
    pool_keep: Span,
}

impl<E> Coordination<E> {
    /// Returns the breaker's settings in this mode: in a contrast without trips of their own, breakers do not trip by
    /// themselves.
    pub fn breaker(&self, breaker: BreakerSettings) -> BreakerSettings {
        match self.mode.0.dials().own_trips {
            OwnTrips::On => breaker,
            OwnTrips::Off => without_own_trips(breaker),
        }
    }

    /// Returns the settings of a fleet with these breakers and this call timeout, all checked together.
    ///
    /// # Errors
    ///
    /// Every setting that is not allowed, with its key, its value and what is allowed.
    ///
    /// # Panics
    ///
    /// Never: the defaults are allowed.
    pub fn settings(
        &self,
        breaker: &BreakerSettings,
        call_timeout: Span,
    ) -> Result<Arc<Settings>, String> {
        if self.says_nothing() {
            // Nobody asks for them: what follows from the breaker is checked where it is used.
            let settings = Settings::builder(Mode::Local).build();
            return Ok(Arc::new(settings.expect("the defaults are allowed")));
        }
        let builder = self.with_own(self.following(breaker, call_timeout));
        builder.build().map(Arc::new).map_err(|error| {
            let faults = error.faults().iter();
            let faults: Vec<_> = faults.map(|it| format!("coordination.{it}")).collect();
            faults.join("; ")
        })
    }

    fn says_nothing(&self) -> bool {
        self.mode.is_local() && self.says_no_setting()
    }

    /// The builder, with the settings that follow from the breaker.
    fn following(&self, breaker: &BreakerSettings, call_timeout: Span) -> SettingsBuilder {
        let mut builder = Settings::builder(self.mode.0).probe_timeout(call_timeout.0);
        let open_for = self.open_for.or(breaker.open_for);
        if let Some(wait) = open_for {
            builder = builder.open_for(wait.0);
        }
        if let Some(factor) = breaker.backoff_factor {
            builder = builder.backoff_factor(factor);
        }
        if let Some(jitter) = breaker.jitter {
            builder = builder.jitter(jitter);
        }
        let calls = breaker.window_calls.and_then(OrOff::value);
        let share = breaker.failure_rate_threshold.and_then(OrOff::value);
        if let Some(calls) = calls {
            builder = builder.pool_window(calls);
        }
        if let Some(share) = share {
            builder = builder.pool_threshold(share.0);
        }
        if let Some(failures) = failures_to_trip(breaker) {
            builder = builder.suspicion_run_for(failures);
        }
        let probe = self.probe_timeout.unwrap_or(call_timeout).0;
        let least = self
            .minimum_gap
            .map_or(Duration::from_millis(250), |it| it.0);
        let first_gap = open_for
            .map_or(least, |it| it.0.max(least))
            .max(probe.saturating_mul(2));
        match breaker.max_open_for {
            Some(longest) => builder.longest_gap(longest.0.max(first_gap)),
            None => builder,
        }
    }
}

/// The smallest number of failures in a row that trips a breaker with a full window.
fn failures_to_trip(breaker: &BreakerSettings) -> Option<u32> {
    let calls = breaker.window_calls.and_then(OrOff::value);
    let calls = calls.or(breaker.minimum_calls);
    let share = breaker.failure_rate_threshold.and_then(OrOff::value);
    let by_share = calls.zip(share).map(|(calls, share)| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number lies between 0 and the number"
        )]
        let failures = (f64::from(calls) * share.0).ceil().max(1.0) as u32;
        failures
    });
    let in_a_row = breaker.consecutive_failures.and_then(OrOff::value);
    by_share.into_iter().chain(in_a_row).min()
}

/// The breaker of an instance that may not trip by itself, as a contrast requires: only the fleet opens it.
fn without_own_trips(breaker: BreakerSettings) -> BreakerSettings {
    BreakerSettings {
        // A breaker without any rule is refused; this one is never met.
        consecutive_failures: Some(OrOff::On(u32::MAX)),
        failure_rate_threshold: Some(OrOff::Off),
        slow_call_rate_threshold: Some(OrOff::Off),
        ..breaker
    }
}
