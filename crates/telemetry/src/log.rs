//! Which lines go to the log? To standard error, one per event, with fields.
//!
//! A thread of its own writes them. Whoever logs never waits for the reader of standard error; if
//! that one falls too far behind, lines are lost instead of requests.

use std::io::{self, IsTerminal};

use breaker::{Event, Listener};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Writes what is left of the log when it is dropped.
#[derive(Debug)]
#[must_use = "the log ends when this is dropped"]
pub struct LogGuard {
    _writer: WorkerGuard,
}

/// Starts logging to standard error. `RUST_LOG` decides what is shown, `default_level` when it is
/// not set. Changes nothing when a log has been started before.
pub fn init_log(default_level: &str) -> LogGuard {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_level));
    let (writer, guard) = tracing_appender::non_blocking(io::stderr());
    let _already_started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    LogGuard { _writer: guard }
}

/// Logs every transition of an instance's breaker.
#[derive(Clone, Debug)]
pub struct LogTransitions {
    instance: String,
}

impl LogTransitions {
    /// Logs in the name of `instance`.
    pub fn of(instance: impl Into<String>) -> Self {
        Self {
            instance: instance.into(),
        }
    }
}

impl Listener for LogTransitions {
    fn on_event(&self, breaker: &str, event: &Event) {
        let instance = &*self.instance;
        match event {
            Event::Transition(transition) => tracing::info!(
                instance,
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
            ),
            Event::WouldTrip(report) => tracing::info!(
                instance,
                breaker,
                cause = report.cause.as_str(),
                consecutive_failures = report.consecutive_failures,
                window_calls = report.window.calls,
                window_failures = report.window.failures,
                "circuit breaker would trip",
            ),
            _ => {}
        }
    }
}
