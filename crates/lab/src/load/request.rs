//! The request that goes out: the key that it asks for, and the trace that it belongs to.

use bytes::Bytes;
use experiment::outcome::ClientOutcome;
use http_body_util::Empty;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
use hyper::{Request, Uri};
use reqwest::Url;
use telemetry::trace::{ClientSpan, Target, Tracer, attributes};

use crate::client::REQUEST_KEY;

/// Makes the requests to one target.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    uri: Uri,
    headers: HeaderMap,
    described: Target,
    tracer: Tracer,
}

impl Requests {
    pub(super) fn new(url: &Url, tracer: Tracer) -> Self {
        let mut headers = HeaderMap::new();
        let host = url.host_str().unwrap_or_default();
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        headers.extend(HeaderValue::from_str(&host).ok().map(|host| (HOST, host)));
        headers.extend(credentials(url).map(|value| (AUTHORIZATION, value)));
        Self {
            uri: url.path().parse().unwrap_or_default(),
            headers,
            described: Target::new(url.as_str()),
            tracer,
        }
    }

    /// The next attempt, and its span if it is sampled.
    pub(super) fn next(&self, key: u64) -> (Attempt<'_>, Option<ClientSpan>) {
        let mut attempt = Attempt {
            requests: self,
            key,
            context: HeaderMap::new(),
        };
        let span = self.tracer.request(&self.described, &mut attempt.context);
        (attempt, span)
    }
}

/// The content of one attempt. Its request is made when it is sent, and once more in the rare case that the
/// connection turns out to be closed: a copy for that case would cost every request.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    requests: &'a Requests,
    key: u64,
    /// The headers with the trace context; empty, and without memory, if nothing is traced.
    context: HeaderMap,
}

impl Attempt<'_> {
    /// A request of this attempt; each call makes the same.
    pub(super) fn request(&self) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.requests.uri.clone();
        let headers = request.headers_mut();
        // A clone has no room for one more, and growing costs as much as the copy.
        headers.reserve(self.requests.headers.len() + 1 + self.context.len());
        for (name, value) in &self.requests.headers {
            headers.append(name, value.clone());
        }
        headers.append(REQUEST_KEY, HeaderValue::from(self.key));
        if !self.context.is_empty() {
            headers.extend(self.context.clone());
        }
        request
    }
}

/// The end of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) outcome: ClientOutcome,
    pub(super) status: Option<u16>,
}

impl Ended {
    /// Nothing of an answer came.
    pub(super) fn without_answer(outcome: ClientOutcome) -> Self {
        Self {
            outcome,
            status: None,
        }
    }
}

/// Credentials in the URL are sent as HTTP's basic ones.
fn credentials(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    // The client library knows how; the request is never sent.
    let client = reqwest::Client::new();
    let request = client.get(url.clone()).build().ok()?;
    request.headers().get(AUTHORIZATION).cloned()
}

/// Ends the span of an attempt. `elsewhere` says whether another target was serving then.
pub(super) fn tell(span: ClientSpan, ended: Ended, elsewhere: bool) {
    if ended.outcome == ClientOutcome::FastFail && elsewhere {
        span.note(attributes::SERVED_ELSEWHERE, true);
    }
    match (ended.outcome, ended.status) {
        (ClientOutcome::Timeout, _) => span.failed(attributes::TIMEOUT),
        (ClientOutcome::ConnectRefused | ClientOutcome::OwnShortage, _) => {
            span.failed(attributes::CONNECT);
        }
        (ClientOutcome::Truncated | ClientOutcome::Reset, _) | (_, None) => {
            span.failed(attributes::CONNECTION);
        }
        (_, Some(status)) => span.answered(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_host_key_and_credentials() {
        let url = "http://user:pa%20ss@host:81/below/call".parse().unwrap();

        let requests = Requests::new(&url, Tracer::default());
        let (attempt, span) = requests.next(7);
        let request = attempt.request();

        assert!(span.is_none());
        assert_eq!(request.uri(), "/below/call");
        let headers = request.headers();
        assert_eq!(headers[HOST], "host:81");
        assert_eq!(headers[REQUEST_KEY], "7");
        assert_eq!(headers[AUTHORIZATION], "Basic dXNlcjpwYSBzcw==");
    }
}
