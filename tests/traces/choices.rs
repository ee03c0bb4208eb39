//! The choice of what is traced: by callers, by the load generator, by variables.

use std::time::Duration;

use end_to_end::{Client, Collector, FREE_PORTS, Mood, Process, Span, healthy, orphans, traces};

use crate::{PARENT, story, traced, traced_downstream};

#[tokio::test]
async fn a_caller_decides_about_its_trace() {
    let collector = Collector::start(Mood::Taking);
    let system = traced(&collector, &healthy(), &[]).await;
    let instance = system.instance(0);
    let call = async |flags: &str| {
        let parent = format!("{PARENT}-{flags}");
        let reply = instance
            .send("GET", "/call", &[("traceparent", &parent)], "")
            .await;
        assert_eq!(reply.status, 200);
    };

    call("00").await;
    call("01").await;

    let spans = collector
        .spans_until("the trace of the caller", |spans| spans.len() >= 3)
        .await;
    assert_eq!(spans.len(), 3, "only the sampled one: {spans:#?}");
    assert!(
        spans.iter().all(|span| PARENT.contains(&span.trace_id)),
        "{spans:#?}"
    );
    let server = spans
        .iter()
        .find(|span| span.kind == "server")
        .expect("a server span");
    assert_eq!(server.parent_id, "00f067aa0ba902b7");
}

#[tokio::test]
async fn health_checks_and_scrapes_are_in_no_trace() {
    let collector = Collector::start(Mood::Taking);
    let system = traced(&collector, &healthy(), &[]).await;
    let instance = system.instance(0);
    for path in ["/metrics", "/healthz", "/readyz"] {
        instance.get(path).await;
    }

    instance.get("/breaker").await;

    let spans = collector
        .spans_until("a span", |spans| !spans.is_empty())
        .await;
    assert_eq!(story(&spans), ["breaker-instance A: GET /breaker (server)"]);
}

#[tokio::test]
async fn a_head_request_is_traced_as_one() {
    let collector = Collector::start(Mood::Taking);
    let system = traced(&collector, &healthy(), &[]).await;
    let instance = system.instance(0);

    let reply = instance.send("HEAD", "/breaker", &[], "").await;

    assert_eq!((reply.status, &*reply.body), (200, ""));
    let spans = collector
        .spans_until("a span", |spans| !spans.is_empty())
        .await;
    assert_eq!(spans[0].name, "HEAD /breaker");
    assert_eq!(spans[0].get("http.request.method"), "HEAD");
}

/// Runs the whole system for a moment and returns what arrived.
async fn run_together(
    collector: &Collector,
    variables: &[(&str, &str)],
    flags: &[&str],
) -> Vec<Span> {
    let endpoint = collector.http();
    let arguments = [&FREE_PORTS[..], &["--duration", "2s", "--seed", "1"], flags].concat();
    let all = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)], variables].concat();
    let ended = Process::start_in(&all, &arguments)
        .ended(Duration::from_secs(30))
        .await;
    assert!(
        ended.status.success() && ended.stderr.is_empty(),
        "{ended:#?}"
    );
    collector.spans()
}

#[tokio::test]
async fn whoever_wants_no_traces_gets_none() {
    for (variables, flags) in [
        (&[("OTEL_SDK_DISABLED", "true")][..], &[][..]),
        (&[("OTEL_TRACES_EXPORTER", "none")], &[]),
        (&[("OTEL_TRACES_SAMPLER", "always_off")], &[]),
        (&[], &["--trace-ratio", "0"]),
    ] {
        let collector = Collector::start(Mood::Taking);
        let spans = run_together(&collector, variables, flags).await;
        assert_eq!(spans.len(), 0, "{variables:?} {flags:?}");
    }
}

#[tokio::test]
async fn the_load_generator_decides_for_whole_traces() {
    for (variables, flags) in [
        (&[][..], &["--trace-ratio", "0.3"][..]),
        (
            &[
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "0.3"),
            ],
            &[],
        ),
    ] {
        let collector = Collector::start(Mood::Taking);
        let spans = run_together(&collector, variables, flags).await;

        let traces = traces(&spans);
        // About 180 requests, of which 54 are expected; 25 and 85 are five deviations away.
        assert!((25..=85).contains(&traces.len()), "{} traces", traces.len());
        assert_eq!(orphans(&spans), Vec::<&Span>::new());
        for trace in traces.values() {
            assert_eq!(trace.len(), 5, "{trace:#?}");
            assert_eq!(trace[0].service, "load-generator");
        }
    }
}

#[tokio::test]
async fn names_given_by_variables_win() {
    let collector = Collector::start(Mood::Taking);
    let variables = [
        ("OTEL_SERVICE_NAME", "mine"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test,service.namespace=ours",
        ),
    ];

    let spans = run_together(&collector, &variables, &[]).await;

    assert!(!spans.is_empty());
    for span in spans {
        assert_eq!(span.service, "mine");
        assert_eq!(span.resource["service.namespace"], "ours");
        assert_eq!(span.resource["deployment.environment.name"], "test");
    }
}

#[tokio::test]
async fn batches_are_compressed_where_a_variable_says_so() {
    let collector = Collector::start(Mood::Taking);
    for (endpoint, protocol) in [
        (collector.http(), "http/protobuf"),
        (collector.grpc(), "grpc"),
    ] {
        let before = (collector.compressed(), collector.spans().len());
        let variables = [
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                &*signal_endpoint(&endpoint, protocol),
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ];

        run_together(&collector, &variables, &[]).await;

        assert!(collector.compressed() > before.0, "{protocol}");
        assert!(collector.spans().len() > before.1, "{protocol}");
    }
}

/// The variable for traces alone is used as it is, so for HTTP it has the path.
fn signal_endpoint(base: &str, protocol: &str) -> String {
    if protocol == "grpc" {
        base.to_owned()
    } else {
        format!("{base}/v1/traces")
    }
}

#[tokio::test]
async fn without_a_collector_asked_for_nothing_is_traced_and_context_is_passed_on() {
    let collector = Collector::start(Mood::Taking);
    let (_unreliable, downstream) = traced_downstream(&collector, &healthy()).await;
    let process = Process::start(&[
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        downstream.base(),
    ]);
    let instance = Client::new(process.url("instance").await);
    let parent = format!("{PARENT}-01");

    instance
        .send("GET", "/call", &[("traceparent", &parent)], "")
        .await;

    let spans = collector
        .spans_until("the span of the downstream", |spans| {
            spans.iter().any(|span| span.name == "GET /data")
        })
        .await;
    let data = spans
        .iter()
        .find(|span| span.name == "GET /data")
        .expect("it is there");
    assert_eq!(data.parent_id, "00f067aa0ba902b7");
    assert!(
        spans
            .iter()
            .all(|span| span.service == "unreliable-service"),
        "{spans:#?}"
    );
    let families = instance.metrics().await.families().to_vec();
    assert!(
        !families.iter().any(|name| name.starts_with("trace_export")),
        "{families:?}"
    );
}
