//! Calls of the downstream, and what comes of them.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::header::{ALLOW, ETAG, HeaderName, LAST_MODIFIED, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use experiment::load::climbs;
use fusebox_tower::RetryAfter;
use reqwest::Url;
use telemetry::trace::{BreakerCall, Target, attributes};
use tokio::time::{Instant, timeout_at};

use super::stalls::Stalls;
use crate::client::{self, Downstream, LookingUp, REQUEST_KEY, Unanswered};
use crate::settings::BaseUrl;
use crate::shortage::Shortage;

/// The header in which the downstream learns who calls.
const CALLER: HeaderName = HeaderName::from_static("x-caller");
/// Bytes of the downstream's answer that are read so that its connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;

/// Those headers that a client needs to make use of a status that is passed on.
const PASSED_ON: [HeaderName; 5] = [ALLOW, ETAG, LAST_MODIFIED, LOCATION, WWW_AUTHENTICATE];

/// Whether the downstream did its work. A client's mistake (4xx) does not speak against it, being
/// told to slow down (429) does, and so does a status that HTTP does not have: it is to be taken for a
/// server's error (RFC 9110, section 15).
pub(super) fn is_success(status: StatusCode) -> bool {
    status.as_u16() < 500 && status != StatusCode::TOO_MANY_REQUESTS
}

/// Whether a client is given the status itself: a redirect and a mistake of the client do not speak against the
/// downstream, but the client did not get what it asked for either.
pub(super) fn is_passed_on(status: StatusCode) -> bool {
    is_success(status) && (status.is_redirection() || status.is_client_error())
}

/// Calls the downstream.
#[derive(Debug)]
pub(super) struct Caller {
    client: Downstream,
    url: Url,
    /// What is asked for at that URL.
    path: Uri,
    target: Target,
    limit: Duration,
    stalls: Arc<Stalls>,
}

/// What the downstream answered.
#[derive(Debug)]
pub(super) enum CallResult {
    Answered {
        status: StatusCode,
        retry_after: Option<Duration>,
        /// What a client needs to make use of a status that is passed on.
        headers: HeaderMap,
    },
    TimedOut(Duration),
    Broken(Broken),
    /// There was no call: this instance itself ran out of something.
    OwnShortage(Shortage),
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Broken {
    Connect,
    Connection,
}

impl Broken {
    fn error_type(self) -> &'static str {
        match self {
            Self::Connect => attributes::CONNECT,
            Self::Connection => attributes::CONNECTION,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Connect => "it cannot be reached",
            Self::Connection => "the connection broke",
        }
    }
}

impl Caller {
    pub(super) fn new(
        name: &str,
        downstream: &BaseUrl,
        (limit, stalls): (Duration, Arc<Stalls>),
    ) -> Self {
        let url = downstream.join("data");
        let name = HeaderValue::from_str(name).expect("instance names are plain");
        Self {
            client: Downstream::new(&url).with_header(CALLER, name),
            target: Target::new(url.as_str()),
            path: client::path(&url),
            url,
            limit,
            stalls,
        }
    }

    /// Calls a URL of the downstream. `began` is now.
    pub(super) async fn call(
        &self,
        call: &BreakerCall,
        url: Cow<'_, Url>,
        incoming: &HeaderMap,
        began: Instant,
    ) -> CallResult {
        let mut headers = self.client.headers();
        if let Some(key) = incoming.get(REQUEST_KEY) {
            headers.insert(REQUEST_KEY, key.clone());
        }
        let (span, path) = match &url {
            Cow::Borrowed(_) => (
                call.request(&self.target, incoming, &mut headers),
                self.path.clone(),
            ),
            Cow::Owned(url) => {
                let target = self.target.below(url.as_str());
                let span = call.request(&target, incoming, &mut headers);
                (span, client::path(url))
            }
        };
        let looking_up = LookingUp::default();
        let exchange = self.exchange(path, headers, &looking_up);
        let result = match self.patiently(began, exchange).await {
            Some(result) => result,
            // The name server is silent, which says nothing about the downstream.
            None if looking_up.is() => CallResult::OwnShortage(Shortage::Name),
            None => CallResult::TimedOut(self.limit),
        };
        if let Some(span) = span {
            match &result {
                CallResult::Answered { status, .. } => span.answered(status.as_u16()),
                CallResult::TimedOut(_) => span.failed(attributes::TIMEOUT),
                CallResult::Broken(how) => span.failed(how.error_type()),
                CallResult::OwnShortage(_) => span.failed(attributes::CONNECT),
            }
        }
        result
    }

    /// Ends connections that have been idle for long. Comes once per [`TICK`](super::TICK).
    pub(super) fn sweep(&self) {
        self.client.sweep();
    }

    /// What the downstream has below `/data` where the incoming request is below `/call`; `None` for a
    /// path that would lead out of it.
    pub(super) fn url_for(&self, path: &str) -> Option<Cow<'_, Url>> {
        let below = path.strip_prefix("/call/").unwrap_or_default();
        if below.is_empty() {
            return Some(Cow::Borrowed(&self.url));
        }
        if climbs(below) {
            return None;
        }
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{below}", self.url.path()));
        Some(Cow::Owned(url))
    }

    /// Reads the answer to its end, as `fusebox_tower::HttpBreakerLayer` does: a body that breaks off
    /// is a broken connection, whatever the status was.
    async fn exchange(&self, path: Uri, headers: HeaderMap, looking_up: &LookingUp) -> CallResult {
        let got = self.client.get(path, headers, ANSWER_BYTES, looking_up);
        let answered = match got.await {
            Ok(answered) => answered,
            Err(unanswered) => return CallResult::without_answer(&unanswered),
        };
        let (status, given) = (answered.status, &answered.headers);
        let failed = !is_success(status);
        CallResult::Answered {
            status,
            retry_after: failed.then(|| retry_after(given)).flatten(),
            headers: if is_passed_on(status) {
                passed_on(given)
            } else {
                HeaderMap::new()
            },
        }
    }

    /// Waits for `exchange`, which began at `began`, as long as the downstream may take. Time in which this
    /// process did not run is not the downstream's.
    async fn patiently<T>(&self, began: Instant, exchange: impl Future<Output = T>) -> Option<T> {
        let mut exchange = pin!(exchange);
        let before = self.stalls.so_far_at(began);
        let limit = began + self.limit;
        let mut until = limit;
        loop {
            if let Ok(ended) = timeout_at(until, &mut exchange).await {
                return Some(ended);
            }
            let extended = limit + self.stalls.so_far().saturating_sub(before);
            if extended <= until {
                return None;
            }
            until = extended;
        }
    }
}

/// Headers that go with a status that is passed on.
fn passed_on(given: &HeaderMap) -> HeaderMap {
    let headers = PASSED_ON.iter().flat_map(|name| {
        // Several lines are one list: none is left out.
        let values = given.get_all(name).iter();
        values.map(|value| (name.clone(), value.clone()))
    });
    headers.collect()
}

/// How long the downstream asks to be left alone. A date counts from the answer's own `Date` where there
/// is one, so that the two clocks need not agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    RetryAfter::wait_in(headers).or_else(|| {
        let now = UNIX_EPOCH + Duration::from_secs_f64(telemetry::unix_now());
        Some(RetryAfter::of(headers)?.wait_from(now))
    })
}

impl CallResult {
    /// What it means that no whole answer came.
    fn without_answer(unanswered: &Unanswered) -> Self {
        let (Unanswered::Connect(error) | Unanswered::Broken(error)) = unanswered;
        match (Shortage::behind(&**error), unanswered) {
            (Some(shortage), _) => Self::OwnShortage(shortage),
            (None, Unanswered::Connect(_)) => Self::Broken(Broken::Connect),
            (None, Unanswered::Broken(_)) => Self::Broken(Broken::Connection),
        }
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(status.as_u16()),
            Self::TimedOut(_) | Self::Broken(_) | Self::OwnShortage(_) => None,
        }
    }

    /// What a span says about a call that failed.
    pub(super) fn error_type(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Answered { status, .. } if is_success(*status) => None,
            Self::Answered { status, .. } => Some(status.as_str().to_owned().into()),
            Self::TimedOut(_) => Some(attributes::TIMEOUT.into()),
            Self::Broken(how) => Some(how.error_type().into()),
            Self::OwnShortage(_) => Some(attributes::CONNECT.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::{DATE, RETRY_AFTER};

    use super::*;

    #[test]
    fn a_path_below_call_is_the_path_below_data() {
        let downstream = "http://h:1/base".parse().unwrap();
        let caller = Caller::new(
            "A",
            &downstream,
            (Duration::from_secs(1), Arc::new(Stalls::new())),
        );
        for (path, url) in [
            ("/call", "http://h:1/base/data"),
            ("/call/", "http://h:1/base/data"),
            ("/call/orders/7", "http://h:1/base/data/orders/7"),
            ("/call/a..b", "http://h:1/base/data/a..b"),
            ("/call/./x", "http://h:1/base/data/x"),
            ("/call//x", "http://h:1/base/data//x"),
        ] {
            assert_eq!(caller.url_for(path).unwrap().as_str(), url);
        }
        for path in [
            "/call/..",
            "/call/x/%2E%2e/../y",
            "/call/..%2ffaults",
            "/call/..\\faults",
        ] {
            assert_eq!(caller.url_for(path), None, "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_the_process_did_not_run_is_not_the_downstreams() {
        let stalls = Arc::new(Stalls::new());
        let limit = (Duration::from_secs(1), Arc::clone(&stalls));
        let caller = Caller::new("A", &"http://h:1".parse().unwrap(), limit);
        tokio::time::advance(Duration::from_millis(1)).await;
        stalls.pulse();
        // Both the answer and the end of the patience come while the process does not run.
        let late = tokio::time::sleep(Duration::from_millis(5500));
        let answered = caller.patiently(Instant::now(), late);

        let began = Instant::now();
        let answered = async {
            let answered = answered.await;
            (answered, began.elapsed())
        };
        // Without a pulse all the time until then is a stall.
        let (answered, took) = answered.await;

        assert_eq!(answered, Some(()), "{took:?}");
        stalls.pulse();
        let ticking = async {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                stalls.pulse();
            }
        };
        let hanging = caller.patiently(Instant::now(), std::future::pending::<()>());
        let began = Instant::now();
        tokio::select! {
            biased;
            answered = hanging => assert_eq!(answered, None),
            () = ticking => unreachable!("it ticks for ever"),
        }
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }

    #[test]
    fn a_retry_after_is_a_number_of_seconds_or_a_date() {
        let wait = |pairs: &[(HeaderName, &'static str)]| {
            let pairs = pairs.iter().cloned();
            let pairs = pairs.map(|(name, text)| (name, HeaderValue::from_static(text)));
            retry_after(&pairs.collect())
        };
        let date = (DATE, "Wed, 21 Oct 2026 07:28:00 GMT");
        let at = (RETRY_AFTER, "Wed, 21 Oct 2026 07:28:30 GMT");
        let past = (RETRY_AFTER, "Wed, 21 Oct 2015 07:28:00 GMT");

        assert_eq!(wait(&[(RETRY_AFTER, "7")]), Some(Duration::from_secs(7)));
        assert_eq!(wait(&[date, at]), Some(Duration::from_secs(30)));
        assert_eq!(wait(&[past]), Some(Duration::ZERO));
        assert_eq!(wait(&[(RETRY_AFTER, "soon")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn only_server_errors_and_too_many_requests_speak_against_the_downstream() {
        for (status, good) in [
            (200, true),
            (404, true),
            (429, false),
            (500, false),
            (503, false),
            (600, false),
            (999, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_success(status), good, "{status}");
        }
    }
}
