//! The source of the page: whoever performs a run describes it once, and says at each look what is new.
//!
//! The page knows nothing of how a run is performed; this is all that it asks for.

use std::time::Duration;

use experiment::fleet::Change;
use experiment::load::Second;
use fusebox::{Config, State, Window};
use serde::Serialize;

use super::standing::{Coordination, FleetNote, Standing};
use crate::load::LoadView;
use crate::settings::BreakerSettings;
use crate::unreliable::PlanChange;

/// A run that can be shown.
pub(crate) trait Source: Send + 'static {
    /// The run as it is now.
    fn description(&self) -> Description;

    /// What is so now, and what has come since the last look.
    fn look(&mut self) -> Moment;
}

/// A run: what stays the same of it, and what is set now.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Description {
    pub(crate) seed: u64,
    /// Requests per second that the load asked for at the start.
    pub(crate) rate: f64,
    /// What is asked of the load now.
    pub(crate) load: LoadView,
    /// When the run ends, if it does.
    pub(crate) until_s: Option<f64>,
    /// From which probability of failure on the downstream counts as unhealthy.
    pub(crate) unhealthy_at: f64,
    /// Where the unreliable service takes orders, whatever its faults do.
    pub(crate) downstream: String,
    /// How the instances decide together, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coordination: Option<Coordination>,
    pub(crate) instances: Vec<Described>,
}

/// One instance: what stays the same of it, and what is set now.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Described {
    pub(crate) name: String,
    /// The state at the start.
    pub(crate) began: State,
    pub(crate) url: String,
    /// Whether nobody has stopped it.
    pub(crate) running: bool,
    /// What explains the breaker.
    pub(crate) breaker: Rules,
    /// All settings of the breaker, as operators write them.
    pub(crate) settings: BreakerSettings,
}

/// The settings of a breaker that explain what it does.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Rules {
    consecutive_failures: Option<u32>,
    failure_ratio: Option<f64>,
    slow_ratio: Option<f64>,
    slow_over_s: Option<f64>,
    window_calls: Option<u32>,
    window_s: Option<f64>,
    minimum_calls: u32,
    open_for_s: f64,
    max_open_for_s: f64,
    permitted_probes: u32,
}

impl From<&Config> for Rules {
    fn from(config: &Config) -> Self {
        let (window_calls, window_s) = match config.window() {
            Window::Count { calls } => (Some(calls), None),
            Window::Time { length, .. } => (None, Some(length.as_secs_f64())),
            _ => (None, None),
        };
        Self {
            consecutive_failures: config.consecutive_failures(),
            failure_ratio: config.failure_rate_threshold().map(fusebox::Ratio::as_f64),
            slow_ratio: config
                .slow_call_rate_threshold()
                .map(fusebox::Ratio::as_f64),
            slow_over_s: config.slow_call_duration().map(|over| over.as_secs_f64()),
            window_calls,
            window_s,
            minimum_calls: config.minimum_calls(),
            open_for_s: config.open_for().as_secs_f64(),
            max_open_for_s: config.max_open_for().as_secs_f64(),
            permitted_probes: config.permitted_probes(),
        }
    }
}

/// A run at one instant. Times are seconds since its start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    pub(crate) at: Duration,
    /// One row for each instance.
    pub(crate) rows: Vec<Row>,
    /// Changes of state since the last look, each with the place of its instance.
    pub(crate) changes: Vec<(usize, Change)>,
    /// Changes of the truth since then.
    pub(crate) truths: Vec<TruthStep>,
    /// Phases of the fault plan that have begun since then.
    pub(crate) phases: Vec<PhaseStart>,
    /// The seconds that have ended since then.
    pub(crate) latencies: Vec<SecondLatencies>,
    /// How instances stand in their fleet, of those for which that has changed.
    pub(crate) standings: Vec<Standing>,
    /// What has happened to them there since the last look.
    pub(crate) notes: Vec<FleetNote>,
    /// Changes of the fault plan since then.
    pub(crate) plans: Vec<PlanStep>,
    /// Settings of breakers that hold now and did not at the last look; all of them at the first.
    pub(crate) settings: Vec<SettingsStep>,
    /// Instances that have been stopped or started since then.
    pub(crate) turns: Vec<TurnStep>,
    /// What was asked of the load since then, each time something else; at the first look what is asked then.
    pub(crate) loads: Vec<LoadStep>,
    /// How the instances decide, where that has changed since the last look; at the first, how they do.
    pub(crate) decisions: Vec<CoordinationStep>,
}

/// From `at_s` on a breaker works by other settings. Written down it is `[at_s, instance, rules, settings]`.
#[derive(Clone, Debug)]
pub(crate) struct SettingsStep {
    pub(crate) at_s: f64,
    /// The place of its instance.
    pub(crate) instance: usize,
    pub(crate) rules: Rules,
    pub(crate) settings: BreakerSettings,
    /// What is different; nothing at the start.
    pub(crate) different: String,
}

/// From `at_s` on the instances decide in this mode, over this engine. Written down it is `[at_s, mode, engine]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CoordinationStep {
    pub(crate) at_s: f64,
    pub(crate) mode: &'static str,
    /// None in local mode.
    pub(crate) engine: Option<&'static str>,
    /// What is different; nothing at the start.
    pub(crate) different: String,
}

/// From `at_s` on something else is asked of the load.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LoadStep {
    pub(crate) at_s: f64,
    pub(crate) load: LoadView,
}

/// From `at_s` on another fault plan is in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PlanStep {
    pub(crate) at_s: f64,
    pub(crate) change: PlanChange,
}

/// From `at_s` on an instance works, or does not. Written down it is `[at_s, instance, running]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct TurnStep(pub(crate) f64, pub(crate) usize, pub(crate) bool);

/// One instance since the last look: answers that clients got, and what its window holds now.
///
/// Written down it is `[ok, failed, fast_failed, timed_out, calls, failures, in_a_row]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Row(pub(crate) [u64; 7]);

impl Row {
    /// This row and a later one as one: counts add up, of the window the later figures hold.
    pub(super) fn followed_by(self, later: Self) -> Self {
        let [ok, failed, fast, timeouts, ..] = self.0;
        let [
            more_ok,
            more_failed,
            more_fast,
            more_timeouts,
            calls,
            failures,
            in_a_row,
        ] = later.0;
        Self([
            ok + more_ok,
            failed + more_failed,
            fast + more_fast,
            timeouts + more_timeouts,
            calls,
            failures,
            in_a_row,
        ])
    }
}

/// From `at_s` on a call of these instances would fail with probability `p_fail`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TruthStep {
    pub(crate) at_s: f64,
    pub(crate) p_fail: f64,
    /// The places of the instances; all of them where there are none.
    pub(crate) of: Vec<usize>,
}

/// A phase of the fault plan begins. Written down it is `[from_s, name]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PhaseStart(pub(crate) f64, pub(crate) String);

/// The response times of one second: its number, and for each instance the median and the 99th percentile in
/// milliseconds; 0 where nobody answered, -1 where an answer never came.
///
/// Written down it is `[second, [[p50, p99], …]]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SecondLatencies(pub(crate) u64, pub(crate) Vec<[f64; 2]>);

impl From<&Second> for SecondLatencies {
    fn from(second: &Second) -> Self {
        let millis = |seconds: Option<f64>| match seconds {
            None => 0.0,
            Some(never) if never.is_infinite() => -1.0,
            Some(seconds) => (seconds * 1e5).round() / 100.0,
        };
        let targets = second.targets.iter().chain(&second.all);
        let quantiles = targets.map(|one| [millis(one.p50_s), millis(one.p99_s)]);
        Self(second.second, quantiles.collect())
    }
}
