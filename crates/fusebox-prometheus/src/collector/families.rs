//! The families of a scrape while they are filled, breaker by breaker.

use fusebox::{Config, ProbeVerdict, Window, WindowFigures};
use prometheus::proto::MetricFamily;

use super::counts::{Counted, Counts, states};
use super::reading::Seen;
use super::source::Figures;
use super::sum::Sum;
use crate::family::Family;
use crate::names::{self, Definition};
use crate::wall::WallTimes;

/// The label that identifies the breaker.
type Name<'a> = (&'static str, &'a str);

/// Each family once: its field, and its definition in [`names`].
macro_rules! families {
    ($($family:ident: $definition:ident,)*) => {
        pub(super) struct Families {
            $($family: Family,)*
        }

        impl Families {
            /// What a collector announces.
            pub(super) const DEFINITIONS: &[Definition] = &[$(names::$definition),*];

            pub(super) const fn new() -> Self {
                Self {
                    $($family: Family::new(&names::$definition),)*
                }
            }

            pub(super) fn into_proto(self) -> Vec<MetricFamily> {
                [$(self.$family),*].map(Family::into_proto).into()
            }
        }
    };
}

families! {
    state: STATE,
    transitions: TRANSITIONS,
    trips: TRIPS,
    calls: CALLS,
    fast_failures: FAST_FAILURES,
    slow_calls: SLOW_CALLS,
    state_seconds: STATE_SECONDS,
    window_failure_ratio: WINDOW_FAILURE_RATIO,
    window_calls: WINDOW_CALLS,
    open_until: OPEN_UNTIL,
    last_transition: LAST_TRANSITION,
    config: CONFIG_INFO,
    registry_breakers: REGISTRY_BREAKERS,
    registry_capacity: REGISTRY_CAPACITY,
    registry_evictions: REGISTRY_EVICTIONS,
    registry_removals: REGISTRY_REMOVALS,
    registry_refusals: REGISTRY_REFUSALS,
}

impl Families {
    /// Makes room for this many breakers in families with many series per breaker.
    pub(super) fn reserve(&mut self, breakers: usize) {
        for (family, series) in [
            (&mut self.transitions, 30),
            (&mut self.trips, 7),
            (&mut self.state, 6),
            (&mut self.state_seconds, 6),
            (&mut self.calls, 5),
            (&mut self.fast_failures, 4),
        ] {
            family.reserve(breakers * series);
        }
    }

    /// Adds one breaker whose series show `counts`, and whose instants have these `times`.
    pub(super) fn add(&mut self, seen: &Seen, counts: &Counts, times: &WallTimes) {
        let snapshot = &seen.snapshot;
        let name = ("breaker", &*snapshot.name);
        for state in states() {
            let is_in = f64::from(u8::from(snapshot.state == state));
            self.state.push(&[name, ("state", state.as_str())], is_in);
        }
        self.add_counts(name, counts);
        self.add_window(name, snapshot.window);
        let date = |at| times.by_origin(at, seen.origin);
        let open_until = snapshot.open_until().map_or(0.0, date);
        self.open_until.push(&[name], open_until);
        self.last_transition.push(&[name], date(snapshot.since));
        self.add_config(name, &seen.config);
    }

    /// Adds many breakers as one. They have no common instants and no common settings.
    pub(super) fn add_sum(&mut self, sum: &Sum, counts: &Counts) {
        let name = ("breaker", super::OTHER);
        for (state, breakers) in states().zip(&sum.in_state) {
            let label = ("state", state.as_str());
            self.state.push(&[name, label], number(*breakers));
        }
        self.add_counts(name, counts);
        self.add_window(name, sum.window);
    }

    /// Adds a registry, in addition to its breakers.
    pub(super) fn add_registry(&mut self, registry: &str, figures: Figures) {
        let labels = [("registry", registry)];
        for (family, figure) in [
            (&mut self.registry_breakers, figures.breakers as u64),
            (&mut self.registry_capacity, figures.capacity as u64),
            (&mut self.registry_evictions, figures.evictions),
            (&mut self.registry_removals, figures.removals),
            (&mut self.registry_refusals, figures.refusals),
        ] {
            family.push(&labels, number(figure));
        }
    }

    fn add_counts(&mut self, name: Name<'_>, counts: &Counts) {
        for (counted, count) in counts.numbers() {
            let count = number(count);
            match counted {
                Counted::Transition(from, to) => self
                    .transitions
                    .push(&[name, ("from", from.as_str()), ("to", to.as_str())], count),
                Counted::Trip(cause) => {
                    self.trips.push(&[name, ("rule", cause.as_str())], count);
                }
                Counted::Call(outcome) => {
                    let label = ("outcome", outcome.as_str());
                    self.calls.push(&[name, label], count);
                }
                Counted::Rejection(reason) => {
                    let label = ("reason", reason.as_str());
                    self.fast_failures.push(&[name, label], count);
                }
                Counted::SlowCall => self.slow_calls.push(&[name], count),
            }
        }
        for (state, time) in counts.times() {
            let label = ("state", state.as_str());
            self.state_seconds.push(&[name, label], time.as_secs_f64());
        }
    }

    fn add_window(&mut self, name: Name<'_>, window: WindowFigures) {
        let (calls, failures) = (number(window.calls), number(window.failures));
        self.window_calls.push(&[name], calls);
        let ratio = if calls > 0.0 { failures / calls } else { 0.0 };
        self.window_failure_ratio.push(&[name], ratio);
    }

    fn add_config(&mut self, name: Name<'_>, config: &Config) {
        let values = settings(config);
        let mut labels = vec![name];
        labels.extend(
            names::CONFIG_INFO.labels[1..]
                .iter()
                .copied()
                .zip(values.iter().map(String::as_str)),
        );
        self.config.push(&labels, 1.0);
    }
}

/// The values of the labels for a breaker's settings, in order.
fn settings(config: &Config) -> [String; 15] {
    let optional = |value: Option<String>| value.unwrap_or_else(|| "off".to_owned());
    let window = match config.window() {
        Window::Count { calls } => format!("{calls} calls"),
        Window::Time { length, buckets } => format!("{length:?} in {buckets} buckets"),
        other => format!("{other:?}"),
    };
    let probes = match config.probe_verdict() {
        ProbeVerdict::Count {
            successes,
            failures,
        } => format!("{successes} good close, {failures} bad reopen"),
        ProbeVerdict::Ratio {
            trial,
            failure_rate_threshold,
        } => format!("{failure_rate_threshold} bad of {trial} reopen"),
        other => format!("{other:?}"),
    };
    [
        optional(config.consecutive_failures().map(|n| n.to_string())),
        optional(config.failure_rate_threshold().map(|r| r.to_string())),
        optional(config.slow_call_rate_threshold().map(|r| r.to_string())),
        optional(config.slow_call_duration().map(|d| format!("{d:?}"))),
        window,
        config.minimum_calls().to_string(),
        format!("{:?}", config.open_for()),
        config.backoff_factor().to_string(),
        format!("{:?}", config.max_open_for()),
        config.jitter().to_string(),
        probes,
        config.permitted_probes().to_string(),
        optional(config.half_open_for().map(|d| format!("{d:?}"))),
        optional(config.backoff_decay().map(|d| format!("{d:?}"))),
        optional(config.ramp_up_for().map(|d| format!("{d:?}"))),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in f64")]
fn number(count: u64) -> f64 {
    count as f64
}
