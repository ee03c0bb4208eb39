//! The moments at which a gRPC answer counts: its headers, its first message or its end.

use fusebox_tower::JudgeAt;

use super::*;

#[test]
fn a_gateways_error_page_is_judged_at_its_headers() {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    let mut page = answer([data(), data()]);
    *page.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;

    // A gRPC client reads no further than the headers.
    drop(body(&mut service, page));

    assert_eq!(breaker.state(), State::Open);
    assert_eq!(counted(&breaker, Outcome::Cancelled), 0);
}

#[test]
fn an_answer_in_another_format_is_judged_at_its_headers() {
    let (breaker, _) = breaker(brittle());
    let mut service = service(&breaker);
    let mut page = answer([data(), data()]);
    let html = http::HeaderValue::from_static("text/html");
    page.headers_mut().insert("content-type", html);

    drop(body(&mut service, page));

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_long_stream_closes_a_tripped_breaker() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);
    let mut cx = Context::from_waker(Waker::noop());

    let mut stream = body(&mut service, answer([data(), Wait, data(), Wait]));
    assert!(Pin::new(&mut stream).poll_frame(&mut cx).is_ready());

    assert_eq!(breaker.state(), State::Closed);
}

fn at(breaker: &Breaker, at: JudgeAt) -> GrpcBreakerService<Puppet> {
    let layer = GrpcBreakerLayer::new(breaker.clone()).judge_at(at);
    layer.layer(Puppet::default())
}

#[test]
fn a_healthy_stream_closes_the_breaker_in_each_of_many_half_open_periods() {
    let (breaker, clock) = about_to_probe();
    let mut service = service(&breaker);
    for period in 0..200 {
        let mut stream = body(&mut service, answer([data(), Wait, data(), Wait]));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut stream).poll_frame(&mut cx).is_ready());
        assert_eq!(breaker.state(), State::Closed, "period {period}");

        breaker.open_for(crate::rehearsal::OPEN_FOR);
        clock.advance(crate::rehearsal::OPEN_FOR);
    }
}

#[test]
fn a_reader_that_works_on_the_first_message_for_long_does_not_open_the_circuit_again() {
    let (breaker, clock) = about_to_probe();
    let mut service = service(&breaker);
    let mut stream = body(&mut service, answer([data(), Wait, data(), Wait]));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut stream).poll_frame(&mut cx).is_ready());

    clock.advance(breaker.config().half_open_for().unwrap());

    assert_eq!(breaker.poll_transitions(), State::Closed);
}

#[test]
fn a_probe_that_fails_behind_its_message_fails() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);

    read(&mut body(
        &mut service,
        answer([data(), ended(GrpcCode::Internal)]),
    ));

    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_reader_that_takes_the_first_message_of_a_probe_and_leaves_has_had_a_success() {
    let (breaker, _) = about_to_probe();
    let mut service = service(&breaker);
    let mut stream = body(&mut service, answer([data(), Wait]));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut stream).poll_frame(&mut cx).is_ready());

    drop(stream);

    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn at_the_end_a_stream_holds_its_probe_and_at_the_headers_it_holds_nothing() {
    for (judge_at, state) in [
        (JudgeAt::End, State::HalfOpen),
        (JudgeAt::FirstData, State::Closed),
        (JudgeAt::Headers, State::Closed),
    ] {
        let (breaker, _) = about_to_probe();
        let mut stream = body(&mut at(&breaker, judge_at), answer([data(), Wait, Wait]));
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(
            breaker.state() == State::Closed,
            judge_at == JudgeAt::Headers
        );
        assert!(Pin::new(&mut stream).poll_frame(&mut cx).is_ready());
        assert!(Pin::new(&mut stream).poll_frame(&mut cx).is_pending());
        assert_eq!(breaker.state(), state, "{judge_at:?}");
    }
}

#[test]
fn a_bad_status_in_the_headers_counts_even_if_headers_are_all_that_is_asked() {
    let (breaker, _) = breaker(brittle());
    let mut refused = answer([]);
    refused.headers_mut().insert("grpc-status", 14.into());

    drop(body(&mut at(&breaker, JudgeAt::Headers), refused));

    assert_eq!(breaker.state(), State::Open);
}
