//! What do breakers look like at a scrape? One collector reads each breaker once.
//!
//! One snapshot per breaker and scrape keeps its series in agreement: the state that is 1, the
//! seconds spent in it and the transitions into it are of the same instant. All series exist from
//! the start, because an increase that begins with a series' birth is invisible to `increase()`.

use fusebox::{
    Breaker, Cause, Config, Outcome, ProbeVerdict, RejectReason, Snapshot, State, Window,
};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use crate::family::{Family, description};
use crate::names;
use crate::wall::unix_time;

/// Exports breakers. Register it once and give it every breaker of the process.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use telemetry::{BreakerCollector, Metrics};
///
/// let metrics = Metrics::new("1.0.0");
/// let breaker = Breaker::new("db", Config::default());
/// metrics.register(BreakerCollector::new(vec![breaker]));
/// let shown = metrics.expose(None).body;
/// assert!(shown.contains(r#"circuit_breaker_state{breaker="db",state="closed"} 1"#));
/// ```
pub struct BreakerCollector {
    breakers: Vec<Breaker>,
    descriptions: Vec<Desc>,
}

impl BreakerCollector {
    /// Exports `breakers`, whose names must differ.
    pub fn new(breakers: Vec<Breaker>) -> Self {
        let definitions = [
            names::STATE,
            names::TRANSITIONS,
            names::TRIPS,
            names::CALLS,
            names::FAST_FAILURES,
            names::SLOW_CALLS,
            names::STATE_SECONDS,
            names::WINDOW_FAILURE_RATIO,
            names::WINDOW_CALLS,
            names::OPEN_UNTIL,
            names::LAST_TRANSITION,
            names::CONFIG_INFO,
        ];
        Self {
            breakers,
            descriptions: definitions.iter().map(description).collect(),
        }
    }
}

impl Collector for BreakerCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = Families::new();
        for breaker in &self.breakers {
            families.add(&breaker.snapshot(), &breaker.config());
        }
        families.into_proto()
    }
}

/// The families while they are filled.
struct Families {
    state: Family,
    transitions: Family,
    trips: Family,
    calls: Family,
    fast_failures: Family,
    slow_calls: Family,
    state_seconds: Family,
    window_failure_ratio: Family,
    window_calls: Family,
    open_until: Family,
    last_transition: Family,
    config: Family,
}

impl Families {
    fn new() -> Self {
        Self {
            state: Family::new(&names::STATE),
            transitions: Family::new(&names::TRANSITIONS),
            trips: Family::new(&names::TRIPS),
            calls: Family::new(&names::CALLS),
            fast_failures: Family::new(&names::FAST_FAILURES),
            slow_calls: Family::new(&names::SLOW_CALLS),
            state_seconds: Family::new(&names::STATE_SECONDS),
            window_failure_ratio: Family::new(&names::WINDOW_FAILURE_RATIO),
            window_calls: Family::new(&names::WINDOW_CALLS),
            open_until: Family::new(&names::OPEN_UNTIL),
            last_transition: Family::new(&names::LAST_TRANSITION),
            config: Family::new(&names::CONFIG_INFO),
        }
    }

    fn add(&mut self, snapshot: &Snapshot, config: &Config) {
        let name = ("breaker", &*snapshot.name);
        self.add_states(name, snapshot);
        self.add_counters(name, snapshot);

        let window = snapshot.window;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a window holds far fewer than 2^52 calls"
        )]
        let (calls, failures) = (window.calls as f64, window.failures as f64);
        self.window_calls.push(&[name], calls);
        self.window_failure_ratio
            .push(&[name], if calls > 0.0 { failures / calls } else { 0.0 });

        let open_until = snapshot
            .open_until()
            .map_or(0.0, |until| unix_time(until, snapshot.at));
        self.open_until.push(&[name], open_until);
        self.last_transition
            .push(&[name], unix_time(snapshot.since, snapshot.at));
        self.add_config(name, config);
    }

    fn add_states(&mut self, name: (&str, &str), snapshot: &Snapshot) {
        for state in State::ALL.iter().copied() {
            let label = ("state", state.as_str());
            let is_in = if snapshot.state == state { 1.0 } else { 0.0 };
            self.state.push(&[name, label], is_in);
            let seconds = snapshot.totals.time_in(state).as_secs_f64();
            self.state_seconds.push(&[name, label], seconds);
            for to in State::ALL.iter().copied().filter(|&to| to != state) {
                self.transitions.push(
                    &[name, ("from", state.as_str()), ("to", to.as_str())],
                    count(snapshot.totals.transitions(state, to)),
                );
            }
        }
    }

    fn add_counters(&mut self, name: (&str, &str), snapshot: &Snapshot) {
        let totals = &snapshot.totals;
        for cause in Cause::TRIPS.iter().copied() {
            let label = ("rule", cause.as_str());
            self.trips.push(&[name, label], count(totals.trips(cause)));
        }
        for outcome in Outcome::ALL.iter().copied() {
            let label = ("outcome", outcome.as_str());
            self.calls
                .push(&[name, label], count(totals.calls(outcome)));
        }
        for reason in RejectReason::ALL.iter().copied() {
            let label = ("reason", reason.as_str());
            self.fast_failures
                .push(&[name, label], count(totals.rejections(reason)));
        }
        self.slow_calls.push(&[name], count(totals.slow_calls()));
    }

    fn add_config(&mut self, name: (&str, &str), config: &Config) {
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
        let values = [
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
        ];
        let mut labels = vec![name];
        labels.extend(
            names::CONFIG_INFO.labels[1..]
                .iter()
                .copied()
                .zip(values.iter().map(String::as_str)),
        );
        self.config.push(&labels, 1.0);
    }

    fn into_proto(self) -> Vec<MetricFamily> {
        [
            self.state,
            self.transitions,
            self.trips,
            self.calls,
            self.fast_failures,
            self.slow_calls,
            self.state_seconds,
            self.window_failure_ratio,
            self.window_calls,
            self.open_until,
            self.last_transition,
            self.config,
        ]
        .map(Family::into_proto)
        .into()
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in f64")]
fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::exposition::Metrics;
    use fusebox::ManualClock;

    use super::*;

    fn tripped() -> (Metrics, ManualClock, Breaker) {
        let config = Config::builder()
            .consecutive_failures(1)
            .open_for(Duration::from_secs(4))
            .jitter(0.0)
            .build()
            .unwrap();
        let clock = ManualClock::new();
        let breaker = Breaker::with_clock("db", config, clock.clone());
        let metrics = Metrics::new("1");
        metrics.register(BreakerCollector::new(vec![breaker.clone()]));
        (metrics, clock, breaker)
    }

    fn value(metrics: &Metrics, series: &str) -> String {
        let shown = metrics.expose(None).body;
        shown
            .lines()
            .find_map(|line| Some(line.strip_prefix(series)?.trim().to_owned()))
            .unwrap_or_else(|| panic!("no series {series}"))
    }

    #[test]
    fn exactly_one_state_is_one_and_all_are_there() {
        let (metrics, _, breaker) = tripped();

        for state in State::ALL.iter().copied() {
            let series = format!("circuit_breaker_state{{breaker=\"db\",state=\"{state}\"}}");
            let expected = if state == State::Closed { "1" } else { "0" };
            assert_eq!(value(&metrics, &series), expected, "{state}");
        }
        breaker.call(|| Err::<(), _>(())).unwrap_err();
        let open = "circuit_breaker_state{breaker=\"db\",state=\"open\"}";
        assert_eq!(value(&metrics, open), "1");
    }

    #[test]
    fn every_ordered_pair_of_states_has_a_transition_counter_at_zero() {
        let (metrics, _, _) = tripped();

        let pairs = metrics
            .expose(None)
            .body
            .lines()
            .filter(|line| line.starts_with("circuit_breaker_transitions_total{"))
            .filter(|line| line.ends_with(" 0"))
            .count();

        assert_eq!(pairs, 30);
    }

    #[test]
    fn state_seconds_are_exact_at_the_scrape_without_any_traffic() {
        let (metrics, clock, breaker) = tripped();
        clock.advance(Duration::from_millis(1500));
        breaker.call(|| Err::<(), _>(())).unwrap_err();
        clock.advance(Duration::from_millis(250));

        let seconds = |state: &str| {
            let series =
                format!("circuit_breaker_state_seconds_total{{breaker=\"db\",state=\"{state}\"}}");
            value(&metrics, &series)
        };

        assert_eq!(seconds("closed"), "1.5");
        assert_eq!(seconds("open"), "0.25");
    }

    #[test]
    fn the_end_of_the_open_period_is_a_unix_time() {
        let (metrics, _, breaker) = tripped();
        let series = "circuit_breaker_open_until_timestamp_seconds{breaker=\"db\"}";
        assert_eq!(value(&metrics, series), "0");

        breaker.call(|| Err::<(), _>(())).unwrap_err();

        let until: f64 = value(&metrics, series).parse().unwrap();
        let left = until - unix_time(Duration::ZERO, Duration::ZERO);
        assert!((3.0..=4.0).contains(&left), "{left}");
    }
}
