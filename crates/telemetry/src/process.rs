//! The telemetry of a process, from its start to its stop: one log, and spans if they are asked for.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use fusebox_prometheus::Metrics;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::log::{self, HeldLog, LogFormat, LogOutput};
use crate::trace::{Asked, ExportCollector, Pipeline, TARGET, TraceSettings, Tracer, asked};

/// How long writing the last lines of the log may take.
const LOG_TIME: Duration = Duration::from_millis(100);

/// The settings of a process's telemetry.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// The format of the log.
    pub log_format: LogFormat,
    /// What is logged when `RUST_LOG` is not set, in its syntax.
    pub log_level: &'static str,
    /// The destination of the log.
    pub log_output: LogOutput,
    /// The version of the program, for spans.
    pub version: &'static str,
    /// The settings of traces.
    pub traces: TraceSettings,
}

/// The telemetry of the process while it runs.
///
/// Dropping it writes the rest of the log; [`stop`](Self::stop) also sends the spans.
#[derive(Debug)]
#[must_use = "the log ends when this is dropped"]
pub struct Telemetry {
    pipeline: Option<Pipeline>,
    held_log: HeldLog,
    log: WorkerGuard,
}

impl Telemetry {
    /// Starts the log, and the export of spans if the settings or `OTEL_*` variables ask for it.
    ///
    /// A variable with a wrong value causes a warning in the log, and no export of spans. A second start in the same
    /// process has no effect: its log and spans go nowhere.
    pub fn start(settings: &TelemetrySettings) -> Self {
        let mut warnings = Vec::new();
        let pipeline = match asked(&settings.traces, |name| std::env::var(name).ok()) {
            Asked::Off => None,
            Asked::Refused(what) => {
                warnings.push(format!("{what}; no spans are exported"));
                None
            }
            Asked::On(mut wanted) => {
                warnings.append(&mut wanted.warnings);
                match Pipeline::start(wanted, settings.version) {
                    Ok(pipeline) => Some(pipeline),
                    Err(what) => {
                        warnings.push(format!("{what}; no spans are exported"));
                        None
                    }
                }
            }
        };
        let spans = pipeline.as_ref().map(|pipeline| {
            tracing_opentelemetry::layer()
                .with_tracer(pipeline.sdk_tracer())
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                .with_context_activation(false)
                .with_filter(filter_fn(|metadata| {
                    metadata.is_span() && metadata.target() == TARGET
                }))
        });
        let rejections = pipeline.as_ref().map(Pipeline::rejections);
        let held_log = HeldLog::new(settings.log_output);
        let (lines, log) = log::layer(settings.log_format, settings.log_level, held_log.clone());
        let _already_started = tracing_subscriber::registry()
            .with(spans)
            .with(rejections)
            .with(lines)
            .try_init();
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Self {
            pipeline,
            held_log,
            log,
        }
    }

    /// Returns the held lines of the log, if they are held.
    pub fn held_log(&self) -> HeldLog {
        self.held_log.clone()
    }

    /// Returns the tracer of one service: its name, which instances share, and the instance.
    pub fn tracer(&self, service: &str, instance: &str) -> Tracer {
        let Some(pipeline) = &self.pipeline else {
            return Tracer::default();
        };
        pipeline.tracer(service, instance).unwrap_or_else(|error| {
            tracing::warn!(service, instance, %error, "no spans of this service are exported");
            Tracer::default()
        })
    }

    /// Adds metrics about the export of spans to `metrics`, if spans are exported.
    ///
    /// # Panics
    /// If `metrics` already has them.
    pub fn show_export(&self, metrics: &Metrics) {
        if let Some(pipeline) = &self.pipeline {
            metrics
                .register(ExportCollector::new(pipeline.health()))
                .expect("each metric is registered once");
        }
    }

    /// Sends the waiting spans, for at most `limit`, and ends the log within a tenth of a second.
    pub fn stop(mut self, limit: Duration) {
        if let Some(pipeline) = self.pipeline.take() {
            pipeline.stop(limit);
        }
        // The guard waits for the log's last lines, for over a second if nobody reads them.
        let (tell, ended) = mpsc::channel();
        let log = self.log;
        thread::spawn(move || {
            drop(log);
            let _ = tell.send(());
        });
        let _ = ended.recv_timeout(LOG_TIME);
    }
}
