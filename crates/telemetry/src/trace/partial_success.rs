//! The part of a batch that a collector refused although it reported success.
//!
//! OTLP calls this partial success: `ExportTraceServiceResponse.partial_success`, field 1, holds `rejected_spans`,
//! field 1. The SDK writes it to its own log and reports success, so that spans which the collector discarded would
//! count as exported. Over HTTP this module reads the two numbers from the answer; an answer without them counts as
//! nothing rejected. Over gRPC it cannot, and the line in the SDK's log is the only sign.

use std::sync::Arc;

use opentelemetry_http::{Bytes, Response};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::health::Health;

/// The target of the exporter's own log.
const EXPORTER: &str = "opentelemetry-otlp";
/// The event of a partial success by gRPC.
const EVENT: &str = "TonicTracesClient.PartialSuccess";
/// The field with the number of rejected spans.
const FIELD: &str = "rejected_spans";

/// A layer that tells `health` how many spans a collector rejects by gRPC.
pub(super) fn layer<S>(health: Arc<Health>) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    Rejections { health }.with_filter(filter_fn(|metadata| {
        metadata.is_event() && metadata.target() == EXPORTER
    }))
}

struct Rejections {
    health: Arc<Health>,
}

impl<S: Subscriber> Layer<S> for Rejections {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().name() == EVENT {
            event.record(&mut Count(&self.health));
        }
    }
}

struct Count<'a>(&'a Health);

impl Visit for Count<'_> {
    fn record_i64(&mut self, field: &Field, spans: i64) {
        if field.name() == FIELD {
            self.0.reject(spans.try_into().unwrap_or(0));
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// How many spans the collector says that it rejected. Some answer in JSON, whatever they were asked in.
pub(super) fn rejected_spans(answer: &Response<Bytes>) -> u64 {
    let kind = answer.headers().get("content-type");
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
    if kind.trim_start().starts_with("application/json") {
        in_json(answer.body())
    } else {
        in_protobuf(answer.body())
    }
}

fn in_json(answer: &[u8]) -> u64 {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    let rejected = &answer["partialSuccess"]["rejectedSpans"];
    // Protobuf writes 64-bit numbers as text.
    let text = rejected.as_str().and_then(|text| text.parse().ok());
    text.or_else(|| rejected.as_u64()).unwrap_or(0)
}

fn in_protobuf(response: &[u8]) -> u64 {
    let partial = field(response, 1, |rest, value| match value {
        Value::Bytes(length) => rest.get(..length),
        Value::Number(_) => None,
    });
    let rejected = partial.and_then(|partial| {
        field(partial, 1, |_, value| match value {
            Value::Number(number) => Some(number),
            Value::Bytes(_) => None,
        })
    });
    rejected.unwrap_or(0)
}

enum Value {
    Number(u64),
    /// This many bytes follow.
    Bytes(usize),
}

/// What `read` makes of the first field with this number.
fn field<'a, T>(
    mut message: &'a [u8],
    wanted: u64,
    read: impl Fn(&'a [u8], Value) -> Option<T>,
) -> Option<T> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut message)?),
            1 => Value::Bytes(8),
            2 => Value::Bytes(usize::try_from(varint(&mut message)?).ok()?),
            5 => Value::Bytes(4),
            _ => return None,
        };
        if key >> 3 == wanted {
            return read(message, value);
        }
        if let Value::Bytes(length) = value {
            message = message.get(length..)?;
        }
    }
    None
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (first, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(first & 0x7f) << (7 * place);
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_spans_are_read_and_nonsense_is_nothing() {
        // { partial_success { rejected_spans: 300, error_message: "no" } }
        let some = [0x0a, 7, 0x08, 0xac, 0x02, 0x12, 2, b'n', b'o'];
        assert_eq!(in_protobuf(&some), 300);
        // The same, behind a field of the future and with the message first.
        let behind = [0x10, 1, 0x0a, 7, 0x12, 2, b'n', b'o', 0x08, 0xac, 0x02];
        assert_eq!(in_protobuf(&behind), 300);
        for nothing in [
            &[][..],
            &[0x0a, 0],
            b"{}",
            b"ok",
            &[0x0a, 90, 8],
            &[0xff; 20],
        ] {
            assert_eq!(in_protobuf(nothing), 0, "{nothing:?}");
            assert_eq!(in_json(nothing), 0, "{nothing:?}");
        }
    }

    #[test]
    fn an_answer_is_read_as_what_it_says_that_it_is() {
        let rejected = |kind: &str, body: &'static [u8]| {
            let answer = Response::builder().header("content-type", kind);
            rejected_spans(&answer.body(Bytes::from_static(body)).unwrap())
        };
        let json = br#"{"partialSuccess": {"rejectedSpans": "7", "errorMessage": "no"}}"#;
        let number = br#"{"partialSuccess": {"rejectedSpans": 7}}"#;
        let protobuf = &[0x0a, 2, 0x08, 7];

        assert_eq!(rejected("application/json; charset=utf-8", json), 7);
        assert_eq!(rejected("application/json", number), 7);
        assert_eq!(rejected("application/x-protobuf", protobuf), 7);
        assert_eq!(rejected("application/x-protobuf", json), 0);
        assert_eq!(rejected("application/json", protobuf), 0);
    }
}
