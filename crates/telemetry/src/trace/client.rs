//! The client span: what a trace says about a request that was sent.

use http::{HeaderMap, Uri};
use opentelemetry::Value;
use opentelemetry::trace::TraceContextExt;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::attributes::{
    CANCELLED, ERROR_TYPE, HTTP_METHOD, HTTP_STATUS, SERVER_ADDRESS, SERVER_PORT, URL_FULL,
    URL_TEMPLATE,
};
use super::propagation::{Received, write};
use super::{TARGET, Tracer, fail};

/// Where requests go, as spans say it.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    template: String,
    address: String,
    port: i64,
}

impl Target {
    /// The target of `GET` requests to `url`, which has a host, and a path that is the same for all of
    /// them. Credentials in it are not shown.
    pub fn new(url: &str) -> Self {
        let uri: Uri = url.parse().unwrap_or_default();
        Self {
            template: uri.path().to_owned(),
            address: uri.host().unwrap_or_default().to_owned(),
            port: uri.port_u16().unwrap_or(80).into(),
            url: without_credentials(url),
        }
    }

    /// One of the many targets below this one: `url`, of which only what they share is in the name of
    /// the span.
    pub fn below(&self, url: &str) -> Self {
        Self {
            template: format!("{}/{{*path}}", self.template.trim_end_matches('/')),
            ..Self::new(url)
        }
    }
}

/// The span of one request. If it is dropped before its end is recorded, it says that the client stopped waiting.
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
    /// Begins a span below `parent`, whose request had the trace context of `incoming`, or begins a
    /// trace. `None` when the trace is not sampled; the headers say so.
    pub(super) fn begin(
        service: i64,
        parent: Option<(tracing::Id, &HeaderMap)>,
        target: &Target,
        headers: &mut HeaderMap,
    ) -> Option<Self> {
        let (parent, incoming) = parent.unzip();
        let span = tracing::info_span!(
            target: TARGET,
            parent: parent,
            "client",
            lab.service = service,
            otel.name = format!("GET {}", target.template),
            otel.kind = "client",
            { HTTP_METHOD } = "GET",
            { URL_FULL } = target.url,
            { URL_TEMPLATE } = target.template,
            { SERVER_ADDRESS } = target.address,
            { SERVER_PORT } = target.port,
            { HTTP_STATUS } = field::Empty,
            { ERROR_TYPE } = field::Empty,
            otel.status_code = field::Empty,
        );
        let context = span.context();
        let context = context.span();
        let context = context.span_context();
        if context.is_valid() {
            write(context, incoming.and_then(Received::read).as_ref(), headers);
        }
        context.is_sampled().then_some(Self { span, ended: false })
    }

    /// Notes an attribute of the request.
    pub fn note(&self, key: &'static str, value: impl Into<Value>) {
        self.span.set_attribute(key, value);
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
    fn a_template_is_a_path_without_the_part_that_is_not_always_the_same() {
        for (base, template, below) in [
            ("http://h:1/data", "/data", "/data/{*path}"),
            ("http://u:p@h/base/data", "/base/data", "/base/data/{*path}"),
            ("http://h", "/", "/{*path}"),
        ] {
            let target = Target::new(base);
            let url = format!("{base}/orders/7");
            let one = target.below(&url);

            assert_eq!(target.template, template);
            assert_eq!(one.template, below);
            assert_eq!(one.url, without_credentials(&url));
        }
    }

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
