//! Answers in gRPC-Web, whose status is in the data and not in the trailers.

use fusebox::{Outcome, State};
use fusebox_tower::GrpcCode;
use http::header::CONTENT_TYPE;

use super::{Act, Answer, Break, answer, body, data, ended, read, service};
use crate::rehearsal::{about_to_probe, breaker, brittle, counted};

const KINDS: [&str; 4] = [
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text+proto",
    "Application/gRPC-Web; charset=utf-8",
];

fn web(kind: &'static str, acts: impl IntoIterator<Item = Act>) -> Answer {
    let mut answer = answer(acts);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, kind.parse().unwrap());
    answer
}

#[test]
fn a_whole_answer_is_a_success() {
    for kind in KINDS {
        let (breaker, _) = about_to_probe();
        let answer = web(kind, [data(), data()]);

        read(&mut body(&mut service(&breaker), answer));

        assert_eq!(breaker.state(), State::Closed, "{kind}");
        assert_eq!(counted(&breaker, Outcome::Success), 1, "{kind}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_a_failure() {
    let (breaker, _) = breaker(brittle());
    let answer = web(KINDS[0], [data(), Break]);

    read(&mut body(&mut service(&breaker), answer));

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_status_in_the_headers_or_the_trailers_counts() {
    let (breaker, _) = breaker(brittle().consecutive_failures(9));
    let mut refused = web(KINDS[0], [data()]);
    refused.headers_mut().insert("grpc-status", 14.into());
    let answers = [
        refused,
        web(KINDS[0], [data(), ended(GrpcCode::Unavailable)]),
    ];

    for answer in answers {
        read(&mut body(&mut service(&breaker), answer));
    }

    assert_eq!(counted(&breaker, Outcome::Failure), 2);
}

#[test]
fn an_answer_without_any_data_is_a_failure_because_it_has_no_status() {
    let (breaker, _) = breaker(brittle());

    drop(body(&mut service(&breaker), web(KINDS[0], [])));

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_native_answer_that_ends_without_a_status_is_a_failure_however_its_type_is_written() {
    for kind in [
        "application/grpc",
        "application/grpc+proto",
        "Application/GRPC",
    ] {
        let (breaker, _) = breaker(brittle());
        let mut body = body(&mut service(&breaker), web(kind, [data(), data()]));
        assert_eq!(breaker.state(), State::Closed, "{kind}: judged at its end");

        read(&mut body);

        assert_eq!(breaker.state(), State::Open, "{kind}");
    }
}
