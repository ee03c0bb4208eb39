//! Jaeger's query API, as its page asks it, and traces as it returns them.

use std::collections::{BTreeMap, BTreeSet};

use end_to_end::Client;
use serde_json::Value;

/// Asks Jaeger.
pub(crate) struct Jaeger {
    page: Client,
    metrics: Client,
}

/// A span as Jaeger returns it.
#[derive(Clone, Debug)]
pub(crate) struct JaegerSpan {
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for a root.
    pub(crate) parent: String,
    pub(crate) service: String,
    /// `service.instance.id`.
    pub(crate) instance: String,
    pub(crate) name: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// Each with its name and its attributes.
    pub(crate) events: Vec<(String, BTreeMap<String, String>)>,
    /// The trace and the span that each link names.
    pub(crate) links: Vec<(String, String)>,
    pub(crate) begins_us: u64,
    pub(crate) length_us: u64,
}

impl JaegerSpan {
    /// A tag, or an empty text.
    pub(crate) fn tag(&self, name: &str) -> &str {
        self.tags.get(name).map_or("", String::as_str)
    }
}

impl Jaeger {
    pub(crate) fn at(page: &str, metrics: &str) -> Self {
        Self {
            page: Client::new(page.to_owned()),
            metrics: Client::new(metrics.to_owned()),
        }
    }

    /// How many spans it has taken, by its own count.
    pub(crate) async fn accepted(&self) -> f64 {
        let metrics = self.metrics.metrics().await;
        metrics.sum("otelcol_receiver_accepted_spans_total", &[])
    }

    /// The services that it knows. It may know itself, by the requests of its page.
    pub(crate) async fn services(&self) -> BTreeSet<String> {
        let mut services = self.names("/api/services").await;
        services.remove("jaeger");
        services
    }

    /// The names of the spans of a service.
    pub(crate) async fn operations(&self, service: &str) -> BTreeSet<String> {
        self.names(&format!("/api/services/{service}/operations"))
            .await
    }

    async fn names(&self, path: &str) -> BTreeSet<String> {
        let data = self.data(path).await;
        let names = data.as_array().into_iter().flatten();
        names
            .filter_map(|name| Some(name.as_str()?.to_owned()))
            .collect()
    }

    /// The spans of one trace, in the order of their beginnings; none when it is not known.
    pub(crate) async fn trace(&self, id: &str) -> Vec<JaegerSpan> {
        let data = self.data(&format!("/api/traces/{id}")).await;
        traces_of(&data).pop().unwrap_or_default()
    }

    /// The traces that a search finds: `query` is what follows `?` in the address of its page.
    pub(crate) async fn search(&self, query: &str) -> Vec<Vec<JaegerSpan>> {
        traces_of(&self.data(&format!("/api/traces?{query}")).await)
    }

    async fn data(&self, path: &str) -> Value {
        let Some(reply) = self.page.try_get(path).await else {
            return Value::Null;
        };
        let mut answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        answer["data"].take()
    }
}

fn traces_of(data: &Value) -> Vec<Vec<JaegerSpan>> {
    let traces = data.as_array().into_iter().flatten();
    let traces = traces.map(|trace| {
        let spans = trace["spans"].as_array().into_iter().flatten();
        let mut spans: Vec<_> = spans
            .map(|span| span_of(span, &trace["processes"]))
            .collect();
        spans.sort_by_key(|span| span.begins_us);
        spans
    });
    traces.collect()
}

fn span_of(span: &Value, processes: &Value) -> JaegerSpan {
    let process = &processes[span["processID"].as_str().unwrap_or_default()];
    let resource = pairs(&process["tags"]);
    let mut parent = String::new();
    let mut links = Vec::new();
    for reference in span["references"].as_array().into_iter().flatten() {
        let to = (text(&reference["traceID"]), text(&reference["spanID"]));
        if reference["refType"] == "CHILD_OF" && parent.is_empty() {
            parent = to.1;
        } else {
            links.push(to);
        }
    }
    let events = span["logs"].as_array().into_iter().flatten();
    let events = events.map(|event| {
        let mut fields = pairs(&event["fields"]);
        (fields.remove("event").unwrap_or_default(), fields)
    });
    JaegerSpan {
        trace: text(&span["traceID"]),
        id: text(&span["spanID"]),
        parent,
        service: text(&process["serviceName"]),
        instance: resource
            .get("service.instance.id")
            .cloned()
            .unwrap_or_default(),
        name: text(&span["operationName"]),
        tags: pairs(&span["tags"]),
        events: events.collect(),
        links,
        begins_us: span["startTime"].as_u64().unwrap_or_default(),
        length_us: span["duration"].as_u64().unwrap_or_default(),
    }
}

/// Names and values, each value as text.
fn pairs(list: &Value) -> BTreeMap<String, String> {
    let list = list.as_array().into_iter().flatten();
    list.map(|pair| (text(&pair["key"]), text(&pair["value"])))
        .collect()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as it stands in an address.
pub(crate) fn escaped(value: &str) -> String {
    let bytes = value.bytes().map(|byte| {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    bytes.collect()
}
