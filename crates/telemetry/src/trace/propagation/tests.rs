//! Tests of the propagation of trace contexts.

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// Headers of a request, each line one of its own.
fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = value.replace("TRACE", TRACE).replace("SPAN", SPAN);
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

fn parent(flags: &str) -> HeaderMap {
    headers(&[("traceparent", &format!("00-TRACE-SPAN-{flags}"))])
}

/// A span of the trace `trace` that continues nothing yet.
fn span(trace: &str) -> SpanContext {
    SpanContext::new(
        trace::TraceId::from_hex(trace).unwrap(),
        trace::SpanId::from_hex("00000000000000ab").unwrap(),
        trace::TraceFlags::SAMPLED,
        false,
        trace::TraceState::default(),
    )
}

#[test]
fn without_exactly_one_valid_parent_there_is_no_trace_to_continue() {
    const VALID: (&str, &str) = ("traceparent", "00-TRACE-SPAN-01");
    const STATE: (&str, &str) = ("tracestate", "a=1");
    for lines in [
        &[][..],
        &[STATE],
        &[VALID, VALID],
        &[VALID, ("traceparent", "00-TRACE-0000000000000001-01")],
        &[VALID, ("traceparent", "")],
        &[("traceparent", ""), VALID, STATE],
        &[("traceparent", "nonsense"), STATE],
        &[("trace-parent", "00-TRACE-SPAN-01")],
    ] {
        assert_eq!(Received::read(&headers(lines)), None, "{lines:?}");
    }
    assert!(Received::read(&headers(&[VALID, STATE])).is_some());
}

#[test]
fn an_invalid_state_leaves_the_parent_as_it_is() {
    let without = parent("01");
    let mut invalid = without.clone();
    invalid.append(TRACESTATE, "a=1".parse().unwrap());
    invalid.append(TRACESTATE, "@b=2".parse().unwrap());

    assert_eq!(Received::read(&invalid), Received::read(&without));
}

#[test]
fn an_unsampled_parent_decides_unless_the_sampler_is_asked() {
    for (flags, unsampled) in [("00", true), ("02", true), ("01", false), ("03", false)] {
        let received = Received::read(&parent(flags)).unwrap();
        assert_eq!(received.is_unsampled(Parents::Decide), unsampled, "{flags}");
        assert!(!received.is_unsampled(Parents::AreAsked), "{flags}");
    }
}

#[test]
fn a_span_below_a_parent_hands_on_its_trace_its_state_and_its_random_flag() {
    for (flags, written) in [
        ("00", "01"),
        ("01", "01"),
        ("02", "03"),
        ("03", "03"),
        ("ff", "03"),
    ] {
        let mut lines = parent(flags);
        lines.append(TRACESTATE, " a=1 ,, b@@c=2".parse().unwrap());
        lines.append(TRACESTATE, "d=3".parse().unwrap());
        let received = Received::read(&lines).unwrap();
        let mut sent = headers(&[("traceparent", "old"), ("tracestate", "old=1")]);

        write(&span(TRACE), Some(&received), &mut sent);

        let parent = format!("00-TRACE-00000000000000ab-{written}");
        let expected = [("traceparent", &*parent), ("tracestate", "a=1,b@@c=2,d=3")];
        assert_eq!(sent, headers(&expected), "{flags}");
    }
}

#[test]
fn a_trace_that_begins_here_has_a_random_id_and_nobodys_state() {
    const NEW: &str = "00000000000000000000000000000001";
    let mut others = parent("01");
    others.append(TRACESTATE, "a=1".parse().unwrap());
    let others = Received::read(&others);
    for received in [None, others.as_ref()] {
        let mut sent = headers(&[("tracestate", "old=1")]);

        write(&span(NEW), received, &mut sent);

        let parent = format!("00-{NEW}-00000000000000ab-03");
        assert_eq!(sent, headers(&[("traceparent", &parent)]));
    }
}

#[test]
fn what_is_not_recorded_goes_on_below_a_span_of_its_own() {
    let mut sent = parent("02");
    sent.append(TRACESTATE, "a=1, b=2".parse().unwrap());
    let received = Received::read(&sent).unwrap();

    received.write_unrecorded(&mut sent);

    let written = Received::read(&sent).unwrap();
    assert_eq!(sent[TRACESTATE], "a=1,b=2");
    assert_eq!(written.parent.trace, received.parent.trace);
    assert_eq!(written.parent.flags, received.parent.flags);
    assert_ne!(written.parent.span, received.parent.span);
}

#[test]
fn spans_have_the_state_of_their_parent_as_far_as_the_sdk_can_hold_it() {
    for (state, held) in [("a=1,b= 2", "a=1,b= 2"), ("a=1,b@@c=2", "")] {
        let mut lines = parent("03");
        lines.append(TRACESTATE, state.parse().unwrap());
        let context = Received::read(&lines).unwrap().context();
        let context = context.span().span_context().clone();

        assert_eq!(context.trace_id().to_string(), TRACE);
        assert_eq!(context.span_id().to_string(), SPAN);
        assert_eq!(context.trace_flags().to_u8(), 3);
        assert_eq!(context.trace_state().header(), held);
        assert!(context.is_remote());
    }
}

#[test]
fn whoever_records_nothing_passes_on_every_line_as_it_came() {
    let mut came = headers(&[
        ("traceparent", "00-TRACE-SPAN-00"),
        ("traceparent", "nonsense"),
        ("tracestate", " A=1 ,, b==2\t"),
        ("tracestate", ""),
    ]);
    came.append(TRACESTATE, http::HeaderValue::from_bytes(b"\xff").unwrap());
    let mut sent = headers(&[("traceparent", "old"), ("tracestate", "old=1")]);

    pass_on(&came, &mut sent);

    assert_eq!(sent, came);
}
