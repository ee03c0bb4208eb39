//! HTTP answers judged at their headers or at the end of their bodies.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use fusebox::{Breaker, Outcome, State};
use fusebox_tower::{
    BreakerLayer, CountAs, FastFailureLayer, HttpBody, HttpBreakerLayer, HttpClassifier, JudgeAt,
};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, channel::Channel, channel::Sender};
use tower::Layer;

use crate::rehearsal::{Puppet, about_to_probe, breaker, brittle, counted, now, saying};

type Script = Channel<Bytes, &'static str>;
type Answer = Result<Response<Script>, &'static str>;

fn answer(status: u16) -> (Sender<Bytes, &'static str>, Response<Script>) {
    let (sender, body) = Channel::new(8);
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    (sender, response)
}

fn send(sender: &mut Sender<Bytes, &'static str>) {
    let data = Frame::data(Bytes::from_static(b"part"));
    assert!(sender.try_send(data).is_ok(), "there is room");
}

/// The body of an answer to a call through a layer of this breaker's.
fn called(layer: &HttpBreakerLayer, answer: Response<Script>) -> HttpBody<Script> {
    let mut service = layer.layer(Puppet::default());
    let answer: Answer = Ok(answer);
    now(&mut service, saying(answer)).unwrap().into_body()
}

fn poll(body: &mut HttpBody<Script>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
    let mut cx = Context::from_waker(Waker::noop());
    Pin::new(body).poll_frame(&mut cx)
}

fn layer(breaker: &Breaker) -> HttpBreakerLayer {
    HttpBreakerLayer::new(breaker.clone())
}

#[test]
fn a_body_that_breaks_off_is_a_failure() {
    let (breaker, _) = breaker(brittle().consecutive_failures(50));
    for _ in 0..50 {
        let (mut sender, response) = answer(200);
        let mut body = called(&layer(&breaker), response);
        send(&mut sender);
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Ok(_)))));
        sender.abort("connection reset");
        assert!(matches!(poll(&mut body), Poll::Ready(Some(Err(_)))));
    }

    assert_eq!(counted(&breaker, Outcome::Failure), 50);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn judged_at_its_headers_it_is_a_success() {
    let (breaker, _) = breaker(brittle());
    let at_headers = layer(&breaker).judge_at(JudgeAt::Headers);
    let (sender, response) = answer(200);

    let body = called(&at_headers, response);
    assert_eq!(counted(&breaker, Outcome::Success), 1);
    sender.abort("connection reset");
    assert!(body.collect().await.is_err());

    assert_eq!(counted(&breaker, Outcome::Failure), 0);
}

#[tokio::test]
async fn a_layer_that_knows_no_bodies_judges_at_the_headers() {
    let (breaker, _) = breaker(brittle());
    let mut service = BreakerLayer::new(breaker.clone())
        .classifier(HttpClassifier::new())
        .layer(Puppet::default());
    let (sender, response) = answer(200);
    let response: Answer = Ok(response);

    let body = now(&mut service, saying(response)).unwrap().into_body();
    sender.abort("connection reset");
    assert!(body.collect().await.is_err());

    assert_eq!(counted(&breaker, Outcome::Success), 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn a_body_that_is_read_to_its_end_is_a_success_and_not_before() {
    let (breaker, _) = breaker(brittle());
    let (mut sender, response) = answer(200);
    let mut body = called(&layer(&breaker), response);

    send(&mut sender);
    assert!(poll(&mut body).is_ready());
    assert!(poll(&mut body).is_pending());
    assert_eq!(counted(&breaker, Outcome::Success), 0);
    drop(sender);
    body.collect().await.unwrap();

    assert_eq!(counted(&breaker, Outcome::Success), 1);
}

#[test]
fn an_answer_without_a_body_counts_at_once() {
    let (breaker, _) = about_to_probe();
    let mut service = layer(&breaker).layer(Puppet::default());
    let empty: Result<_, &str> = Ok(Response::new(String::new()));

    let answer = now(&mut service, saying(empty)).unwrap();

    assert_eq!(breaker.state(), State::Closed);
    drop(answer);
    assert_eq!(counted(&breaker, Outcome::Success), 1);
}

#[test]
fn a_bad_status_counts_at_its_headers() {
    let (breaker, _) = breaker(brittle());
    let (_sender, response) = answer(503);

    let _body = called(&layer(&breaker), response);

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_reader_that_wants_no_more_has_had_a_success() {
    for read in 0..2 {
        let (breaker, _) = breaker(brittle());
        let (mut sender, response) = answer(200);
        let mut body = called(&layer(&breaker), response);
        for _ in 0..read {
            send(&mut sender);
            assert!(poll(&mut body).is_ready());
        }

        drop(body);

        assert_eq!(counted(&breaker, Outcome::Success), 1, "{read} read");
    }
}

#[test]
fn a_reader_that_gives_up_waiting_has_cancelled_the_call() {
    let (breaker, _) = breaker(brittle());
    let (_sender, response) = answer(200);
    let mut body = called(&layer(&breaker), response);

    assert!(poll(&mut body).is_pending());
    drop(body);

    assert_eq!(counted(&breaker, Outcome::Cancelled), 1);
    assert_eq!(counted(&breaker, Outcome::Success), 0);
}

#[test]
fn a_probe_counts_when_its_data_has_come_and_the_end_is_not_there() {
    let (breaker, _) = about_to_probe();
    let (mut sender, response) = answer(200);
    let mut stream = called(&layer(&breaker), response);
    assert!(poll(&mut stream).is_pending());
    assert_eq!(breaker.state(), State::HalfOpen);

    send(&mut sender);
    assert!(poll(&mut stream).is_ready());

    // Its reader may work on the data for as long as it likes before it asks for more.
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_whose_break_comes_with_its_data_fails() {
    let (breaker, _) = about_to_probe();
    let mut body = called_with(&breaker, Parts::of([Ok("part"), Err("connection reset")]));

    assert_eq!(next(&mut body), Some(Ok("part".into())));
    assert_eq!(breaker.state(), State::Open);
    assert!(!body.is_end_stream());
    assert_eq!(next(&mut body), Some(Err("connection reset")));
    assert_eq!(next(&mut body), None);
}

#[test]
fn a_body_that_looks_ahead_loses_nothing_and_says_how_much_is_left() {
    let (breaker, _) = about_to_probe();
    let mut body = called_with(&breaker, Parts::of([Ok("one"), Ok("three"), Ok("two")]));
    let mut read = Vec::new();

    for left in [8, 3, 0] {
        read.push(next(&mut body).unwrap().unwrap());
        assert_eq!(body.size_hint().exact(), Some(left), "after {read:?}");
    }

    assert_eq!(read, ["one", "three", "two"]);
    assert_eq!(next(&mut body), None);
}

/// A body whose parts have all come, and which does not know that it ends.
struct Parts(std::collections::VecDeque<Result<&'static str, &'static str>>);

impl Parts {
    fn of<const N: usize>(parts: [Result<&'static str, &'static str>; N]) -> Self {
        Self(parts.into())
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let part = self.0.pop_front();
        Poll::Ready(
            part.map(|part| part.map(|text| Frame::data(Bytes::from_static(text.as_bytes())))),
        )
    }

    fn size_hint(&self) -> SizeHint {
        let parts = self.0.iter().flatten();
        SizeHint::with_exact(parts.map(|part| part.len() as u64).sum())
    }
}

fn called_with(breaker: &Breaker, body: Parts) -> HttpBody<Parts> {
    let mut service = layer(breaker).layer(Puppet::default());
    let answer: Result<_, &str> = Ok(Response::new(body));
    now(&mut service, saying(answer)).unwrap().into_body()
}

fn next(body: &mut HttpBody<Parts>) -> Option<Result<String, &'static str>> {
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(frame) = Pin::new(body).poll_frame(&mut cx) else {
        panic!("all parts have come");
    };
    let text = |frame: Frame<Bytes>| String::from_utf8(frame.into_data().unwrap().into()).unwrap();
    frame.map(|frame| frame.map(text))
}

#[test]
fn at_the_end_means_probes_too_if_so_set() {
    let (breaker, _) = about_to_probe();
    let at_end = layer(&breaker).judge_at(JudgeAt::End);
    let (mut sender, response) = answer(200);
    let mut body = called(&at_end, response);

    send(&mut sender);
    assert!(poll(&mut body).is_ready());
    assert!(poll(&mut body).is_pending());
    assert_eq!(breaker.state(), State::HalfOpen);
    drop(sender);
    assert!(matches!(poll(&mut body), Poll::Ready(None)));

    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn the_first_data_can_count_for_every_call() {
    let (breaker, _) = breaker(brittle());
    let at_data = layer(&breaker).judge_at(JudgeAt::FirstData);
    let (mut sender, response) = answer(200);
    let mut stream = called(&at_data, response);

    send(&mut sender);
    assert!(poll(&mut stream).is_ready());
    assert_eq!(counted(&breaker, Outcome::Success), 1);
    sender.abort("connection reset");
    assert!(matches!(poll(&mut stream), Poll::Ready(Some(Err(_)))));

    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn too_many_requests_can_open_the_circuit_at_once_and_for_as_long_as_asked() {
    let (breaker, _) = breaker(brittle().consecutive_failures(100));
    let trip = HttpClassifier::new().too_many_requests(CountAs::Trip);
    let mut service = layer(&breaker).classifier(trip).layer(Puppet::default());
    let (_sender, mut response) = answer(429);
    response.headers_mut().insert("retry-after", 30.into());
    let response: Answer = Ok(response);

    assert!(now(&mut service, saying(response)).is_ok());

    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().retry_after().as_secs(), 30);
}

#[test]
fn a_rejection_can_be_answered_around_a_layer_that_watches_bodies() {
    let (breaker, _) = breaker(brittle());
    breaker.open();
    let mut service = FastFailureLayer::new(layer(&breaker)).layer(Puppet::default());
    let answer: Result<_, &str> = Ok(Response::new(String::new()));

    let answer = now(&mut service, saying(answer)).unwrap();

    assert_eq!(answer.status(), 503);
    assert!(!answer.body().is_end_stream());
}

#[test]
fn errors_and_readiness_are_judged_as_by_the_plain_layer() {
    let (breaker, _) = breaker(brittle());
    let mut service = layer(&breaker).layer(Puppet::default());

    let failed: Answer = Err("connection refused");
    assert!(now(&mut service, saying(failed)).is_err());

    assert_eq!(service.breaker().state(), State::Open);
    assert_eq!(service.get_ref().calls(), 1);
    *service.get_mut() = Puppet::default();
    assert_eq!(service.into_inner().calls(), 0);
}

#[test]
fn a_panic_of_the_reader_is_a_failure_as_for_every_permit() {
    let (breaker, _) = breaker(brittle());
    let (_sender, response) = answer(200);
    let body = called(&layer(&breaker), response);

    let reads = std::panic::AssertUnwindSafe(move || {
        let _body = body;
        panic!("in the reader");
    });
    assert!(std::panic::catch_unwind(reads).is_err());

    assert_eq!(counted(&breaker, Outcome::Failure), 1);
}
