//! The account of a load, which includes every planned request with its outcome.

use std::time::Duration;

use end_to_end::{Client, Process, System, healthy};
use serde_json::Value;

use crate::nasty::{Manner, Nasty, OK, refusing};
use crate::{load, load_with_result, number, target};

/// A manner of the server, and the outcome that its clients see.
const MANNERS: [(&str, Manner, &str); 12] = [
    ("fine", Manner::Says(OK), "ok"),
    // Idle connections that were closed are no fault.
    ("leaving", Manner::SaysAndLeaves(OK), "ok"),
    (
        "rejecting",
        Manner::Says("HTTP/1.1 503 X\r\nx-breaker-state: open\r\ncontent-length: 0\r\n\r\n"),
        "fast_fail",
    ),
    (
        "failing",
        Manner::Says("HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n"),
        "downstream_error",
    ),
    (
        "refusing",
        Manner::Says("HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n"),
        "client_error",
    ),
    ("hanging", Manner::Hangs, "timeout"),
    ("closing", Manner::SaysAndLeaves(""), "reset"),
    (
        "truncating",
        Manner::SaysAndLeaves("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes!"),
        "truncated",
    ),
    (
        "stuttering",
        Manner::SaysAndLeaves("HTTP/1.1 20"),
        "truncated",
    ),
    (
        "raving",
        Manner::SaysAndLeaves("what do you mean?\r\n\r\n"),
        "protocol",
    ),
    (
        "garbling",
        Manner::SaysAndLeaves("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nok\r\n"),
        "protocol",
    ),
    (
        "redirecting",
        Manner::SaysAndLeaves("HTTP/1.1 302 X\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"),
        "redirection",
    ),
];

#[tokio::test]
async fn each_way_to_fail_is_counted_as_what_it_is_and_nothing_is_lost() {
    let mut servers = Vec::new();
    let mut arguments = Vec::new();
    for (name, manner, _) in MANNERS {
        let server = Nasty::start(manner).await;
        arguments.extend(["--target".to_owned(), target(name, &server.url)]);
        servers.push(server);
    }
    arguments.extend(["--target".to_owned(), target("nobody", &refusing())]);
    let mut arguments: Vec<&str> = arguments.iter().map(|it| &**it).collect();
    // 130 a second in turn: ten of each target in each second.
    arguments.extend(["--rate", "130", "--process", "constant", "--duration", "2s"]);
    arguments.extend(["--choose", "round_robin", "--timeout", "150ms"]);
    arguments.extend(["--phase", "late=1s..2s", "--path", "anything"]);

    let (ended, result) = load_with_result(&arguments).await;

    assert_eq!(ended.status.code(), Some(4), "{ended:#?}");
    let expected = MANNERS.map(|(name, _, outcome)| (name, outcome));
    let expected = [&expected[..], &[("nobody", "connect_refused")]].concat();
    let targets = result["targets"].as_array().expect("there are targets");
    assert_eq!(targets.len(), expected.len());
    for (target, (name, outcome)) in targets.iter().zip(expected) {
        assert_eq!(target["name"], name);
        assert_eq!(target["reached"], name != "nobody");
        for (part, phase) in [(0, "late"), (1, "rest")] {
            let part = &target["parts"][part];
            assert_eq!(part["phase"], phase);
            // What timed out last may not have ended: the drain is longer than the patience.
            assert_eq!(part["outcomes"]["planned"], 10, "{name}: {part}");
            assert_eq!(
                part["outcomes"][outcome], 10,
                "{name}: {}",
                part["outcomes"]
            );
        }
    }
    assert_eq!(number(&result, "/planned").to_string(), "260");
    for server in servers {
        let head = server.heads().pop().expect("it was asked");
        assert!(head.starts_with("GET /anything HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nx-request-key: "), "{head}");
    }
}

#[tokio::test]
async fn a_stall_is_seen_by_all_who_had_to_wait() {
    let (from, to) = (Duration::from_secs(1), Duration::from_secs(2));
    let server = Nasty::start(Manner::Stalls(from, to)).await;
    let target = target("A", &server.url);
    let arguments = [
        "--target",
        &target,
        "--rate",
        "200",
        "--process",
        "constant",
    ];
    let bounded = ["--duration", "4s", "--max-connections", "4"];

    let (_, open) = load_with_result(&[&arguments[..], &bounded].concat()).await;

    // Of 4 s, those of one have waited for up to a second, evenly: 1 % of all for 0.96 s and more.
    let p99 = number(&open, "/figures/p99");
    assert!((0.86..1.2).contains(&p99), "{p99}");
    let p90 = number(&open, "/figures/p90");
    assert!((0.5..0.9).contains(&p90), "{p90}");
    assert!(server.connections() <= 4, "{}", server.connections());
    // Four requests out of 800 were sent before the stall and answered after it.
    let service = number(&open, "/figures/service_p99");
    assert!(service < 0.3, "{service}");
}

#[tokio::test]
async fn a_closed_loop_hides_what_an_open_one_shows() {
    let (from, to) = (Duration::from_secs(1), Duration::from_secs(2));
    let server = Nasty::start(Manner::Stalls(from, to)).await;
    let target = target("A", &server.url);

    let (_, closed) = load_with_result(&[
        "--target",
        &target,
        "--connections",
        "2",
        "--duration",
        "3s",
    ])
    .await;

    let planned = number(&closed, "/planned");
    assert!(planned > 400.0, "{planned}");
    assert!(number(&closed, "/figures/p99") < 0.3);
    assert!(number(&closed, "/figures/max") > 0.5);
}

#[tokio::test]
async fn a_closed_loop_around_nobody_does_not_spin() {
    let target = target("A", &refusing());
    let clients = ["--connections", "2", "--duration", "1s"];

    let (ended, result) = load_with_result(&[&["--target", &target], &clients[..]].concat()).await;

    assert_eq!(ended.status.code(), Some(4), "{ended:#?}");
    let planned = number(&result, "/planned");
    assert!((1.0..=202.0).contains(&planned), "{planned}");
}

#[tokio::test]
async fn a_load_whose_rate_ends_ends_by_itself() {
    let server = Nasty::start(Manner::Says(OK)).await;
    let target = target("A", &server.url);
    let shape = [
        "--process",
        "constant",
        "--shape",
        "ramp:from=200,to=0,over=1s",
    ];

    let (ended, result) = load_with_result(&[&["--target", &target], &shape[..]].concat()).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert_eq!(number(&result, "/planned").to_string(), "100");
    assert_eq!(result["cut_short"], false);
}

#[tokio::test]
async fn retries_are_attempts_but_no_requests() {
    let failing = Manner::Says("HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n");
    let server = Nasty::start(failing).await;
    let target = target("A", &server.url);
    let arguments = [
        "--target",
        &target,
        "--rate",
        "100",
        "--process",
        "constant",
    ];
    for (retries, amplification) in [
        ("none", 1.0..=1.0),
        ("immediate:3", 3.0..=3.0),
        ("exponential:attempts=3,base=10ms,max=20ms", 3.0..=3.0),
        // Ten tokens at the beginning, and one of ten requests brings one.
        ("immediate:attempts=3,budget=0.1", 1.15..=1.22),
    ] {
        let run = ["--duration", "1s", "--retries", retries];

        let (_, result) = load_with_result(&[&arguments[..], &run].concat()).await;

        assert_eq!(number(&result, "/planned").to_string(), "100");
        assert_eq!(number(&result, "/figures/failed").to_string(), "100");
        let found = number(&result, "/figures/amplification");
        assert!(amplification.contains(&found), "{retries}: {found}");
    }
    let attempts = server.heads().len();
    assert!((814..=823).contains(&attempts), "{attempts}");
}

#[tokio::test]
async fn keys_and_paths_reach_the_downstream() {
    let downstream = Nasty::start(Manner::Says(OK)).await;
    let process = Process::start(&[
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        &downstream.url,
    ]);
    let instance = process.url("instance").await;
    let target = target("A", &instance);
    let arguments = ["--target", &target, "--rate", "50", "--duration", "1s"];

    let ended = load(&[&arguments[..], &["--path", "call/orders/7", "--keys", "1"]].concat()).await;

    assert!(ended.status.success(), "{ended:#?}");
    let head = downstream.heads().pop().expect("it was asked");
    assert!(
        head.starts_with("GET /data/orders/7 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nx-request-key: 0\r\n"), "{head}");
    let metrics = Client::new(instance).metrics().await;
    let route = [r#"route="/call/{*path}""#, r#"status="200""#];
    assert!(metrics.sum("http_server_request_duration_seconds_count", &route) > 10.0);
}

#[tokio::test]
async fn sticky_keys_stay_and_weights_are_kept() {
    let system = System::start(&healthy(), &[]).await;
    let targets: Vec<String> = system
        .instances
        .iter()
        .map(|(name, client, _)| target(name, client.base()))
        .collect();
    let mut arguments = vec!["--rate", "300", "--process", "constant", "--duration", "1s"];
    for target in &targets {
        arguments.extend(["--target", target]);
    }
    let planned = |result: &Value| -> Vec<f64> {
        let targets = ["A", "B", "C"].iter().enumerate();
        let planned = targets.map(|(place, _)| {
            number(
                result,
                &format!("/targets/{place}/parts/0/outcomes/planned"),
            )
        });
        planned.collect()
    };

    let sticky = ["--choose", "sticky", "--keys", "1"];
    let (_, sticky) = load_with_result(&[&arguments[..], &sticky].concat()).await;
    let weighted = ["--weight", "B=0", "--weight", "A=9"];
    let (_, weighted) = load_with_result(&[&arguments[..], &weighted].concat()).await;

    let [sticky, weighted] = [planned(&sticky), planned(&weighted)];
    assert_eq!(
        sticky.iter().filter(|it| **it > 0.0).count(),
        1,
        "{sticky:?}"
    );
    assert!(weighted[0] > 240.0 && weighted[1] < 1.0, "{weighted:?}");
}
