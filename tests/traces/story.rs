//! The trace of one request, which runs through all services, over both transports.

use std::time::Duration;

use end_to_end::{
    Client, Collector, FREE_PORTS, Mood, Process, Signal, Span, healthy, orphans, traces,
};

use crate::{story, to};

/// The spans of each trace that ended well, from the load to the unreliable service.
const WHOLE_STORY: [&str; 5] = [
    "load-generator load-generator: GET /call (client)",
    "breaker-instance A: GET /call (server)",
    "breaker-instance A: circuit_breaker.call (internal)",
    "breaker-instance A: GET /data (client)",
    "unreliable-service unreliable: GET /data (server)",
];

async fn assert_one_trace_per_request(endpoint: String, protocol: &str, collector: &Collector) {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let unreliable = Process::start_in(
        &variables,
        &["unreliable", "--listen", "127.0.0.1:0", "--seed", "1"],
    );
    let downstream = Client::new(unreliable.url("unreliable service").await);
    downstream.put("/faults", &healthy()).await;
    let instance = Process::start_in(
        &variables,
        &[
            "instance",
            "A",
            "--listen",
            "127.0.0.1:0",
            "--downstream",
            downstream.base(),
        ],
    );
    let target = format!("A={}", instance.url("instance").await);
    // A slow machine may be late: what is traced is the same.
    let load = [
        "load",
        "--rate",
        "50",
        "--target",
        &target,
        "--lateness-limit",
        "60s",
    ];
    let load = Process::start_in(&variables, &load);
    let is_whole = |trace: &Vec<Span>| trace.len() == 5;
    collector
        .spans_until("twenty whole traces", |spans| {
            traces(spans)
                .values()
                .filter(|trace| is_whole(trace))
                .count()
                >= 20
        })
        .await;
    // The load ends first, so that nothing is cut off, then everybody sends what is left.
    for process in [load, instance, unreliable] {
        process.signal(Signal::Terminate);
        let ended = process.ended(Duration::from_secs(20)).await;
        assert!(ended.status.success(), "{ended:#?}");
        let warned = ended.stderr.iter().any(|line| line.contains("WARN"));
        assert!(!warned, "{ended:#?}");
    }

    let spans = collector.spans();
    assert_whole_stories(&spans, &target["A=".len()..], downstream.base());
}

fn assert_whole_stories(spans: &[Span], instance: &str, downstream: &str) {
    assert_eq!(orphans(spans), Vec::<&Span>::new());
    let all = traces(spans);
    let (by_hand, by_load): (Vec<_>, Vec<_>) = all
        .values()
        .partition(|trace| trace[0].service == "unreliable-service");
    assert_eq!(
        story(by_hand[0]),
        ["unreliable-service unreliable: PUT /faults (server)"]
    );
    assert_eq!(by_hand.len(), 1);
    for trace in by_load {
        assert_eq!(story(trace), WHOLE_STORY);
        for (parent, child) in trace.iter().zip(&trace[1..]) {
            assert_eq!(child.parent_id, parent.span_id, "{trace:#?}");
        }
        assert_conventions(trace, instance, downstream);
    }
}

fn assert_conventions(trace: &[Span], instance: &str, downstream: &str) {
    let [load, server, call, client, data] = trace else {
        panic!("five spans: {trace:#?}");
    };
    for (span, base, template) in [(load, instance, "/call"), (client, downstream, "/data")] {
        let url = format!("{base}{template}");
        assert_eq!(span.get("url.full"), url);
        assert_eq!(span.get("url.template"), template);
        assert_eq!(span.get("server.address"), "127.0.0.1");
        assert!(
            url.contains(&format!(":{}/", span.get("server.port"))),
            "{span:#?}"
        );
        assert_eq!(span.types["server.port"], "int");
    }
    for (span, route) in [(server, "/call"), (data, "/data")] {
        assert_eq!(span.get("http.route"), route);
        assert_eq!(span.get("url.path"), route);
        assert_eq!(span.get("url.scheme"), "http");
    }
    for span in [load, server, client, data] {
        assert_eq!(span.get("http.request.method"), "GET");
        assert_eq!(span.get("http.response.status_code"), "200", "{trace:#?}");
        assert_eq!(span.types["http.response.status_code"], "int");
    }
    assert_eq!(call.get("circuit_breaker.name"), "unreliable-service");
    assert_eq!(call.get("circuit_breaker.state"), "closed");
    assert_eq!(call.get("circuit_breaker.outcome"), "success");
    assert_eq!(call.get("circuit_breaker.generation"), "0");
    assert_eq!(data.get("unreliable_service.outcome"), "success");
    for span in trace {
        assert!(
            !span.failed && span.get("error.type").is_empty(),
            "{span:#?}"
        );
        assert!(
            span.attributes.keys().all(|key| !key.starts_with("lab.")),
            "{span:#?}"
        );
        for key in [
            "service.version",
            "service.namespace",
            "telemetry.sdk.language",
        ] {
            assert!(span.resource.contains_key(key), "{key}: {span:#?}");
        }
    }
}

#[tokio::test]
async fn one_request_is_one_trace_through_all_services_by_http() {
    let collector = Collector::start(Mood::Taking);
    assert_one_trace_per_request(collector.http(), "http/protobuf", &collector).await;
}

#[tokio::test]
async fn one_request_is_one_trace_through_all_services_by_grpc() {
    let collector = Collector::start(Mood::Taking);
    assert_one_trace_per_request(collector.grpc(), "grpc", &collector).await;
}

#[tokio::test]
async fn services_in_one_process_are_told_apart() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);

    let lab = Process::start(&[&FREE_PORTS[..], &[&flag, &endpoint, "--duration", "3s"]].concat());
    let ended = lab.ended(Duration::from_secs(30)).await;

    assert!(
        ended.status.success() && ended.stderr.is_empty(),
        "{ended:#?}"
    );
    let spans = collector.spans();
    assert_eq!(orphans(&spans), Vec::<&Span>::new());
    for (service, instance) in [
        ("load-generator", "load-generator"),
        ("breaker-instance", "A"),
        ("breaker-instance", "B"),
        ("breaker-instance", "C"),
        ("unreliable-service", "unreliable"),
    ] {
        let of_it = |span: &&Span| span.service == service && span.instance == instance;
        assert!(
            spans.iter().any(|span| of_it(&span)),
            "{service} {instance}"
        );
    }
    for trace in traces(&spans).values() {
        let instances: Vec<_> = trace[1..trace.len() - 1]
            .iter()
            .map(|it| &it.instance)
            .collect();
        assert!(
            instances.windows(2).all(|pair| pair[0] == pair[1]),
            "{trace:#?}"
        );
    }
}
