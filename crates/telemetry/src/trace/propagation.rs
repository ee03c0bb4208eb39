//! Propagation of a trace from one service to the next, in the headers of W3C Trace Context.
//!
//! <https://www.w3.org/TR/trace-context/>: `traceparent`, and `tracestate` where there is one.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Whether the decision of who sent a request is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parents {
    /// What a parent did not sample is not sampled here.
    Decide,
    /// The sampler is asked about every span.
    AreAsked,
}

/// What the headers say about the trace that a request belongs to.
pub(super) enum Incoming {
    /// Nothing, or nothing that can be read.
    Nothing,
    /// A trace that is not sampled, and need not be.
    Unsampled,
    /// A trace to continue.
    Parent(Context),
}

pub(super) fn extract(headers: &HeaderMap, parents: Parents) -> Incoming {
    let mut parents_named = headers.get_all(TRACEPARENT).iter();
    // Of two parents nobody knows the right one: the specification takes them for none.
    if parents_named.next().is_none() || parents_named.next().is_some() {
        return Incoming::Nothing;
    }
    let joined = with_one_state(headers);
    let headers = joined.as_ref().unwrap_or(headers);
    let propagator = TraceContextPropagator::new();
    let context = propagator.extract_with_context(&Context::new(), &HeaderExtractor(headers));
    let parent = context.span().span_context().clone();
    if !parent.is_valid() {
        Incoming::Nothing
    } else if !parent.is_sampled() && parents == Parents::Decide {
        Incoming::Unsampled
    } else {
        Incoming::Parent(context)
    }
}

/// The headers with one line of `tracestate` where there are several, which are one list.
fn with_one_state(headers: &HeaderMap) -> Option<HeaderMap> {
    headers.get_all(TRACESTATE).iter().nth(1)?;
    let lines = headers.get_all(TRACESTATE).iter();
    let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    let mut joined = HeaderMap::new();
    joined.insert(TRACEPARENT, headers.get(TRACEPARENT)?.clone());
    joined.insert(TRACESTATE, HeaderValue::from_str(&lines.join(",")).ok()?);
    Some(joined)
}

/// Makes the receiver of `headers` a part of the trace.
pub(super) fn inject(context: &SpanContext, headers: &mut HeaderMap) {
    let sampled = context.trace_flags().to_u8();
    let text = format!(
        "00-{}-{}-{sampled:02x}",
        context.trace_id(),
        context.span_id()
    );
    let value = HeaderValue::from_str(&text).expect("ids are hexadecimal");
    headers.insert(TRACEPARENT, value);
    headers.remove(TRACESTATE);
    let state = context.trace_state().header();
    if let Some(value) = HeaderValue::from_str(&state)
        .ok()
        .filter(|value| !value.is_empty())
    {
        headers.insert(TRACESTATE, value);
    }
}

/// Passes the trace context of a request on, unchanged: for a service that records nothing of it.
pub fn pass_on(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [TRACEPARENT, TRACESTATE] {
        to.remove(&name);
        for value in from.get_all(&name) {
            to.append(&name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers(flags: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
        headers.insert(TRACEPARENT, parent.parse().unwrap());
        headers.insert(TRACESTATE, "vendor=1".parse().unwrap());
        headers
    }

    #[test]
    fn a_sampled_parent_is_continued_with_its_state() {
        let Incoming::Parent(context) = extract(&headers("01"), Parents::Decide) else {
            panic!("there is a parent");
        };
        let mut sent = HeaderMap::new();

        inject(context.span().span_context(), &mut sent);

        assert_eq!(sent, headers("01"));
    }

    #[test]
    fn an_unsampled_parent_decides_unless_the_sampler_is_asked() {
        let decided = extract(&headers("00"), Parents::Decide);
        let asked = extract(&headers("00"), Parents::AreAsked);

        assert!(matches!(decided, Incoming::Unsampled));
        assert!(matches!(asked, Incoming::Parent(_)));
    }

    #[test]
    fn a_header_that_cannot_be_read_is_no_parent() {
        for wrong in ["", "00", "zz", "00-0-0-01", "ff-4bf92f-00-01"] {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, wrong.parse().unwrap());
            assert!(
                matches!(extract(&headers, Parents::Decide), Incoming::Nothing),
                "{wrong}",
            );
        }
    }

    #[test]
    fn several_lines_of_state_are_one_list_and_two_parents_are_none() {
        let mut lines = headers("01");
        lines.append(TRACESTATE, "other=2".parse().unwrap());
        let Incoming::Parent(context) = extract(&lines, Parents::Decide) else {
            panic!("there is a parent");
        };
        let state = context.span().span_context().trace_state().header();
        assert_eq!(state, "vendor=1,other=2");
        let mut sent = HeaderMap::new();
        pass_on(&lines, &mut sent);
        assert_eq!(sent, lines);

        let second = lines[TRACEPARENT].clone();
        lines.append(TRACEPARENT, second);
        assert!(matches!(
            extract(&lines, Parents::Decide),
            Incoming::Nothing
        ));
    }

    #[test]
    fn what_is_not_recorded_is_passed_on_as_it_came() {
        let mut sent = HeaderMap::new();

        pass_on(&headers("00"), &mut sent);

        assert_eq!(sent, headers("00"));
    }
}
