//! A collector that is absent, refuses, hangs, is slow or restarts, which no request notices.

use std::time::Duration;

use end_to_end::{
    Client, Collector, Ended, FREE_PORTS, LIMIT, Mood, Process, Signal, eventually, nobody,
};
use telemetry::names;

/// Waits for a line of the log.
async fn line_with(lab: &Process, words: &str) -> String {
    eventually(&format!("a line with `{words}`"), async || {
        lab.log().into_iter().find(|line| line.contains(words))
    })
    .await
}

/// Runs the whole system against the collector at `endpoint` until the log says that spans are lost,
/// a little longer, and to its end.
async fn run_into(endpoint: &str, protocol: &str) -> (Ended, Duration) {
    let base = ["--otlp-endpoint", endpoint, "--otlp-protocol", protocol];
    // More spans than a queue of 512 can take in a second.
    let flags = [&base[..], &["--rate", "300"]].concat();
    let variables = [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "512"),
    ];
    let lab = Process::start_in(&variables, &[&FREE_PORTS[..], &flags].concat());
    let instance = Client::new(lab.url("instance A").await);
    line_with(&lab, "spans are lost").await;
    eventually("a full queue and one that is kept bounded", async || {
        let metrics = instance.metrics().await;
        let waiting = metrics.sum("trace_export_queue_spans", &[]);
        assert!(waiting <= 512.0, "{waiting}");
        let lost = metrics.sum("trace_export_spans_total", &[r#"outcome="dropped""#])
            + metrics.sum("trace_export_spans_total", &[r#"outcome="failed""#]);
        (lost > 600.0).then_some(())
    })
    .await;
    assert_eq!(
        instance
            .metrics()
            .await
            .sum("trace_export_up", &[])
            .to_string(),
        "0"
    );
    let asked = tokio::time::Instant::now();
    lab.signal(Signal::Terminate);
    let ended = lab.ended(LIMIT).await;
    (ended, asked.elapsed())
}

fn assert_nobody_noticed(ended: &Ended, took: Duration) {
    assert!(ended.status.success(), "{ended:#?}");
    // One line when it began, one when the process ended, whatever happened between.
    let [first, last] = ended.stderr.as_slice() else {
        panic!("two lines: {ended:#?}");
    };
    assert!(
        first.contains("spans are lost: the collector does not take them"),
        "{first}"
    );
    assert!(
        last.contains("spans were lost") && last.contains("lost="),
        "{last}"
    );
    // Three seconds are promised; a minute would be the sum of the exporter's own limits.
    assert!(took < Duration::from_secs(5), "{took:?}");
    let table = ended
        .stdout
        .iter()
        .skip_while(|line| !line.starts_with("what clients saw"));
    let row = table
        .skip(1)
        .find(|line| line.starts_with("A "))
        .expect("a row for A");
    let successes = row
        .split_whitespace()
        .nth(2)
        .expect("a column of successes");
    assert_ne!(successes, "0", "{row}");
}

#[tokio::test]
async fn an_absent_collector_costs_two_lines() {
    for protocol in ["http/protobuf", "grpc"] {
        let (ended, took) = run_into(&nobody(), protocol).await;
        assert_nobody_noticed(&ended, took);
    }
}

async fn assert_nobody_notices(mood: Mood) {
    let collector = Collector::start(mood);
    for (endpoint, protocol) in [
        (collector.http(), "http/protobuf"),
        (collector.grpc(), "grpc"),
    ] {
        let (ended, took) = run_into(&endpoint, protocol).await;
        assert_nobody_noticed(&ended, took);
    }
}

#[tokio::test]
async fn a_collector_that_hangs_costs_two_lines() {
    assert_nobody_notices(Mood::Hanging).await;
}

#[tokio::test]
async fn a_collector_that_cannot_now_costs_two_lines() {
    assert_nobody_notices(Mood::Unavailable).await;
}

#[tokio::test]
async fn a_collector_that_never_will_costs_two_lines() {
    assert_nobody_notices(Mood::Rejecting).await;
}

#[tokio::test]
async fn a_collector_that_is_too_slow_costs_two_lines() {
    assert_nobody_notices(Mood::Slow(Duration::from_millis(900))).await;
}

/// The counters of spans: exported, failed, dropped, and those that wait.
async fn counted(instance: &Client) -> [f64; 4] {
    let metrics = instance.metrics().await;
    let count = |outcome: &str| {
        let label = format!("outcome=\"{outcome}\"");
        metrics.sum("trace_export_spans_total", &[&label])
    };
    let waiting = metrics.sum("trace_export_queue_spans", &[]);
    [
        count("exported"),
        count("failed"),
        count("dropped"),
        waiting,
    ]
}

#[tokio::test]
async fn a_collector_that_comes_back_gets_spans_again_and_the_log_says_how_many_are_lost() {
    for protocol in ["http/protobuf", "grpc"] {
        let first = Collector::start(Mood::Taking);
        let addresses = first.addresses();
        let endpoint = if protocol == "grpc" {
            first.grpc()
        } else {
            first.http()
        };
        let flags = ["--otlp-endpoint", &endpoint, "--otlp-protocol", protocol];
        let variables = [("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")];
        let lab = Process::start_in(&variables, &[&FREE_PORTS[..], &flags].concat());
        let instance = Client::new(lab.url("instance A").await);
        first.spans_until("spans", |spans| spans.len() > 100).await;
        drop(first);
        line_with(&lab, "spans are lost").await;

        let second = Collector::start_again(addresses);

        let line = line_with(&lab, "spans reach the collector again").await;
        second
            .spans_until("spans again", |spans| spans.len() > 100)
            .await;
        let [_, failed, dropped, _] = counted(&instance).await;
        let lost: f64 = line
            .split("lost=")
            .nth(1)
            .and_then(|number| number.split_whitespace().next()?.parse().ok())
            .expect("the line says how many");
        assert!(lost > 0.0, "{line}");
        assert_eq!(lost.to_string(), (failed + dropped).to_string(), "{line}");
        lab.signal(Signal::Terminate);
        let ended = lab.ended(LIMIT).await;
        assert_eq!(ended.stderr.len(), 2, "{ended:#?}");
    }
}

#[tokio::test]
async fn the_export_is_on_metrics_while_it_is_on() {
    let collector = Collector::start(Mood::Taking);
    let endpoint = collector.http();
    let lab = Process::start(&[&FREE_PORTS[..], &["--otlp-endpoint", &endpoint]].concat());
    let instance = Client::new(lab.url("instance A").await);
    collector
        .spans_until("spans", |spans| spans.len() > 100)
        .await;

    eventually("exported spans", async || {
        let [exported, failed, dropped, _] = counted(&instance).await;
        assert_eq!((failed + dropped).to_string(), "0");
        (exported >= 100.0).then_some(())
    })
    .await;
    let families = instance.metrics().await.families().to_vec();
    for definition in names::TRACE_EXPORT {
        assert!(
            families.iter().any(|name| name == definition.name),
            "{}",
            definition.name
        );
    }
    assert_eq!(
        instance
            .metrics()
            .await
            .sum("trace_export_up", &[])
            .to_string(),
        "1"
    );
}

#[tokio::test]
async fn a_variable_that_leads_nowhere_is_one_warning_and_no_traces() {
    for (variables, words) in [
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:4318")][..],
            "no spans are exported",
        ),
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")],
            "no spans are exported",
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ],
            "OTEL_EXPORTER_OTLP_PROTOCOL: `http/json` is not allowed",
        ),
    ] {
        let arguments = [&FREE_PORTS[..], &["--duration", "1s"]].concat();
        let ended = Process::start_in(variables, &arguments).ended(LIMIT).await;

        assert!(ended.status.success(), "{ended:#?}");
        assert_eq!(ended.stderr.len(), 1, "{variables:?}: {ended:#?}");
        assert!(ended.stderr[0].contains(words), "{variables:?}: {ended:#?}");
    }
}

/// Where spans go by each protocol.
fn both_ways(collector: &Collector) -> [(String, &'static str); 2] {
    [
        (collector.http(), "http/protobuf"),
        (collector.grpc(), "grpc"),
    ]
}

#[tokio::test]
async fn spans_that_are_rejected_in_a_batch_that_is_taken_are_lost_and_that_is_said_once() {
    for (mood, protocol) in [
        (Mood::Partly(1), "http/protobuf"),
        (Mood::PartlyInJson(1), "http/protobuf"),
        (Mood::Partly(1), "grpc"),
    ] {
        let collector = Collector::start(mood);
        let ways = both_ways(&collector).into_iter();
        let (endpoint, _) = { ways }
            .find(|(_, it)| *it == protocol)
            .expect("one of two");
        let flags = ["--otlp-endpoint", &endpoint, "--otlp-protocol", protocol];
        let lab = Process::start(&[&FREE_PORTS[..], &flags].concat());
        let instance = Client::new(lab.url("instance A").await);

        eventually("several batches, one span of each rejected", async || {
            let [exported, failed, dropped, _] = counted(&instance).await;
            assert_eq!(dropped.to_string(), "0");
            (exported > 100.0 && failed > 10.0).then_some(())
        })
        .await;

        let up = instance.metrics().await.sum("trace_export_up", &[]);
        assert_eq!(up.to_string(), "0", "{mood:?}");
        // Whoever sends calls here need not care about traces.
        assert_eq!(instance.get("/readyz").await.status, 200);
        lab.signal(Signal::Terminate);
        let ended = lab.ended(LIMIT).await;
        let [first, last] = ended.stderr.as_slice() else {
            panic!("two lines: {ended:#?}");
        };
        assert!(
            first.contains("spans are lost") && first.contains("rejected some of its spans"),
            "{first}"
        );
        assert!(last.contains("spans were lost"), "{last}");
    }
}

#[tokio::test]
async fn each_rejected_span_is_counted_as_not_exported_and_no_other() {
    for place in [0, 1] {
        let collector = Collector::start(Mood::Partly(1));
        let (endpoint, protocol) = both_ways(&collector)[place].clone();
        let flags = ["--otlp-endpoint", &endpoint, "--otlp-protocol", protocol];
        let instance = ["instance", "A", "--listen", "127.0.0.1:0"];
        let process = Process::start(&[&instance[..], &flags].concat());
        let instance = Client::new(process.url("instance").await);

        for call in 1..=3 {
            instance.get("/breaker").await;
            eventually("the batch has ended", async || {
                let [exported, failed, ..] = counted(&instance).await;
                // One request makes one span, which is rejected.
                let ended = exported + failed;
                (ended.to_string() == call.to_string()).then_some(())
            })
            .await;
        }

        let [exported, failed, dropped, waiting] = counted(&instance).await;
        assert_eq!(
            [exported, failed, dropped, waiting].map(|it| it.to_string()),
            ["0", "3", "0", "0"]
        );
    }
}

#[tokio::test]
async fn credentials_in_the_endpoint_reach_the_collector_and_nobody_else() {
    let collector = Collector::start(Mood::Taking);
    for (endpoint, protocol) in both_ways(&collector) {
        let endpoint = endpoint.replace("http://", "http://me:open%20sesame@");
        let flag = ["--otlp-endpoint", &*endpoint];
        let variable = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
        for (flags, variables) in [(&flag[..], &[][..]), (&[], &variable)] {
            let seen = collector.authorizations().len();
            let run = ["--otlp-protocol", protocol, "--duration", "2s"];
            let arguments = [&FREE_PORTS[..], flags, &run].concat();

            let ended = Process::start_in(variables, &arguments).ended(LIMIT).await;

            assert!(ended.stderr.is_empty(), "{ended:#?}");
            let authorizations = collector.authorizations().split_off(seen);
            assert!(!authorizations.is_empty(), "{protocol}");
            for authorization in authorizations {
                assert_eq!(authorization, "Basic bWU6b3BlbiBzZXNhbWU=", "{protocol}");
            }
            let mut said = ended.stdout.iter();
            assert!(!said.any(|line| line.contains("sesame")), "{ended:#?}");
        }
    }
}

#[tokio::test]
async fn a_collector_that_sends_elsewhere_is_not_obeyed() {
    let elsewhere = Collector::start(Mood::Taking);
    let collector = Collector::start(Mood::Redirecting(elsewhere.addresses().0));
    let endpoint = collector.http();
    let variables = [("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")];
    let arguments = [&FREE_PORTS[..], &["--otlp-endpoint", &endpoint]].concat();

    let lab = Process::start_in(&variables, &arguments);

    let line = line_with(&lab, "spans are lost").await;
    assert!(line.contains("307"), "{line}");
    assert_eq!(collector.authorizations()[0], "secret");
    assert_eq!(elsewhere.authorizations().len(), 0);
}
