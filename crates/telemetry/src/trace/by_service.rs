//! Spans by the service that made them: one exporter for each, with a resource of its own.
//!
//! All services of a process share one pipeline: one queue, one thread, one limit. Each span carries the number of
//! its service, which is removed here; the batch leaves as one request per service.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::join_all;
use opentelemetry::Value;
use opentelemetry_otlp::SpanExporter as OtlpExporter;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::SERVICE;
use super::health::Health;

/// The services of the process, in the order of their numbers.
#[derive(Clone, Default)]
pub(super) struct Services(Arc<RwLock<Vec<Arc<OtlpExporter>>>>);

impl Services {
    /// Adds a service and returns its number.
    pub(super) fn add(&self, exporter: OtlpExporter) -> i64 {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::new(exporter));
        i64::try_from(all.len() - 1).expect("there are few services")
    }

    fn all(&self) -> Vec<Arc<OtlpExporter>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

/// Sends each span as its service.
#[derive(Debug)]
pub(super) struct ByService {
    services: Services,
    health: Arc<Health>,
}

impl ByService {
    pub(super) fn new(services: Services, health: Arc<Health>) -> Self {
        Self { services, health }
    }
}

impl SpanExporter for ByService {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exporters = self.services.all();
        let mut parts: Vec<Vec<SpanData>> = exporters.iter().map(|_| Vec::new()).collect();
        let mut strays = 0;
        // A limit of attributes may have cut the number off. Alone, a service needs none.
        let only = (exporters.len() == 1).then_some(0);
        for mut span in batch {
            let number = take_service(&mut span).or(only);
            match number.and_then(|number| parts.get_mut(number)) {
                Some(part) => part.push(span),
                None => strays += 1,
            }
        }
        let sent = exporters
            .iter()
            .zip(parts)
            .filter(|(_, part)| !part.is_empty());
        let sent = sent.map(|(exporter, part)| async move {
            let spans = part.len() as u64;
            (spans, exporter.export(part).await)
        });
        let (mut exported, mut failed, mut error) = (0, strays, None);
        for (spans, result) in join_all(sent).await {
            match result {
                Ok(()) => exported += spans,
                Err(what) => {
                    failed += spans;
                    error = Some(what);
                }
            }
        }
        let shown = error.as_ref().map(|error| error as &dyn fmt::Display);
        self.health.batch(exported, failed, shown);
        error.map_or(Ok(()), Err::<(), OTelSdkError>)
    }
}

/// The number of the span's service, which is no longer an attribute afterwards.
fn take_service(span: &mut SpanData) -> Option<usize> {
    let attributes = &mut span.attributes;
    let place = attributes
        .iter()
        .position(|attribute| attribute.key.as_str() == SERVICE)?;
    match attributes.remove(place).value {
        Value::I64(number) => usize::try_from(number).ok(),
        _ => None,
    }
}
