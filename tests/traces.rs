//! Traces: one story per request, across all services, over both transports.

use std::time::Duration;

use end_to_end::{
    Client, Collector, FREE_PORTS, Mood, Process, Signal, Span, System, always_failing, eventually,
    healthy, orphans, traces,
};

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

/// The spans of each trace that ended well, from the load to the unreliable service.
const WHOLE_STORY: [&str; 5] = [
    "load-generator load-generator: GET (client)",
    "breaker-instance A: GET /call (server)",
    "breaker-instance A: circuit_breaker.call (internal)",
    "breaker-instance A: GET (client)",
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
    let load = Process::start_in(&variables, &["load", "--rate", "50", "--target", &target]);
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

    assert_eq!(orphans(&spans), Vec::<&Span>::new());
    let all = traces(&spans);
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
        assert_conventions(trace, &target["A=".len()..], downstream.base());
    }
}

fn assert_conventions(trace: &[Span], instance: &str, downstream: &str) {
    let [load, server, call, client, data] = trace else {
        panic!("five spans: {trace:#?}");
    };
    for (span, url) in [
        (load, format!("{instance}/call")),
        (client, format!("{downstream}/data")),
    ] {
        assert_eq!(span.get("url.full"), url);
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
        assert_eq!(span.get("http.response.status_code"), "200");
        assert_eq!(span.types["http.response.status_code"], "int");
    }
    assert_eq!(call.get("circuit_breaker.name"), "unreliable-service");
    assert_eq!(call.get("circuit_breaker.state"), "closed");
    assert_eq!(call.get("circuit_breaker.outcome"), "success");
    assert_eq!(call.get("circuit_breaker.generation"), "0");
    assert_eq!(data.get("unreliable_service.effect"), "success");
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

#[tokio::test]
async fn an_opening_is_an_event_and_its_probe_leads_back_to_it() {
    let collector = Collector::start(Mood::Taking);
    let flags = ["--consecutive-failures", "2", "--open-for", "100ms"];
    let system = traced(&collector, &always_failing(), &flags).await;
    let instance = system.instance(0);

    for _ in 0..2 {
        assert_eq!(instance.get("/call").await.status, 502);
    }
    let rejected = instance.get("/call").await;
    eventually("a probe", async || {
        (instance.get("/call").await.status == 502).then_some(())
    })
    .await;

    assert_eq!(rejected.status, 503);
    let opened = trace_with(&collector, "the opening", |span| {
        let event = span.event("circuit_breaker.transition");
        event.is_some_and(|event| event["circuit_breaker.state.from"] == "closed")
    })
    .await;
    let call = opened
        .iter()
        .find(|span| span.name == "circuit_breaker.call")
        .expect("a call");
    let event = call
        .event("circuit_breaker.transition")
        .expect("the event is the call's");
    for (key, value) in [
        ("circuit_breaker.state.to", "open"),
        ("circuit_breaker.transition.cause", "consecutive"),
        ("circuit_breaker.consecutive_failures", "2"),
        ("circuit_breaker.window.failures", "2"),
        ("circuit_breaker.generation", "1"),
    ] {
        assert_eq!(event[key], value, "{key}");
    }
    assert!(call.failed && call.get("error.type") == "500", "{call:#?}");
    assert_eq!(call.get("circuit_breaker.generation"), "0");

    let probed = trace_with(&collector, "the probe", |span| {
        span.get("circuit_breaker.state") == "half_open"
    })
    .await;
    let probe = probed
        .iter()
        .find(|span| span.name == "circuit_breaker.call")
        .expect("a call");
    assert_eq!(probe.links, [(call.trace_id.clone(), call.span_id.clone())]);
}

#[tokio::test]
async fn a_fast_failure_is_a_short_trace_that_says_why() {
    let collector = Collector::start(Mood::Taking);
    let flags = ["--consecutive-failures", "1", "--open-for", "10m"];
    let system = traced(&collector, &always_failing(), &flags).await;

    system.instance(0).get("/call").await;
    assert_eq!(system.instance(0).get("/call").await.status, 503);

    let trace = trace_with(&collector, "the rejection", |span| {
        span.get("circuit_breaker.outcome") == "rejected"
    })
    .await;
    let [server, call] = trace.as_slice() else {
        panic!("no client span: {trace:#?}");
    };
    assert!(
        server.failed && server.get("error.type") == "503",
        "{server:#?}"
    );
    assert_eq!(call.get("circuit_breaker.state"), "open");
    let why = call.event("circuit_breaker.rejected").expect("it says why");
    assert_eq!(why["circuit_breaker.reject.reason"], "open");
    let wait: u64 = why["circuit_breaker.retry_after_ms"]
        .parse()
        .expect("a number");
    assert!((1..=600_000).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_timeout_and_a_client_that_leaves_are_told_with_their_real_duration() {
    const HANGING: &str =
        r#"{"seed": 1, "phases": [{"name": "hang", "hang_ratio": 1, "hang_ms": 30000}]}"#;
    const LIMIT: Duration = Duration::from_millis(400);
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let unreliable = Process::start(&["unreliable", "--listen", "127.0.0.1:0", &flag, &endpoint]);
    let downstream = Client::new(unreliable.url("unreliable service").await);
    downstream.put("/faults", HANGING).await;
    let base = [
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        downstream.base(),
    ];
    let process =
        Process::start(&[&base[..], &["--call-timeout", "400ms", &flag, &endpoint]].concat());
    let instance = Client::new(process.url("instance").await);

    assert_eq!(instance.get("/call").await.status, 504);

    let trace = trace_with(&collector, "the timeout", |span| {
        span.get("error.type") == "504"
    })
    .await;
    let trace = eventually("the whole trace", async || {
        let all = traces(&collector.spans());
        all.get(&trace[0].trace_id)
            .filter(|trace| trace.len() == 4)
            .cloned()
    })
    .await;
    let kinds: Vec<_> = trace.iter().map(|span| span.get("error.type")).collect();
    assert_eq!(kinds, ["504", "timeout", "timeout", "cancelled"]);
    for span in &trace[..3] {
        assert!(span.failed && span.lasted >= LIMIT, "{span:#?}");
    }
    // The downstream is told that nobody waits any more, a moment after it began.
    assert!(
        trace[3].failed && trace[3].lasted >= LIMIT / 2,
        "{:#?}",
        trace[3]
    );

    let impatient = Duration::from_millis(150);
    let left = tokio::time::timeout(impatient, instance.get("/call")).await;
    assert!(left.is_err(), "the call hangs");
    let trace = trace_with(&collector, "the client that left", |span| {
        span.get("circuit_breaker.outcome") == "cancelled"
    })
    .await;
    for span in trace.iter().filter(|span| span.instance == "A") {
        assert!(
            span.failed && span.get("error.type") == "cancelled",
            "{span:#?}"
        );
        assert!(
            span.lasted >= impatient / 2 && span.lasted < LIMIT,
            "{span:#?}"
        );
    }
}

#[tokio::test]
async fn a_downstream_that_is_not_there_is_a_connection_error() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let nobody = end_to_end::nobody();
    let process = Process::start(&[
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        &nobody,
        &flag,
        &endpoint,
    ]);

    Client::new(process.url("instance").await)
        .get("/call")
        .await;

    let trace = trace_with(&collector, "the call", |span| span.kind == "client").await;
    let kinds: Vec<_> = trace.iter().map(|span| span.get("error.type")).collect();
    assert_eq!(kinds, ["502", "connect", "connect"]);
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

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
async fn a_line_of_the_log_carries_the_id_of_its_trace() {
    let collector = Collector::start(Mood::Taking);
    for format in ["text", "json"] {
        let flags = ["--consecutive-failures", "1", "--log-format", format];
        let system = traced(&collector, &always_failing(), &flags).await;
        let parent = format!("{PARENT}-01");
        let headers = [("traceparent", &*parent)];

        system.instance(0).send("GET", "/call", &headers, "").await;

        let line = eventually("a line about the opening", async || {
            let log = system.instances[0].2.log();
            log.into_iter()
                .find(|line| line.contains("circuit breaker transition"))
        })
        .await;
        let trace_id = &PARENT[3..35];
        if format == "json" {
            let line: serde_json::Value = serde_json::from_str(&line).expect("one JSON object");
            assert_eq!(line["trace_id"], trace_id);
            assert_eq!(line["level"], "INFO");
            assert_eq!(line["message"], "circuit breaker transition");
            assert_eq!(line["to"], "open");
            assert_eq!(line["generation"], 1);
        } else {
            assert!(line.ends_with(&format!(" trace_id={trace_id}")), "{line}");
        }
    }
}

#[tokio::test]
async fn without_a_collector_asked_for_nothing_is_traced_and_context_is_passed_on() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let unreliable = Process::start(&["unreliable", "--listen", "127.0.0.1:0", &flag, &endpoint]);
    let downstream = Client::new(unreliable.url("unreliable service").await);
    downstream.put("/faults", &healthy()).await;
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
