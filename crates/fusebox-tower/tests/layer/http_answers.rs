//! The meaning of HTTP answers, and what they say about coming back.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use fusebox::{CallError, State, Verdict};
use fusebox_tower::{BreakerLayer, Classify, CountAs, HttpClassifier, io_error_kind};
use http::response::Builder;
use http::{Response, StatusCode};
use tower::Layer;

use crate::rehearsal::{Puppet, Sure, breaker, brittle, now, saying};

fn status(code: u16) -> Builder {
    Response::builder().status(code)
}

fn judge(answer: Builder) -> Verdict {
    judge_with(HttpClassifier::new(), answer)
}

fn judge_with(classifier: HttpClassifier, answer: Builder) -> Verdict {
    let answer = answer.body(()).unwrap();
    Classify::<_, io::Error>::classify(&classifier, Ok(&answer))
}

fn failure_until(seconds: u64) -> Verdict {
    Verdict::Failure {
        retry_after: Some(Duration::from_secs(seconds)),
    }
}

#[test]
fn server_errors_fail_and_everything_else_succeeds() {
    for code in 100..=999 {
        let expected = match code {
            // What HTTP does not have is to be taken for a server's error (RFC 9110, section 15).
            429 | 500..=999 => Verdict::FAILURE,
            _ => Verdict::Success,
        };
        assert_eq!(judge(status(code)), expected, "{code}");
    }
}

#[test]
fn too_many_requests_counts_as_told() {
    let busy = || status(429).header("retry-after", "3");
    let counts = |count_as| HttpClassifier::new().too_many_requests(count_as);

    assert_eq!(judge(busy()), failure_until(3));
    assert_eq!(
        judge_with(counts(CountAs::Failure), busy()),
        failure_until(3)
    );
    assert_eq!(
        judge_with(counts(CountAs::Trip), busy()),
        Verdict::Trip {
            retry_after: Some(Duration::from_secs(3))
        }
    );
    assert_eq!(
        judge_with(counts(CountAs::Ignored), busy()),
        Verdict::Ignored
    );
    assert_eq!(
        judge_with(counts(CountAs::Success), busy()),
        Verdict::Success
    );
}

#[test]
fn a_wait_in_seconds_is_a_hint() {
    let wait = |value: &str| judge(status(503).header("retry-after", value));

    assert_eq!(wait("0"), failure_until(0));
    assert_eq!(wait("120"), failure_until(120));
    assert_eq!(wait(" 5 "), failure_until(5));
    assert_eq!(wait("99999999999999999999999"), failure_until(u64::MAX));
    for unreadable in ["", "-1", "+1", "1.5", "soon"] {
        assert_eq!(wait(unreadable), Verdict::FAILURE, "{unreadable:?}");
    }
}

#[test]
fn a_date_is_a_hint_relative_to_the_answers_own_date() {
    let until = "Wed, 21 Oct 2026 07:28:00 GMT";
    let wait = |sent: &str| {
        judge(
            status(503)
                .header("retry-after", until)
                .header("date", sent),
        )
    };

    assert_eq!(wait("Wed, 21 Oct 2026 07:27:30 GMT"), failure_until(30));
    assert_eq!(wait("Wed, 21 Oct 2026 07:28:01 GMT"), failure_until(0));
    assert_eq!(wait("yesterday"), Verdict::FAILURE);
    assert_eq!(
        judge(status(503).header("retry-after", until)),
        Verdict::FAILURE,
    );
}

#[test]
fn a_hint_lengthens_the_open_period() {
    let (breaker, clock) = breaker(brittle());
    let mut service = BreakerLayer::new(breaker.clone())
        .classifier(HttpClassifier::new())
        .layer(Puppet::default());
    let busy = status(503).header("retry-after", "30").body(()).unwrap();

    assert_eq!(
        now(&mut service, saying(Sure::Ok(busy))).unwrap().status(),
        503
    );

    assert_eq!(breaker.state(), State::Open);
    clock.advance(Duration::from_secs(29));
    assert_eq!(breaker.poll_transitions(), State::Open);
    clock.advance(Duration::from_secs(1));
    assert_eq!(breaker.poll_transitions(), State::HalfOpen);
}

#[test]
fn every_error_is_a_failure_unless_told_otherwise() {
    let refused = || io::Error::from(ErrorKind::ConnectionRefused);
    let unreadable = || io::Error::from(ErrorKind::InvalidData);
    let connection = HttpClassifier::new().errors(|error: &io::Error| match io_error_kind(error) {
        Some(ErrorKind::ConnectionRefused) => Verdict::FAILURE,
        _ => Verdict::Ignored,
    });
    let by_default =
        |error| Classify::<Response<()>, _>::classify(&HttpClassifier::new(), Err(&error));
    let as_told = |error| Classify::<Response<()>, _>::classify(&connection, Err(&error));

    assert_eq!(by_default(refused()), Verdict::FAILURE);
    assert_eq!(by_default(unreadable()), Verdict::FAILURE);
    assert_eq!(as_told(refused()), Verdict::FAILURE);
    assert_eq!(as_told(unreadable()), Verdict::Ignored);
}

#[derive(Debug)]
struct Wrapped(Box<dyn Error + Send + Sync>);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot send the request")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn an_io_error_is_found_beneath_what_clients_wrap_around_it() {
    let timed_out = || io::Error::from(ErrorKind::TimedOut);
    let deep = Wrapped(Box::new(io::Error::other(Wrapped(Box::new(timed_out())))));

    assert_eq!(io_error_kind(&timed_out()), Some(ErrorKind::TimedOut));
    assert_eq!(
        io_error_kind(&io::Error::other(timed_out())),
        Some(ErrorKind::TimedOut)
    );
    assert_eq!(io_error_kind(&deep), Some(ErrorKind::TimedOut));
    assert_eq!(io_error_kind(&fmt::Error), None);
    assert_eq!(io_error_kind(&io::Error::other("told nothing")), None);
}

#[test]
fn a_call_error_leads_to_what_the_inner_error_wraps() {
    let refused = io::Error::from(ErrorKind::ConnectionRefused);
    let failed = CallError::Failed(Wrapped(Box::new(refused)));

    assert_eq!(failed.to_string(), "cannot send the request");
    let as_error = failed.as_error();
    assert_eq!(io_error_kind(as_error), Some(ErrorKind::ConnectionRefused));
    let boxed = failed.map_failed(Box::<dyn Error + Send + Sync>::from);
    assert_eq!(io_error_kind(&boxed), Some(ErrorKind::ConnectionRefused));
}

#[test]
fn any_status_counts_as_told_and_the_last_word_holds() {
    let told = HttpClassifier::new()
        .status(StatusCode::REQUEST_TIMEOUT, CountAs::Trip)
        .status(StatusCode::REQUEST_TIMEOUT, CountAs::Failure)
        .status(StatusCode::NOT_IMPLEMENTED, CountAs::Ignored)
        .status(StatusCode::TOO_MANY_REQUESTS, CountAs::Success);

    assert_eq!(judge(status(408)), Verdict::Success);
    assert_eq!(judge_with(told, status(408)), Verdict::FAILURE);
    assert_eq!(
        judge_with(told, status(408).header("retry-after", "3")),
        failure_until(3)
    );
    assert_eq!(judge_with(told, status(501)), Verdict::Ignored);
    assert_eq!(judge_with(told, status(429)), Verdict::Success);
    assert_eq!(judge_with(told, status(503)), Verdict::FAILURE);
    assert_eq!(judge_with(told, status(404)), Verdict::Success);
}

#[test]
fn eight_statuses_can_be_told_besides_429() {
    let codes = 400..408;
    let told = codes.clone().fold(HttpClassifier::new(), |told, code| {
        told.status(StatusCode::from_u16(code).unwrap(), CountAs::Ignored)
    });

    for code in codes {
        assert_eq!(judge_with(told, status(code)), Verdict::Ignored, "{code}");
    }
    assert_eq!(judge_with(told, status(429)), Verdict::FAILURE);
}
