//! gRPC calls, which end with their trailers and not with their headers.

mod streams;
mod web;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use fusebox::{Breaker, CallError, Outcome, State, Verdict};
use fusebox_tower::{
    CountAs, GrpcBody, GrpcBreakerLayer, GrpcBreakerService, GrpcClassifier, GrpcCode,
};
use http::{HeaderMap, Response};
use http_body::{Body, Frame};
use tower::Layer;

use crate::rehearsal::{
    Puppet, about_to_probe, breaker, brittle, call, counted, now, poll_once, saying, strings,
};

/// What a body does, one poll after the other.
enum Act {
    Frame(Frame<Bytes>),
    Break,
    Panic,
    Wait,
}

use Act::{Break, Panic, Wait};

struct Script(VecDeque<Act>);

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.0.pop_front() {
            Some(Act::Frame(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Break) => Poll::Ready(Some(Err("reset by peer"))),
            Some(Panic) => panic!("in the body"),
            Some(Wait) => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

fn data() -> Act {
    Act::Frame(Frame::data(Bytes::from_static(b"message")))
}

fn trailers(fields: &[(&'static str, &str)]) -> Act {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, value.parse().unwrap());
    }
    Act::Frame(Frame::trailers(map))
}

fn ended(code: GrpcCode) -> Act {
    trailers(&[("grpc-status", &(code as u8).to_string())])
}

type Answer = Response<Script>;

fn answer(acts: impl IntoIterator<Item = Act>) -> Answer {
    Response::new(Script(acts.into_iter().collect()))
}

fn service(breaker: &Breaker) -> GrpcBreakerService<Puppet> {
    GrpcBreakerLayer::new(breaker.clone()).layer(Puppet::default())
}

/// The body of an answer to a call through `service`.
fn body(service: &mut GrpcBreakerService<Puppet>, answer: Answer) -> GrpcBody<Script> {
    now(service, saying(Ok::<_, &str>(answer)))
        .unwrap()
        .into_body()
}

/// Reads until there is nothing more to read, as a client does that believes `is_end_stream`.
fn read(body: &mut GrpcBody<Script>) {
    let mut cx = Context::from_waker(Waker::noop());
    while !body.is_end_stream() {
        match Pin::new(&mut *body).poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(_)) | None) | Poll::Pending => return,
        }
    }
}

/// What a call came to whose answer was read to its end.
fn outcome(answer: Answer) -> Option<Outcome> {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    let mut body = body(&mut service, answer);
    read(&mut body);
    let counted = Outcome::ALL
        .iter()
        .copied()
        .find(|&outcome| counted(&breaker, outcome) > 0);
    drop(body);
    counted
}

#[test]
fn the_status_in_the_trailers_ends_the_call() {
    for &code in GrpcCode::ALL {
        let expected = match GrpcClassifier::new().meaning(code) {
            CountAs::Success => Outcome::Success,
            CountAs::Failure => Outcome::Failure,
            _ => Outcome::Ignored,
        };
        assert_eq!(
            outcome(answer([data(), ended(code)])),
            Some(expected),
            "{code:?}"
        );
    }
}

#[test]
fn the_codes_of_a_broken_server_are_failures_and_those_of_a_callers_mistake_are_not() {
    let with = |count_as| {
        let codes = GrpcCode::ALL.iter().copied();
        codes
            .filter(|&code| GrpcClassifier::new().meaning(code) == count_as)
            .map(|code| code as u8)
            .collect::<Vec<_>>()
    };

    assert_eq!(with(CountAs::Failure), [2, 4, 8, 13, 14, 15]);
    assert_eq!(with(CountAs::Ignored), [1]);
    assert_eq!(with(CountAs::Success), [0, 3, 5, 6, 7, 9, 10, 11, 12, 16]);
}

#[test]
fn nothing_is_decided_before_the_trailers() {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    let mut cx = Context::from_waker(Waker::noop());

    let mut body = body(
        &mut service,
        answer([data(), Wait, ended(GrpcCode::Internal)]),
    );
    assert!(Pin::new(&mut body).poll_frame(&mut cx).is_ready());
    assert!(Pin::new(&mut body).poll_frame(&mut cx).is_pending());
    assert_eq!(breaker.state(), State::Closed);
    assert!(Pin::new(&mut body).poll_frame(&mut cx).is_ready());

    assert_eq!(breaker.state(), State::Open);
    drop(body);
    assert_eq!(counted(&breaker, Outcome::Cancelled), 0);
}

#[test]
fn a_status_in_the_headers_ends_the_call_at_once() {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    let mut refused = answer([]);
    refused.headers_mut().insert("grpc-status", 14.into());

    let response = now(&mut service, saying(Ok::<_, &str>(refused))).unwrap();

    assert_eq!(breaker.state(), State::Open);
    assert_eq!(response.headers()["grpc-status"], "14");
}

#[test]
fn an_answer_that_breaks_off_is_a_failure() {
    assert_eq!(outcome(answer([data(), Break])), Some(Outcome::Failure));
    assert_eq!(outcome(answer([data()])), Some(Outcome::Failure));
    assert_eq!(outcome(answer([])), Some(Outcome::Failure));
    assert_eq!(
        outcome(answer([data(), trailers(&[])])),
        Some(Outcome::Failure)
    );
}

#[test]
fn a_status_that_nobody_knows_is_unknown() {
    for status in ["17", "-1", "x", ""] {
        let odd = answer([trailers(&[("grpc-status", status)])]);
        assert_eq!(outcome(odd), Some(Outcome::Failure), "{status:?}");
    }
}

#[test]
fn an_http_error_without_a_grpc_status_is_read_as_the_protocol_says() {
    let from_proxy = |status: u16| {
        let mut answer = answer([]);
        *answer.status_mut() = status.try_into().unwrap();
        outcome(answer)
    };

    for status in [400, 429, 500, 502, 503, 504] {
        assert_eq!(from_proxy(status), Some(Outcome::Failure), "{status}");
    }
    for status in [401, 403, 404] {
        assert_eq!(from_proxy(status), Some(Outcome::Success), "{status}");
    }
}

#[test]
fn a_body_that_is_dropped_before_its_end_is_cancelled() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);

    let body = body(&mut service, answer([data(), ended(GrpcCode::Internal)]));
    assert_eq!(breaker.snapshot().probes_free, 0);
    drop(body);

    assert_eq!(breaker.snapshot().probes_free, 1);
    assert_eq!(counted(&breaker, Outcome::Cancelled), 1);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_call_that_is_dropped_before_its_answer_is_cancelled() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);
    let (_answer, request) = strings::<Result<Answer, &str>>();

    let mut future = call(&mut service, request);
    assert!(poll_once(&mut future).is_pending());
    drop(future);

    assert_eq!(counted(&breaker, Outcome::Cancelled), 1);
    assert_eq!(breaker.snapshot().probes_free, 1);
}

#[test]
fn a_panic_of_the_body_is_a_failure() {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    let mut body = body(&mut service, answer([Panic, ended(GrpcCode::Ok)]));

    let reads = std::panic::AssertUnwindSafe(|| read(&mut body));
    assert!(std::panic::catch_unwind(reads).is_err());

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn pushback_lengthens_the_open_period_and_a_negative_one_is_no_hint() {
    let open_for = |pushback: &str| {
        let (breaker, _) = breaker(brittle());
        let mut service = service(&breaker);
        let fields = [("grpc-status", "14"), ("grpc-retry-pushback-ms", pushback)];
        read(&mut body(&mut service, answer([trailers(&fields)])));
        breaker.snapshot().retry_after()
    };

    assert_eq!(open_for("2500"), Duration::from_millis(2500));
    assert_eq!(open_for("-1"), Duration::from_secs(1));
    assert_eq!(open_for("soon"), Duration::from_secs(1));
}

#[test]
fn more_pushback_than_can_be_counted_is_the_longest_open_period() {
    let (breaker, _) = breaker(brittle());
    let fields = [
        ("grpc-status", "14"),
        ("grpc-retry-pushback-ms", "soon"),
        ("grpc-retry-pushback-ms", "99999999999999999999"),
    ];

    read(&mut body(
        &mut service(&breaker),
        answer([trailers(&fields)]),
    ));

    assert_eq!(
        breaker.snapshot().retry_after(),
        breaker.config().max_open_for()
    );
}

#[test]
fn a_code_counts_as_told() {
    let (breaker, _) = breaker(brittle());
    let classifier = GrpcClassifier::new().code(GrpcCode::NotFound, CountAs::Failure);
    let layer = GrpcBreakerLayer::new(breaker.clone()).classifier(classifier);
    let mut service = layer.layer(Puppet::default());

    read(&mut body(&mut service, answer([ended(GrpcCode::NotFound)])));

    assert_eq!(layer.breaker().state(), State::Open);
}

#[test]
fn transport_errors_fail_unless_told_otherwise() {
    let refused = || saying(Err::<Answer, _>("connection refused"));
    let (first, _) = breaker(brittle());
    let mut strict = service(&first);
    let (second, _) = breaker(brittle());
    let shrug = GrpcClassifier::new().errors(|_: &&'static str| Verdict::Ignored);
    let mut lenient = GrpcBreakerLayer::new(second.clone())
        .classifier(shrug)
        .layer(Puppet::default());

    let failed = now(&mut strict, refused());
    assert!(matches!(
        failed,
        Err(CallError::Failed("connection refused"))
    ));
    assert!(matches!(
        now(&mut strict, refused()),
        Err(CallError::Rejected(_))
    ));
    assert!(now(&mut lenient, refused()).is_err());

    assert_eq!(first.state(), State::Open);
    assert_eq!(second.state(), State::Closed);
}

#[test]
fn the_inner_service_stays_within_reach() {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    drop(body(&mut service, answer([ended(GrpcCode::Ok)])));

    assert_eq!(service.breaker().name(), breaker.name());
    assert_eq!(service.get_ref().calls(), 1);
    *service.get_mut() = Puppet::default();
    assert_eq!(service.into_inner().calls(), 0);
}
