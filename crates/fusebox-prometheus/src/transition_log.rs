//! Transitions as `tracing` events: one line per transition where a subscriber writes lines.

use fusebox::{Event, Listener, Transition, WouldTrip};

/// The target of the events, for filters such as `RUST_LOG=circuit_breaker=info`.
const TARGET: &str = "circuit_breaker";

/// A listener that makes a `tracing` event of each transition, at level `INFO`. One listener serves
/// all breakers.
///
/// The events have the target `circuit_breaker`. The message is `circuit breaker transition`, and
/// its fields are `breaker`, `from`, `to`, `cause`, `generation`, `consecutive_failures`,
/// `window_calls`, `window_failures` and, when the breaker opened, `open_for_ms`. A trip that
/// metrics-only mode reports has the message `circuit breaker would trip` and those of the fields
/// that apply.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_prometheus::TransitionLog;
///
/// let breaker = Breaker::new("db", Config::default());
/// breaker.add_listener(TransitionLog::new());
/// breaker.force_open(); // is a line in the log, if there is one
/// ```
#[derive(Clone, Debug, Default)]
pub struct TransitionLog {
    instance: Option<String>,
}

impl TransitionLog {
    /// Makes a listener for the only instance of a service in this process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a listener whose events begin with the field `instance`, for a process with several
    /// instances.
    pub fn of_instance(instance: impl Into<String>) -> Self {
        Self {
            instance: Some(instance.into()),
        }
    }

    fn log_transition(&self, breaker: &str, transition: &Transition) {
        tracing::info!(
            target: TARGET,
            instance = self.instance.as_deref(),
            breaker,
            from = transition.from.as_str(),
            to = transition.to.as_str(),
            cause = transition.cause.as_str(),
            generation = transition.generation.get(),
            consecutive_failures = transition.consecutive_failures,
            window_calls = transition.window.calls,
            window_failures = transition.window.failures,
            open_for_ms = transition.open_for.map(|wait| wait.as_millis()),
            "circuit breaker transition",
        );
    }

    fn log_would_trip(&self, breaker: &str, report: &WouldTrip) {
        tracing::info!(
            target: TARGET,
            instance = self.instance.as_deref(),
            breaker,
            cause = report.cause.as_str(),
            consecutive_failures = report.consecutive_failures,
            window_calls = report.window.calls,
            window_failures = report.window.failures,
            "circuit breaker would trip",
        );
    }
}

impl Listener for TransitionLog {
    fn on_event(&self, breaker: &str, event: &Event) {
        match event {
            Event::Transition(transition) => self.log_transition(breaker, transition),
            Event::WouldTrip(report) => self.log_would_trip(breaker, report),
            _ => {}
        }
    }
}
