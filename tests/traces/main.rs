//! Traces: one per request, across all services.

mod breaker;
mod choices;
mod context;
mod endings;
mod fleet;
mod names;
mod questions;
mod story;

use end_to_end::{Client, Collector, Process, Span, System, traces};

/// The flags that send traces to `collector` by HTTP.
fn to(collector: &Collector) -> [String; 2] {
    ["--otlp-endpoint".to_owned(), collector.http()]
}

/// The service, instance, name and kind of each span.
fn story(trace: &[Span]) -> Vec<String> {
    let lines = trace.iter().map(|span| {
        let Span {
            service,
            instance,
            name,
            kind,
            ..
        } = span;
        format!("{service} {instance}: {name} ({kind})")
    });
    lines.collect()
}

/// An instance whose traces go to `collector` at once, asked by hand.
async fn traced(collector: &Collector, plan: &str, flags: &[&str]) -> System {
    let [flag, endpoint] = to(collector);
    System::with_instances(&["A"], plan, &[&[&*flag, &*endpoint], flags].concat()).await
}

/// The trace whose spans `look` accepts.
async fn trace_with(collector: &Collector, what: &str, look: impl Fn(&Span) -> bool) -> Vec<Span> {
    let spans = collector
        .spans_until(what, |spans| spans.iter().any(&look))
        .await;
    let all = traces(&spans);
    let found = all.into_values().find(|trace| trace.iter().any(&look));
    found.expect("there is such a trace")
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

/// The unreliable service alone, with `plan`, whose traces go to `collector`.
async fn traced_downstream(collector: &Collector, plan: &str) -> (Process, Client) {
    let [flag, endpoint] = to(collector);
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0", &flag, &endpoint]);
    let client = Client::new(process.url("unreliable service").await);
    assert_eq!(client.put("/faults", plan).await.status, 200);
    (process, client)
}
