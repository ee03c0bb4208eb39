//! The client span: what a trace says about a request that was sent.

use http::{HeaderMap, Uri};
use opentelemetry::trace::TraceContextExt;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::attributes::{CANCELLED, HTTP_STATUS};
use super::propagation::inject;
use super::{TARGET, Tracer, fail};

/// Where requests go, as spans say it.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    address: String,
    port: i64,
}

impl Target {
    /// The target of `GET` requests to `url`, which has a host. Credentials in it are not shown.
    pub fn new(url: &str) -> Self {
        let uri: Uri = url.parse().unwrap_or_default();
        Self {
            address: uri.host().unwrap_or_default().to_owned(),
            port: uri.port_u16().unwrap_or(80).into(),
            url: without_credentials(url),
        }
    }
}

/// The span of one request. Dropped before its end is told, it says that nobody waited for it.
#[derive(Debug)]
#[must_use = "a span that is dropped at once is a cancelled request"]
pub struct ClientSpan {
    span: Span,
    ended: bool,
}

impl Tracer {
    /// Begins a trace with a request to `target`, and makes who gets `headers` a part of it.
    pub fn request(&self, target: &Target, headers: &mut HeaderMap) -> Option<ClientSpan> {
        let service = self.service?;
        ClientSpan::begin(service.number, None, target, headers)
    }
}

impl ClientSpan {
    /// `None` when the trace is not sampled; the headers say so.
    pub(super) fn begin(
        service: i64,
        parent: Option<tracing::Id>,
        target: &Target,
        headers: &mut HeaderMap,
    ) -> Option<Self> {
        let span = tracing::info_span!(
            target: TARGET,
            parent: parent,
            "client",
            lab.service = service,
            otel.name = "GET",
            otel.kind = "client",
            http.request.method = "GET",
            url.full = target.url,
            server.address = target.address,
            server.port = target.port,
            http.response.status_code = field::Empty,
            "error.type" = field::Empty,
            otel.status_code = field::Empty,
        );
        let context = span.context();
        let context = context.span();
        let context = context.span_context();
        if context.is_valid() {
            inject(context, headers);
        }
        context.is_sampled().then_some(Self { span, ended: false })
    }

    /// The answer is there.
    pub fn answered(mut self, status: u16) {
        self.ended = true;
        self.span.record(HTTP_STATUS, i64::from(status));
        if status >= 400 {
            fail(&self.span, &status.to_string());
        }
    }

    /// There is no answer, for a reason of low cardinality.
    pub fn failed(mut self, kind: &'static str) {
        self.ended = true;
        fail(&self.span, kind);
    }
}

impl Drop for ClientSpan {
    fn drop(&mut self) {
        if !self.ended {
            fail(&self.span, CANCELLED);
        }
    }
}

/// `url` as it may be shown: what is before the host becomes `REDACTED:REDACTED`, as OpenTelemetry's
/// convention for `url.full` has it.
pub(super) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://REDACTED:REDACTED{}", &rest[at..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        for (url, shown) in [
            (
                "http://a:b@host:1/call",
                "http://REDACTED:REDACTED@host:1/call",
            ),
            ("http://token@host", "http://REDACTED:REDACTED@host"),
            ("http://host:1/path@home?a@b", "http://host:1/path@home?a@b"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }
}
