//! The server span: what a trace says about a request that was answered.

use fusebox_prometheus::TraceId;
use http::{HeaderMap, Response, StatusCode};
use opentelemetry::trace::TraceContextExt;
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::attributes::{
    CANCELLED, ERROR_TYPE, HTTP_METHOD, HTTP_ROUTE, HTTP_STATUS, PROTOCOL_VERSION, URL_PATH,
    URL_SCHEME,
};
use super::propagation::{Received, write};
use super::{TARGET, Tracer, fail};

/// The span of one request. Dropped before it is answered, it says that the client left.
#[derive(Debug)]
#[must_use = "a span that is dropped at once is a cancelled request"]
pub struct ServerSpan {
    span: Span,
    trace_id: TraceId,
    answered: bool,
}

impl Tracer {
    /// Begins the span of a request, if its trace is sampled. `method` and `route` come from the
    /// code, `path` and `headers` from the request.
    ///
    /// Afterwards the trace context in `headers` is valid and that of this request, sampled or not: a service that is
    /// called next gets one trace. A default tracer leaves the headers unchanged.
    pub fn server(
        &self,
        method: &'static str,
        route: &'static str,
        path: &str,
        headers: &mut HeaderMap,
    ) -> Option<ServerSpan> {
        let service = self.service?;
        let received = Received::read(headers);
        if let Some(received) = received
            .as_ref()
            .filter(|it| it.is_unsampled(service.parents))
        {
            received.write_unrecorded(headers);
            return None;
        }
        let name = format!("{method} {route}");
        let span = tracing::info_span!(
            target: TARGET,
            parent: None,
            "server",
            lab.service = service.number,
            otel.name = name,
            otel.kind = "server",
            { HTTP_METHOD } = method,
            { HTTP_ROUTE } = route,
            { URL_PATH } = path,
            { URL_SCHEME } = "http",
            { PROTOCOL_VERSION } = "1.1",
            { HTTP_STATUS } = field::Empty,
            { ERROR_TYPE } = field::Empty,
            otel.status_code = field::Empty,
        );
        if let Some(received) = &received {
            // A span that is filtered out has no parent to set.
            let _ = span.set_parent(received.context());
        }
        let context = span.context();
        let context = context.span().span_context().clone();
        if context.is_valid() {
            write(&context, received.as_ref(), headers);
        }
        context.is_sampled().then(|| ServerSpan {
            span,
            trace_id: context.trace_id().into(),
            answered: false,
        })
    }
}

impl ServerSpan {
    /// The trace of the request.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// Answers the request within this span.
    ///
    /// # Cancel safety
    /// Dropping the future says in the span that the client left.
    pub async fn answer<B>(self, handler: impl Future<Output = Response<B>>) -> Response<B> {
        let span = self.span.clone();
        // The span is within its own scope until it ends: only so is its end the real one.
        let answer = async move {
            let response = handler.await;
            self.end(response.status());
            response
        };
        answer.instrument(span).await
    }

    fn end(mut self, status: StatusCode) {
        self.answered = true;
        self.span.record(HTTP_STATUS, i64::from(status.as_u16()));
        if status.is_server_error() {
            fail(&self.span, status.as_str());
        }
    }
}

impl Drop for ServerSpan {
    fn drop(&mut self) {
        if !self.answered {
            fail(&self.span, CANCELLED);
        }
    }
}
