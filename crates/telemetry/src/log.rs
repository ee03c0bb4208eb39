//! The log: one line per event on standard error, with fields and the trace's id.
//!
//! A thread of its own writes the lines, so logging never waits for the reader of standard error. If that reader
//! falls too far behind, lines are dropped, and requests go on.

mod format;
mod held_log;

use std::fmt;
use std::io::{self, IsTerminal};
use std::str::FromStr;

use tracing::{Metadata, Subscriber};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt as lines};

use format::{JsonLines, TextLines};
pub use held_log::{HeldLog, LogOutput};

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for log collectors.
    Json,
}

impl LogFormat {
    /// Returns its name, as settings spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Text, Self::Json]
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not allowed: it must be `text` or `json`"))
    }
}

/// A layer that writes the log to `output`, and the guard that keeps its writer alive. `RUST_LOG` decides what is
/// shown, or `default_level` if it is not set.
pub(crate) fn layer<S>(
    format: LogFormat,
    default_level: &str,
    output: HeldLog,
) -> (Box<dyn Layer<S> + Send + Sync>, WorkerGuard)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    // Spans are for traces; formatting them for lines that may never come would cost every call.
    let levels =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_level));
    let filter = filter_fn(is_event).and(levels);
    let (writer, guard) = tracing_appender::non_blocking(output);
    let layer = lines::layer().with_writer(writer);
    let colours = io::stderr().is_terminal();
    let layer = match format {
        LogFormat::Text => layer
            .with_ansi(colours)
            .event_format(TextLines::new(colours))
            .with_filter(filter)
            .boxed(),
        LogFormat::Json => layer
            .with_ansi(false)
            .event_format(JsonLines)
            .with_filter(filter)
            .boxed(),
    };
    (layer, guard)
}

/// The exporter's own message about each batch is left out: the log has one line when spans begin to be lost and one
/// when that is over.
fn is_event(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && !metadata.target().starts_with("opentelemetry")
}
