//! The cause of a failed request: a shortage of the process itself, a kept connection, or a status that is passed on.

use std::process::Command;
use std::time::Duration;

use end_to_end::{Client, Process, Schema, eventually};
use tokio::time::sleep;

use crate::nasty::{Manner, Nasty};
use crate::{PATIENT, load_with_result, number, target};

/// The fewest file descriptors with which `breaker-lab` starts.
const FEW: u32 = 128;

fn instance_of(downstream: &str) -> [&str; 6] {
    let listen = "127.0.0.1:0";
    [
        "instance",
        "A",
        "--listen",
        listen,
        "--downstream",
        downstream,
    ]
}

async fn calls(instance: &Client, outcome: &str) -> f64 {
    let outcome = format!("outcome=\"{outcome}\"");
    let metrics = instance.metrics().await;
    metrics.sum("circuit_breaker_calls_total", &[&outcome])
}

#[tokio::test]
async fn a_generator_out_of_descriptors_or_addresses_says_so_and_blames_nobody() {
    let hanging = Nasty::start(Manner::Hangs).await;
    let hanging = target("A", &hanging.url);
    let unknown = target("A", &format!("http://{}.test:80", "a".repeat(70)));
    for (target, words) in [(hanging, "too many open files"), (unknown, "not resolved")] {
        let arguments = ["load", "--quiet", "--target", &target, "--rate", "200"];
        let run = ["--duration", "1s", "--json", "-"];
        let many = ["--max-connections", "500"];
        let arguments = [&arguments[..], &PATIENT, &many, &run].concat();
        let ended = Process::run_with_open_files(FEW, &arguments).await;

        assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
        let last = ended.stderr.last().expect("a reason");
        assert!(
            last.contains(words) && last.contains("the generator itself"),
            "{last}"
        );
        let result = serde_json::from_str(&ended.stdout.join("\n")).expect("a result");
        Schema::of("load-result.schema.json").validate(&result);
        let outcomes = "/targets/0/parts/0/outcomes";
        assert!(number(&result, &format!("{outcomes}/own_shortage")) > 10.0);
        assert_eq!(
            result.pointer(&format!("{outcomes}/connect_refused")),
            Some(&0.into())
        );
    }
}

#[tokio::test]
async fn an_instance_out_of_descriptors_holds_nothing_against_its_downstream() {
    let downstream = Nasty::start(Manner::Hangs).await;
    let arguments = [
        &instance_of(&downstream.url)[..],
        &["--call-timeout", "60s"],
    ]
    .concat();
    let process = Process::start_with_files(FEW, &arguments);
    let instance = Client::new(process.url("instance").await);
    instance.alive().await;
    // Calls that hang hold two descriptors each; more connections wait for one.
    let calls_under_way = (0..100).map(|_| {
        let instance = instance.clone();
        tokio::spawn(async move { instance.try_get("/call").await.map(|reply| reply.status) })
    });
    let calls_under_way: Vec<_> = calls_under_way.collect();

    let replies = eventually("a call for which no descriptor was left", async || {
        let ended = calls_under_way.iter().filter(|call| call.is_finished());
        (ended.count() > 0).then_some(())
    });
    replies.await;

    for call in calls_under_way
        .into_iter()
        .filter(tokio::task::JoinHandle::is_finished)
    {
        assert_eq!(call.await.expect("it ends"), Some(500));
    }
    let process_state = eventually("room for a look", async || {
        let ignored = instance.try_get("/metrics").await?;
        ignored
            .body
            .contains("circuit_breaker_calls_total")
            .then_some(ignored.body)
    });
    let shown = process_state.await;
    let count = |outcome: &str| {
        let series = format!(
            "circuit_breaker_calls_total{{breaker=\"unreliable-service\",outcome=\"{outcome}\"}} "
        );
        let line = shown.lines().find_map(|line| line.strip_prefix(&*series));
        line.and_then(|it| it.parse::<f64>().ok()).expect("a count")
    };
    assert!(count("failure") < 0.5 && count("ignored") > 0.5, "{shown}");
}

#[tokio::test]
async fn a_kept_connection_that_a_healthy_server_closes_costs_no_request() {
    let server = Nasty::start(Manner::AnswersOnce).await;
    let process = Process::start(&instance_of(&server.url));
    let instance = Client::new(process.url("instance").await);
    for _ in 0..8 {
        assert_eq!(instance.get("/call").await.status, 200);
    }
    assert_eq!(calls(&instance, "failure").await.to_string(), "0");

    let direct = target("A", &server.url);
    let run = ["--rate", "50", "--duration", "1s", "--max-connections", "1"];
    let (ended, result) = load_with_result(&[&["--target", &direct], &run[..]].concat()).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert_eq!(number(&result, "/figures/ok_ratio").to_string(), "1");
    assert!(
        server.connections() < server.heads().len(),
        "some were kept"
    );
}

#[tokio::test]
async fn an_instance_that_cannot_resolve_its_downstream_holds_nothing_against_it() {
    let unknown = format!("http://{}.test:80", "a".repeat(70));
    let arguments = [&instance_of(&unknown)[..], &["--consecutive-failures", "1"]].concat();
    let process = Process::start(&arguments);
    let instance = Client::new(process.url("instance").await);

    for _ in 0..3 {
        let reply = instance.get("/call").await;
        assert_eq!(reply.status, 500, "{}", reply.body);
        let error = &reply.json()["error"];
        assert_eq!(error["code"], "own_shortage");
        let message = error["message"].as_str().expect("words");
        assert!(message.contains("not resolved"), "{message}");
    }

    assert_eq!(calls(&instance, "failure").await.to_string(), "0");
    assert_eq!(calls(&instance, "ignored").await.to_string(), "3");
    assert_eq!(instance.state().await, "closed");
}

#[tokio::test]
async fn a_reply_that_has_begun_is_not_asked_for_again() {
    for begins in [
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
    ] {
        let server = Nasty::start(Manner::AnswersThenSays(begins)).await;
        let process = Process::start(&instance_of(&server.url));
        let instance = Client::new(process.url("instance").await);

        assert_eq!(instance.get("/call").await.status, 200);
        assert_eq!(instance.get("/call").await.status, 502, "{begins:?}");

        assert_eq!(server.heads().len(), 2, "{begins:?}");
        assert_eq!(server.connections(), 1);
        assert_eq!(calls(&instance, "failure").await.to_string(), "1");
        let direct = target("A", &server.url);
        let run = ["--connections", "1", "--duration", "500ms"];
        let (_, result) = load_with_result(&[&["--target", &direct], &run[..]].concat()).await;
        let planned = number(&result, "/planned");
        let heads = server.heads().len() - 2;
        assert_eq!(heads.to_string(), planned.to_string(), "one request each");
        let share = number(&result, "/figures/truncated_ratio");
        assert!((0.4..0.6).contains(&share), "every other one: {share}");
    }
}

#[tokio::test]
async fn a_fresh_connection_that_breaks_is_a_failure_and_not_tried_again() {
    let server = Nasty::start(Manner::SaysAndLeaves("")).await;
    let process = Process::start(&instance_of(&server.url));
    let instance = Client::new(process.url("instance").await);

    assert_eq!(instance.get("/call").await.status, 502);

    assert_eq!(server.heads().len(), 1);
    assert_eq!(calls(&instance, "failure").await.to_string(), "1");
}

/// Answers of a healthy downstream, each with the status and the outcome that the client gets.
const HEALTHY_ANSWERS: [(&str, u16, &str); 5] = [
    (
        "HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
        302,
        "redirection",
    ),
    (
        "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n",
        304,
        "redirection",
    ),
    (
        "HTTP/1.1 401 No\r\nwww-authenticate: Basic\r\nwww-authenticate: Bearer\r\n\
         content-length: 0\r\n\r\n",
        401,
        "client_error",
    ),
    (
        "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n",
        404,
        "client_error",
    ),
    // Another protocol was not requested, and it cannot be passed on.
    (
        "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        502,
        "downstream_error",
    ),
];

#[tokio::test]
async fn what_a_healthy_downstream_answers_reaches_the_client_as_what_it_is() {
    for (says, status, outcome) in HEALTHY_ANSWERS {
        let server = Nasty::start(Manner::Says(says)).await;
        let process = Process::start(&instance_of(&server.url));
        let url = process.url("instance").await;
        let instance = Client::new(url.clone());
        let by_instance = target("A", &url);
        let run = ["--rate", "50", "--duration", "1s", "--max-connections", "2"];

        let (_, result) = load_with_result(&[&["--target", &by_instance], &run[..]].concat()).await;
        let direct = target("A", &server.url);
        let (_, directly) = load_with_result(&[&["--target", &direct], &run[..]].concat()).await;

        let share = |result, name: &str| number(result, &format!("/figures/{name}_ratio"));
        assert_eq!(
            share(&result, outcome).to_string(),
            "1",
            "{status}: {result:#}"
        );
        assert_eq!(calls(&instance, "failure").await.to_string(), "0");
        assert_eq!(instance.state().await, "closed");
        if status != 502 {
            assert_eq!(share(&directly, outcome).to_string(), "1");
            // Two of the load, a few of the instance: none is spent on each answer.
            assert!(
                server.connections() < 20,
                "{status}: {}",
                server.connections()
            );
        }
        let raw = end_to_end::Client::new(url)
            .send_without_redirects("/call")
            .await;
        assert_eq!(raw.status, status);
        let passed_on = match status {
            302 => ("location", "/x"),
            304 => ("etag", "\"1\""),
            401 => ("www-authenticate", "Basic"),
            _ => continue,
        };
        assert_eq!(raw.header(passed_on.0), passed_on.1);
        // Several lines are one list, of which none is left out.
        let lines = raw.headers.get_all(passed_on.0).iter().count();
        assert_eq!(lines, if status == 401 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn an_instance_that_was_stopped_blames_no_healthy_downstream() {
    let half_a_second = Duration::from_millis(500);
    let server = Nasty::start(Manner::Stalls(Duration::ZERO, half_a_second)).await;
    let arguments = [&instance_of(&server.url)[..], &["--call-timeout", "2s"]].concat();
    let process = Process::start(&arguments);
    let instance = Client::new(process.url("instance").await);
    instance.alive().await;
    let calls_under_way = (0..8).map(|_| {
        let instance = instance.clone();
        tokio::spawn(async move { instance.get("/call").await.status })
    });
    let calls_under_way: Vec<_> = calls_under_way.collect();
    eventually("eight calls", async || {
        (server.heads().len() == 8).then_some(())
    })
    .await;

    signal(&process, "-STOP");
    // The subject of the test is time that passes while the process is stopped.
    sleep(Duration::from_secs(4)).await;
    signal(&process, "-CONT");

    for call in calls_under_way {
        assert_eq!(call.await.expect("it ends"), 200);
    }
    assert_eq!(calls(&instance, "failure").await.to_string(), "0");
    assert_eq!(instance.state().await, "closed");
    let slow = instance
        .metrics()
        .await
        .sum("circuit_breaker_slow_calls_total", &[]);
    assert_eq!(slow.to_string(), "0");
}

fn signal(process: &Process, name: &str) {
    let id = process.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status();
    assert!(sent.expect("there is a kill command").success());
}
