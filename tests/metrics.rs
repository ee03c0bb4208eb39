//! The metrics at `/metrics`: complete from the first scrape, consistent, exact, and clean under `promtool`.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use end_to_end::{
    Client, FREE_PORTS, Process, Series, System, always_failing, eventually, healthy,
};
use telemetry::{Definition, names};
use tokio::time::Instant;

/// Runs `promtool`, which must be there.
fn promtool(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is missing: apt-get install prometheus");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin.write_all(input.as_bytes()).expect("promtool reads");
    drop(stdin);
    child.wait_with_output().expect("promtool ends")
}

fn assert_clean(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn promtool_finds_nothing_to_say_about_the_metrics() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    system.instance(0).get("/call").await;

    for client in [system.instance(0), &system.downstream] {
        let text = client.get("/metrics").await;
        assert!(
            text.header("content-type")
                .starts_with("text/plain; version=0.0.4")
        );
        assert_clean(&promtool(&["check", "metrics"], &text.body));
    }
}

#[tokio::test]
async fn promtool_finds_nothing_to_say_about_the_page_and_the_export_of_traces() {
    let endpoint = end_to_end::nobody();
    let flags = [&FREE_PORTS[..], &["--otlp-endpoint", &endpoint]].concat();
    let lab = Process::start(&flags);
    for who in ["instance A", "unreliable service", "  lab "] {
        let text = Client::new(lab.url(who).await).get("/metrics").await.body;

        assert!(text.contains("trace_export_up"), "{who}: {text}");
        assert_clean(&promtool(&["check", "metrics"], &text));
    }
}

#[tokio::test]
async fn promtool_finds_nothing_to_say_about_instances_that_decide_together() {
    let flags = [&FREE_PORTS[..], &["--coordination", "quorum"]].concat();
    let lab = Process::start(&flags);
    let instance = Client::new(lab.url("instance A").await);
    let text = instance.get("/metrics").await.body;

    assert_clean(&promtool(&["check", "metrics"], &text));
    assert_families(
        &instance.metrics().await,
        &[names::INSTANCE, names::FLEET].concat(),
    );
    for definition in names::FLEET {
        let help = format!("# HELP {} {}\n", definition.name, definition.help);
        assert!(text.contains(&help), "{help}");
    }
}

#[test]
fn promtool_accepts_the_scrape_configuration() {
    let output = promtool(&["check", "config", "prometheus.yml"], "");
    assert!(output.status.success(), "{output:?}");

    let config = include_str!("../prometheus.yml");
    for words in [
        "scrape_interval: 1s",
        "127.0.0.1:8001",
        "127.0.0.1:8002",
        "127.0.0.1:8003",
        "127.0.0.1:9000",
        "instance: A",
        "instance: B",
        "instance: C",
    ] {
        assert!(config.contains(words), "{words}");
    }
}

#[test]
fn promtool_accepts_the_rules_and_each_alert_fires_when_it_should_and_only_then() {
    for arguments in [
        ["check", "rules", "prometheus/rules.yml"].as_slice(),
        &["test", "rules", "prometheus/rules.test.yml"],
    ] {
        let output = promtool(arguments, "");
        assert!(output.status.success(), "{output:?}");
    }
    let tests = include_str!("../prometheus/rules.test.yml");
    let rules = include_str!("../prometheus/rules.yml");
    let alerts = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        let name = format!("alertname: {alert}\n");
        let checked = tests.split(&name).skip(1);
        let (quiet, firing): (Vec<_>, Vec<_>) =
            checked.partition(|rest| rest.trim_start().starts_with("exp_alerts: []"));
        assert!(
            !quiet.is_empty() && !firing.is_empty(),
            "{alert} is tested both ways"
        );
    }
    for record in rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- record: "))
    {
        assert!(tests.contains(record), "{record} is tested");
    }
}

#[tokio::test]
async fn a_scraper_gets_the_format_that_it_asks_for() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let instance = system.instance(0);
    instance.get("/call").await;
    let ask = async |accept: &str| {
        instance
            .send("GET", "/metrics", &[("accept", accept)], "")
            .await
    };

    let open = ask("application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    let text = ask("text/plain").await;

    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), kind);
    assert_eq!(open.header("vary"), "accept");
    assert!(open.body.ends_with("# EOF\n") && !text.body.contains("# EOF"));
    let call = r#"circuit_breaker_calls_total{breaker="unreliable-service",outcome="success"} 1"#;
    for reply in [&open, &text] {
        assert!(
            reply.body.lines().any(|line| line == call),
            "{}",
            reply.body
        );
    }
    assert!(!open.body.contains("trace_id"), "nothing is traced");
}

#[tokio::test]
async fn a_scrape_is_answered_while_every_call_hangs() {
    const HANGING: &str =
        r#"{"seed": 1, "phases": [{"name": "hang", "hang_ratio": 1, "hang_ms": 30000}]}"#;
    let system = System::with_instances(&["A"], HANGING, &["--call-timeout", "30s"]).await;
    let instance = system.instance(0);
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let caller = instance.clone();
            tokio::spawn(async move { caller.try_get("/call").await })
        })
        .collect();
    eventually("all calls are under way", async || {
        (system.received().await >= 200.0).then_some(())
    })
    .await;

    let shown = instance.metrics().await;

    assert_eq!(
        shown.sum("circuit_breaker_calls_total", &[]).to_string(),
        "0"
    );
    assert!(calls.iter().all(|call| !call.is_finished()));
    for call in calls {
        call.abort();
    }
}

#[tokio::test]
async fn every_metric_is_there_before_the_first_call_and_no_other() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;

    assert_families(&system.instance(0).metrics().await, names::INSTANCE);
    assert_families(&system.downstream.metrics().await, names::UNRELIABLE);
    let series = system.instance(0).metrics().await;
    for (name, count) in [
        ("circuit_breaker_state", 6),
        ("circuit_breaker_transitions_total", 30),
        ("circuit_breaker_trips_total", 9),
        ("circuit_breaker_calls_total", 5),
        ("circuit_breaker_fast_failures_total", 7),
        ("circuit_breaker_state_seconds_total", 6),
        ("circuit_breaker_call_duration_seconds_count", 5),
    ] {
        assert_eq!(series.with(name).len(), count, "{name}");
    }
    for status in ["200", "502", "503", "504"] {
        let labels = [
            r#"route="/call""#,
            r#"method="GET""#,
            &format!("status=\"{status}\""),
        ];
        let count = series.sum("http_server_request_duration_seconds_count", &labels);
        assert_eq!(count.to_string(), "0", "{status}");
    }
}

/// The longest that anybody may be told to wait for an answer.
const LONGEST_PATIENCE: f64 = 600.0;

#[tokio::test]
async fn every_histogram_reaches_to_the_longest_patience_and_no_patience_is_longer() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let target = format!("A={}", system.instance(0).base());
    let load = ["load", "--target", &*target, "--listen", "127.0.0.1:0"];
    let load = Process::start(&load);
    let generator = Client::new(load.url("load generator").await);
    let mut histograms = 0;
    for client in [system.instance(0), &system.downstream, &generator] {
        let shown = client.get("/metrics").await.body;
        let kinds = shown
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "));
        for name in kinds.filter_map(|kind| kind.strip_suffix(" histogram")) {
            let bucket = format!("{name}_bucket{{");
            let series = shown.lines().filter(|line| line.starts_with(&bucket));
            let limits = series.filter_map(|line| {
                let (_, limit) = line.split_once("le=\"")?;
                limit.split('"').next()?.parse::<f64>().ok()
            });
            let last = limits.filter(|limit| limit.is_finite()).fold(0.0, f64::max);
            assert!(last >= LONGEST_PATIENCE, "{name} ends at {last} s");
            histograms += 1;
        }
    }
    assert_eq!(histograms, 7, "the test looks at all of them");

    for flags in [
        ["load", "--timeout", "10m 1s"],
        ["instance", "--call-timeout", "10m 1s"],
    ] {
        let [service, flag, patience] = flags;
        let name: &[&str] = if service == "instance" { &["A"] } else { &[] };
        let refused = Process::run(&[&[service], name, &[flag, patience]].concat()).await;
        assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
        let why = &refused.stderr[0];
        assert!(
            why.contains("10m 1s") && why.contains("at most 10m"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn each_metric_says_what_the_page_about_metrics_says() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let shown = system.instance(0).get("/metrics").await.body;

    for definition in [names::INSTANCE, names::EVERYWHERE, names::PROCESS].concat() {
        let help = format!("# HELP {} {}\n", definition.name, definition.help);
        assert!(shown.contains(&help), "{help}");
    }
}

fn assert_families(series: &Series, definitions: &[Definition]) {
    let everywhere = [definitions, names::EVERYWHERE, names::PROCESS].concat();
    let mut expected: Vec<_> = everywhere
        .iter()
        .map(|definition| definition.name)
        .collect();
    expected.sort_unstable();
    let mut found = series.families().to_vec();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn state_seconds_lose_nothing_and_grow_without_traffic() {
    let flags = ["--consecutive-failures", "1", "--open-for", "200ms"];
    let system = System::with_instances(&["A"], &always_failing(), &flags).await;
    let instance = system.instance(0);
    let seconds = async |labels: &[&str]| {
        let series = instance.metrics().await;
        series.sum("circuit_breaker_state_seconds_total", labels)
    };

    let asked_first = Instant::now();
    let before = seconds(&[]).await;
    let told_first = Instant::now();
    instance.get("/call").await;
    eventually("time in all three states", async || {
        let (open, half_open) = ([r#"state="open""#], [r#"state="half_open""#]);
        (seconds(&open).await > 0.0 && seconds(&half_open).await > 0.0).then_some(())
    })
    .await;
    let asked_last = Instant::now();
    let after = seconds(&[]).await;
    let told_last = Instant::now();

    // All states together pass as much time as the clock on the wall between the two scrapes,
    // each of which happened between its question and its answer.
    let passed = Duration::from_secs_f64(after - before);
    let rounding = Duration::from_micros(10);
    assert!(passed + rounding >= asked_last - told_first, "{passed:?}");
    assert!(passed <= told_last - asked_first + rounding, "{passed:?}");
}

#[tokio::test]
async fn a_transition_has_one_time_at_every_scrape_and_in_the_view_of_the_breaker() {
    let system = System::with_instances(&["A"], &healthy(), &["--open-for", "1h"]).await;
    let instance = system.instance(0);
    let times = async || {
        let series = instance.metrics().await;
        [
            series.sum("circuit_breaker_last_transition_timestamp_seconds", &[]),
            series.sum("circuit_breaker_open_until_timestamp_seconds", &[]),
        ]
    };
    for state in ["made", "forced_open"] {
        if state == "forced_open" {
            let reply = instance.put("/breaker/mode", r#""forced_open""#).await;
            assert_eq!(reply.status, 200);
        }

        let first = times().await;

        for _ in 0..20 {
            assert_eq!(times().await.map(f64::to_bits), first.map(f64::to_bits));
            let view = instance.get("/breaker").await.json();
            let mut transitions = view["transitions"].as_array().into_iter().flatten();
            let since = transitions
                .next_back()
                .map_or(&view["since"], |last| &last["at"]);
            for time in [&view["since"], since] {
                let time = time.as_f64().expect("a number");
                // As exact as a JSON number is read.
                assert!((time - first[0]).abs() < 1e-6, "{state}: {time} {first:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_downstream_counts_is_what_the_instances_were_permitted() {
    let system = System::start(
        &always_failing(),
        &["--open-for", "100ms", "--max-open-for", "200ms"],
    )
    .await;
    let load = system.load(200);
    eventually("calls, rejections and flaps", async || {
        let series = system.instance(1).metrics().await;
        let rejected = series.sum("circuit_breaker_fast_failures_total", &[]);
        (system.received().await > 50.0 && rejected > 50.0).then_some(())
    })
    .await;
    load.signal(end_to_end::Signal::Terminate);
    load.ended(Duration::from_secs(20)).await;

    eventually("the sums agree once all calls have ended", async || {
        let (mut permitted, mut answered) = (0.0, 0.0);
        for (_, instance, _) in &system.instances {
            let series = instance.metrics().await;
            permitted += series.sum("circuit_breaker_calls_total", &[]);
            let calls = [r#"outcome="cancelled""#];
            answered += series.sum("circuit_breaker_call_duration_seconds_count", &[]);
            assert!(series.sum("circuit_breaker_calls_total", &calls) >= 0.0);
        }
        let received = system.received().await;
        let failing = system.downstream.metrics().await;
        let failing = failing.sum("unreliable_service_requests_while_failing_total", &[]);
        let agree = (received - permitted).abs() < 1.0 && (answered - permitted).abs() < 1.0;
        (agree && (failing - received).abs() < 1.0).then_some(())
    })
    .await;
}
