//! The health of the export: what became of the spans, and a warning when they are lost.
//!
//! A collector that is absent, hangs or is slow must not fill the memory or the log. So spans wait in a bounded
//! queue, dropped ones are counted, and the log has one line when spans begin to be lost and one when that is over.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fusebox_prometheus::{Family, description};
use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use tokio::time::Instant;

use crate::names;

/// The state of the export. Shared by the queue, the exporter and the metrics.
#[derive(Debug)]
pub(crate) struct Health {
    /// Spans that may wait or be under way at once.
    capacity: u64,
    /// Where the spans go, for the log.
    endpoint: String,
    waiting: AtomicU64,
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// Spans of the present batch that the collector rejected although it took the request.
    rejected: AtomicU64,
    outage: Mutex<Outage>,
}

/// How long no span may be lost before an outage is over. A slow collector that keeps up for a moment
/// must not fill the log.
const CALM: Duration = Duration::from_secs(3);

/// Whether spans are being lost.
#[derive(Debug, Default)]
struct Outage {
    /// When spans were lost last, while it lasts.
    last_loss: Option<Instant>,
    /// What had been lost before it.
    before: u64,
    /// What had been dropped when the last batch ended.
    dropped: u64,
}

impl Health {
    pub(super) fn new(capacity: u64, endpoint: String) -> Self {
        Self {
            capacity,
            endpoint,
            waiting: AtomicU64::new(0),
            exported: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            outage: Mutex::default(),
        }
    }

    /// A place in the queue for one span, if there is one.
    fn admit(&self) -> bool {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.capacity {
            return true;
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        false
    }

    fn lost(&self) -> u64 {
        self.failed.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed)
    }

    /// Notes that the collector rejected spans of the present batch although it took the request.
    pub(super) fn reject(&self, spans: u64) {
        self.rejected.fetch_add(spans, Ordering::Relaxed);
    }

    /// Notes the end of a batch: how many spans arrived, and how many did not.
    pub(super) fn batch(&self, exported: u64, failed: u64, error: Option<&dyn fmt::Display>) {
        let rejected = self.rejected.swap(0, Ordering::Relaxed).min(exported);
        let (exported, failed) = (exported - rejected, failed + rejected);
        let refused = "the collector accepted the request and rejected some of its spans";
        let refused: Option<&dyn fmt::Display> = (rejected > 0).then_some(&refused as _);
        let error = error.or(refused);
        let failed_before = self.failed.load(Ordering::Relaxed);
        self.exported.fetch_add(exported, Ordering::Relaxed);
        self.failed.fetch_add(failed, Ordering::Relaxed);
        self.waiting.fetch_sub(exported + failed, Ordering::Relaxed);
        let dropped = self.dropped.load(Ordering::Relaxed);
        let mut outage = self.lock();
        let dropping = dropped > outage.dropped;
        let before = failed_before + outage.dropped;
        outage.dropped = dropped;
        if failed > 0 || dropping {
            if outage.last_loss.replace(Instant::now()).is_none() {
                outage.before = before;
                drop(outage);
                let error = error.map_or_else(|| "it is too slow".to_owned(), ToString::to_string);
                tracing::warn!(
                    endpoint = self.endpoint,
                    error,
                    "spans are lost: the collector does not take them"
                );
            }
        } else if outage.last_loss.is_some_and(|at| at.elapsed() >= CALM) {
            outage.last_loss = None;
            let lost = self.lost().saturating_sub(outage.before);
            drop(outage);
            tracing::warn!(
                endpoint = self.endpoint,
                lost,
                "spans reach the collector again"
            );
        }
    }

    /// Notes that nothing more will be sent.
    pub(super) fn end(&self) {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let outage = self.lock();
        if waiting > 0 || outage.last_loss.is_some() {
            let before = match outage.last_loss {
                Some(_) => outage.before,
                None => self.failed.load(Ordering::Relaxed) + outage.dropped,
            };
            drop(outage);
            let lost = self.lost().saturating_sub(before) + waiting;
            tracing::warn!(
                lost,
                "spans were lost: the collector did not take them before the shutdown"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts spans into the queue of `inner`, which is never full therefore.
#[derive(Debug)]
pub(super) struct Counted<P> {
    inner: P,
    health: Arc<Health>,
}

impl<P> Counted<P> {
    pub(super) fn new(inner: P, health: Arc<Health>) -> Self {
        Self { inner, health }
    }
}

impl<P: SpanProcessor> SpanProcessor for Counted<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.health.admit() {
            self.inner.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Shows the state of the export at `/metrics`.
#[derive(Debug)]
pub(crate) struct ExportCollector {
    health: Arc<Health>,
    descriptions: Vec<Desc>,
}

impl ExportCollector {
    pub(crate) fn new(health: Arc<Health>) -> Self {
        Self {
            health,
            descriptions: names::TRACE_EXPORT.iter().map(description).collect(),
        }
    }
}

impl Collector for ExportCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus counts in f64")]
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let lasts = self.health.lock().last_loss.is_some();
        let up = if lasts { 0.0 } else { 1.0 };
        let families = [
            Family::new(&names::TRACE_EXPORT_SPANS)
                .with(&[("outcome", "exported")], read(&self.health.exported))
                .with(&[("outcome", "failed")], read(&self.health.failed))
                .with(&[("outcome", "dropped")], read(&self.health.dropped)),
            Family::new(&names::TRACE_EXPORT_QUEUE).with(&[], read(&self.health.waiting)),
            Family::new(&names::TRACE_EXPORT_UP).with(&[], up),
        ];
        families.map(Family::into_proto).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_collector_rejects_was_not_exported() {
        let health = Health::new(10, String::new());
        assert!((0..5).all(|_| health.admit()));

        health.reject(2);
        health.batch(5, 0, None);

        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!((read(&health.exported), read(&health.failed)), (3, 2));
        assert_eq!((read(&health.waiting), health.lost()), (0, 2));
    }
}
