//! The pipeline of spans to the collector: queue, batches, one exporter per service.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
#[cfg(feature = "otlp-grpc")]
use opentelemetry_otlp::{WithTonicConfig, tonic_types::metadata::MetadataMap};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider,
    SpanExporter as _,
};

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::Tracer;
use super::by_service::{ByService, Services};
use super::carrier::Carrier;
use super::health::{Counted, Health};
use super::trace_settings::{Protocol, Wanted};

/// How long a span waits for company. The SDK's five seconds are long for someone who watches.
const HURRY: Duration = Duration::from_secs(1);

/// The way of all spans of the process.
#[derive(Debug)]
pub(crate) struct Pipeline {
    provider: SdkTracerProvider,
    services: Services,
    health: Arc<Health>,
    carrier: Carrier,
    wanted: Wanted,
    version: &'static str,
}

impl Pipeline {
    /// Starts it.
    ///
    /// # Errors
    /// What is wrong with the endpoint or another variable, in the SDK's words.
    pub(crate) fn start(wanted: Wanted, version: &'static str) -> Result<Self, String> {
        let carrier = Carrier::start().map_err(|error| error.to_string())?;
        let health = Arc::new(Health::new(
            wanted.queue as u64,
            wanted.shown_endpoint.clone(),
        ));
        // What cannot be built for one service could be built for none.
        exporter(&wanted, &carrier, &health)?;
        let services = Services::default();
        let mut batches = BatchConfigBuilder::default().with_max_queue_size(wanted.queue);
        if wanted.hurry {
            batches = batches.with_scheduled_delay(HURRY);
        }
        let sent = ByService::new(services.clone(), Arc::clone(&health));
        let queue = BatchSpanProcessor::builder(sent)
            .with_batch_config(batches.build())
            .build();
        let mut provider = SdkTracerProvider::builder()
            .with_span_processor(Counted::new(queue, Arc::clone(&health)));
        if let Some(ratio) = wanted.ratio {
            provider = provider.with_sampler(Sampler::ParentBased(Box::new(
                Sampler::TraceIdRatioBased(ratio),
            )));
        }
        Ok(Self {
            provider: provider.build(),
            services,
            health,
            carrier,
            wanted,
            version,
        })
    }

    /// What the tracing layer makes spans with.
    pub(crate) fn sdk_tracer(&self) -> SdkTracer {
        self.provider.tracer("breaker-lab")
    }

    /// The spans of one more service. What `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say wins.
    pub(crate) fn tracer(&self, service: &str, instance: &str) -> Result<Tracer, String> {
        let given = Resource::builder().build();
        let named = |key: &'static str| given.get(&key.into()).is_some();
        // Without a name, the SDK puts one in that begins with `unknown_service`.
        let unnamed = given
            .get(&"service.name".into())
            .is_none_or(|name| name.as_str().starts_with("unknown_service"));
        let mut own = vec![KeyValue::new("service.version", self.version)];
        if unnamed {
            own.push(KeyValue::new("service.name", service.to_owned()));
        }
        if !named("service.instance.id") {
            own.push(KeyValue::new("service.instance.id", instance.to_owned()));
        }
        if !named("service.namespace") {
            own.push(KeyValue::new("service.namespace", "breaker-lab"));
        }
        let resource = Resource::builder().with_attributes(own).build();
        let mut exporter = exporter(&self.wanted, &self.carrier, &self.health)?;
        exporter.set_resource(&resource);
        Ok(Tracer::of(self.services.add(exporter), self.wanted.parents))
    }

    /// Learns what the collector rejects. It belongs into the subscriber that this pipeline's spans go to.
    pub(crate) fn rejections<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        super::partial_success::layer(self.health())
    }

    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Sends the waiting spans, within this time.
    pub(crate) fn stop(self, limit: Duration) {
        // Whatever is not sent by then is counted and said below.
        let _ = self.provider.shutdown_with_timeout(limit);
        self.health.end();
        self.carrier.stop();
    }
}

/// An exporter that knows no service yet.
fn exporter(
    wanted: &Wanted,
    carrier: &Carrier,
    health: &Arc<Health>,
) -> Result<SpanExporter, String> {
    let timeout = Duration::from_millis(wanted.timeout_ms);
    match wanted.protocol {
        Protocol::HttpProtobuf => {
            let client = carrier
                .client(timeout, Arc::clone(health))
                .map_err(|error| error.to_string())?;
            let mut builder = SpanExporter::builder()
                .with_http()
                .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
                .with_timeout(timeout)
                .with_http_client(client);
            if let Some(base) = &wanted.endpoint {
                let base = base.trim_end_matches('/').trim_end_matches("/v1/traces");
                builder = builder.with_endpoint(format!("{base}/v1/traces"));
            }
            builder.build().map_err(|error| error.to_string())
        }
        #[cfg(feature = "otlp-grpc")]
        Protocol::Grpc => {
            let _inside = carrier.enter();
            let mut builder = SpanExporter::builder().with_tonic().with_timeout(timeout);
            if let Some(base) = &wanted.endpoint {
                builder = builder.with_endpoint(base);
            }
            // The SDK leaves them out. Headers that a variable names win.
            if let Some((plain, value)) = super::carrier::credentials(&wanted.used_endpoint) {
                let headers = http::HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
                builder = builder
                    .with_endpoint(plain)
                    .with_metadata(MetadataMap::from_headers(headers));
            }
            builder.build().map_err(|error| error.to_string())
        }
        #[cfg(not(feature = "otlp-grpc"))]
        Protocol::Grpc => Err("grpc is not in this build".to_owned()),
    }
}
