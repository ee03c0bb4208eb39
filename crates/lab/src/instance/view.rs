//! The answer of `GET /breaker`: a snapshot in JSON, with wall times.

use std::collections::BTreeMap;
use std::time::Duration;

use fusebox::{Cause, Outcome, RejectReason, Snapshot, State, Transition, WindowFigures};
use serde::Serialize;
use telemetry::WallTimes;

use super::fleet_view::FleetView;
use crate::settings::BreakerSettings;

/// A breaker at one instant. Fields with `_at` or `_until` are Unix times in seconds.
#[derive(Debug, Serialize)]
pub(super) struct BreakerView<'a> {
    instance: &'a str,
    breaker: &'a str,
    state: &'static str,
    generation: u64,
    since: f64,
    in_state_ms: u128,
    open_until: Option<f64>,
    retry_after_ms: u128,
    deadline: Option<f64>,
    openings: u32,
    consecutive_failures: u32,
    window: WindowView,
    failure_ratio: Option<f64>,
    slow_ratio: Option<f64>,
    probes: ProbesView,
    calls: BTreeMap<&'static str, u64>,
    rejections: BTreeMap<&'static str, u64>,
    trips: BTreeMap<&'static str, u64>,
    slow_calls: u64,
    would_trip: u64,
    state_seconds: BTreeMap<&'static str, f64>,
    transitions: Vec<TransitionView>,
    /// All settings in force, as `PATCH /breaker/settings` takes them.
    settings: BreakerSettings,
    /// None where the instance decides alone.
    fleet: Option<FleetView>,
}

#[derive(Debug, Serialize)]
struct WindowView {
    calls: u64,
    failures: u64,
    slow: u64,
}

#[derive(Debug, Serialize)]
struct ProbesView {
    in_flight: u32,
    free: u32,
}

#[derive(Debug, Serialize)]
struct TransitionView {
    from: &'static str,
    to: &'static str,
    cause: &'static str,
    at: f64,
    generation: u64,
    consecutive_failures: u32,
    window: WindowView,
    open_for_ms: Option<u128>,
}

impl<'a> BreakerView<'a> {
    pub(super) fn new(
        (instance, snapshot): (&'a str, &'a Snapshot),
        times: &WallTimes,
        fleet: Option<FleetView>,
    ) -> Self {
        let totals = &snapshot.totals;
        let date = |at: Duration| times.unix_time(at, snapshot.at);
        Self {
            instance,
            breaker: &snapshot.name,
            state: snapshot.state.as_str(),
            generation: snapshot.generation.get(),
            since: date(snapshot.since),
            in_state_ms: snapshot.at.saturating_sub(snapshot.since).as_millis(),
            open_until: snapshot.open_until().map(date),
            retry_after_ms: snapshot.retry_after().as_millis(),
            deadline: snapshot.deadline.map(date),
            openings: snapshot.openings,
            consecutive_failures: snapshot.consecutive_failures,
            window: snapshot.window.into(),
            failure_ratio: snapshot.failure_ratio,
            slow_ratio: snapshot.slow_ratio,
            probes: ProbesView {
                in_flight: snapshot.probes_in_flight,
                free: snapshot.probes_free,
            },
            calls: Outcome::ALL
                .iter()
                .copied()
                .map(|it| (it.as_str(), totals.calls(it)))
                .collect(),
            rejections: RejectReason::ALL
                .iter()
                .copied()
                .map(|it| (it.as_str(), totals.rejections(it)))
                .collect(),
            trips: Cause::TRIPS
                .iter()
                .copied()
                .map(|it| (it.as_str(), totals.trips(it)))
                .collect(),
            slow_calls: totals.slow_calls(),
            would_trip: totals.would_trip(),
            state_seconds: State::ALL
                .iter()
                .copied()
                .map(|it| (it.as_str(), totals.time_in(it).as_secs_f64()))
                .collect(),
            transitions: snapshot
                .transitions
                .iter()
                .map(|transition| TransitionView::new(transition, date(transition.at)))
                .collect(),
            settings: BreakerSettings::default(),
            fleet,
        }
    }

    pub(super) fn with_settings(mut self, settings: BreakerSettings) -> Self {
        self.settings = settings;
        self
    }
}

impl TransitionView {
    fn new(transition: &Transition, at: f64) -> Self {
        Self {
            from: transition.from.as_str(),
            to: transition.to.as_str(),
            cause: transition.cause.as_str(),
            at,
            generation: transition.generation.get(),
            consecutive_failures: transition.consecutive_failures,
            window: transition.window.into(),
            open_for_ms: transition.open_for.map(|wait| wait.as_millis()),
        }
    }
}

impl From<WindowFigures> for WindowView {
    fn from(figures: WindowFigures) -> Self {
        Self {
            calls: figures.calls,
            failures: figures.failures,
            slow: figures.slow,
        }
    }
}
