//! The parts of a span as plain text, in the words of the conventions.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

/// A list of attributes as text.
pub(crate) type Attributes = BTreeMap<String, String>;

/// A span as it was received.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// `service.name`.
    pub service: String,
    /// `service.instance.id`.
    pub instance: String,
    /// All attributes of the resource.
    pub resource: Attributes,
    /// In hexadecimal.
    pub trace_id: String,
    /// In hexadecimal.
    pub span_id: String,
    /// In hexadecimal; empty for a root.
    pub parent_id: String,
    /// Its name.
    pub name: String,
    /// `client`, `server` or `internal`.
    pub kind: String,
    /// Whether the status is ERROR.
    pub failed: bool,
    /// Its attributes, as text.
    pub attributes: Attributes,
    /// The types of its attributes.
    pub types: Attributes,
    /// Its events with their attributes.
    pub events: Vec<(String, Attributes)>,
    /// The trace and the span that it is linked to.
    pub links: Vec<(String, String)>,
    /// The attributes of its links.
    pub link_attributes: Vec<Attributes>,
    /// Its length.
    pub lasted: Duration,
}

impl Span {
    pub(crate) fn all_of(request: ExportTraceServiceRequest) -> Vec<Self> {
        let mut spans = Vec::new();
        for part in request.resource_spans {
            let resource = part.resource.unwrap_or_default().attributes;
            let resource = texts(&resource);
            for scope in part.scope_spans {
                spans.extend(scope.spans.into_iter().map(|span| {
                    let status = span.status.unwrap_or_default();
                    let nanos = span.end_time_unix_nano - span.start_time_unix_nano;
                    Self {
                        service: resource.get("service.name").cloned().unwrap_or_default(),
                        instance: resource
                            .get("service.instance.id")
                            .cloned()
                            .unwrap_or_default(),
                        resource: resource.clone(),
                        trace_id: hex(&span.trace_id),
                        span_id: hex(&span.span_id),
                        parent_id: hex(&span.parent_span_id),
                        name: span.name,
                        kind: match SpanKind::try_from(span.kind) {
                            Ok(SpanKind::Client) => "client",
                            Ok(SpanKind::Server) => "server",
                            Ok(SpanKind::Internal) => "internal",
                            _ => "other",
                        }
                        .to_owned(),
                        failed: status.code == StatusCode::Error as i32,
                        attributes: texts(&span.attributes),
                        types: types(&span.attributes),
                        events: span
                            .events
                            .iter()
                            .map(|event| (event.name.clone(), texts(&event.attributes)))
                            .collect(),
                        links: span
                            .links
                            .iter()
                            .map(|link| (hex(&link.trace_id), hex(&link.span_id)))
                            .collect(),
                        link_attributes: span
                            .links
                            .iter()
                            .map(|link| texts(&link.attributes))
                            .collect(),
                        lasted: Duration::from_nanos(nanos),
                    }
                }));
            }
        }
        spans
    }

    /// An attribute, or an empty text.
    pub fn get(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }

    /// The attributes of the event called `name`, if it has one.
    pub fn event(&self, name: &str) -> Option<&Attributes> {
        let mut events = self.events.iter();
        let found = events.find(|(known, _)| known == name);
        found.map(|(_, attributes)| attributes)
    }
}

/// The spans by trace, each trace from its root down to the last child; siblings as they came.
pub fn traces(spans: &[Span]) -> BTreeMap<String, Vec<Span>> {
    let mut traces: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for span in spans {
        traces
            .entry(span.trace_id.clone())
            .or_default()
            .push(span.clone());
    }
    for trace in traces.values_mut() {
        let mut ordered: Vec<Span> = Vec::new();
        let mut rest = std::mem::take(trace);
        let is_next = |span: &Span, ordered: &[Span]| {
            span.parent_id.is_empty() || ordered.iter().any(|it| it.span_id == span.parent_id)
        };
        while let Some(place) = rest.iter().position(|span| is_next(span, &ordered)) {
            ordered.push(rest.remove(place));
        }
        ordered.extend(rest);
        *trace = ordered;
    }
    traces
}

/// Spans whose parent is not among the spans, though they have one.
pub fn orphans(spans: &[Span]) -> Vec<&Span> {
    let known = |id: &str| spans.iter().any(|span| span.span_id == id);
    let children = spans.iter().filter(|span| !span.parent_id.is_empty());
    children.filter(|span| !known(&span.parent_id)).collect()
}

fn texts(attributes: &[KeyValue]) -> Attributes {
    let texts = attributes.iter().filter_map(|attribute| {
        let text = match attribute.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => text.clone(),
            Value::IntValue(number) => number.to_string(),
            Value::BoolValue(flag) => flag.to_string(),
            other => format!("{other:?}"),
        };
        Some((attribute.key.clone(), text))
    });
    texts.collect()
}

fn types(attributes: &[KeyValue]) -> Attributes {
    let types = attributes.iter().filter_map(|attribute| {
        let name = match attribute.value.as_ref()?.value.as_ref()? {
            Value::StringValue(_) => "string",
            Value::IntValue(_) => "int",
            Value::BoolValue(_) => "boolean",
            _ => "other",
        };
        Some((attribute.key.clone(), name.to_owned()))
    });
    types.collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
