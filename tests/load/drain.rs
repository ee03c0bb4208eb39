//! The end of the load, which waits for requests under way as long as their clients would.

use std::time::Duration;

use end_to_end::{LIMIT, Process, Signal, eventually};
use serde_json::Value;
use tokio::time::Instant;

use crate::nasty::{Manner, Nasty};
use crate::{PATIENT, load_with_result, number, target};

/// The sum over the parts of the one target.
fn count(result: &Value, outcome: &str) -> f64 {
    number(result, &format!("/targets/0/parts/0/outcomes/{outcome}"))
}

/// The file that a generator writes its seconds into, as they pass.
struct Seconds(String);

impl Seconds {
    fn new(name: &str) -> Self {
        let name = format!("breaker-lab-drain-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name).display().to_string())
    }

    fn path(&self) -> &str {
        &self.0
    }

    /// Returns once the generator has seen a second pass: a shorter load has ended, and waits for its answers.
    async fn passed(&self) {
        eventually("a second of the load", async || {
            let lines = std::fs::read_to_string(&self.0).unwrap_or_default();
            lines.contains('\n').then_some(())
        })
        .await;
    }
}

impl Drop for Seconds {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn an_answer_after_the_last_request_was_planned_is_an_answer() {
    for clients in [
        &["--rate", "100", "--process", "constant"][..],
        &["--connections", "2"],
    ] {
        let (from, to) = (Duration::from_millis(600), Duration::from_secs(2));
        let server = Nasty::start(Manner::Stalls(from, to)).await;
        let target = target("A", &server.url);
        let run = ["--target", &target, "--duration", "1s"];

        let (ended, result) = load_with_result(&[&run[..], clients].concat()).await;

        assert!(ended.status.success(), "{ended:#?}");
        assert_eq!(number(&result, "/figures/ok_ratio").to_string(), "1");
        let max = number(&result, "/figures/max");
        assert!((0.9..5.0).contains(&max), "{max}");
        assert!(number(&result, "/figures/mean") < 5.0);
        // The plan ends when it ends, however long the answers take.
        let duration = number(&result, "/duration_s");
        assert_eq!(duration.to_string(), "1", "{clients:?}");
        assert_eq!(result["cut_short"], false);
    }
}

#[tokio::test]
async fn what_gets_no_answer_has_timed_out_and_is_not_unfinished() {
    for clients in [&["--rate", "50"][..], &["--connections", "2"]] {
        let server = Nasty::start(Manner::Hangs).await;
        let target = target("A", &server.url);
        let run = [
            "--target",
            &target,
            "--duration",
            "1s",
            "--timeout",
            "900ms",
        ];

        let (_, result) = load_with_result(&[&run[..], clients].concat()).await;

        assert_eq!(number(&result, "/figures/timeout_ratio").to_string(), "1");
    }
}

#[tokio::test]
async fn a_request_that_waits_for_its_next_attempt_has_it() {
    let failing = Manner::Says("HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n");
    let server = Nasty::start(failing).await;
    let target = target("A", &server.url);
    let arguments = ["--target", &target, "--rate", "50", "--duration", "1s"];
    let retries = "exponential:attempts=3,base=500ms,factor=1,max=500ms,jitter=none";

    let (_, result) = load_with_result(&[&arguments[..], &["--retries", retries]].concat()).await;

    assert_eq!(number(&result, "/figures/amplification").to_string(), "3");
    assert_eq!(count(&result, "unfinished").to_string(), "0");
}

#[tokio::test]
async fn the_wait_for_answers_ends_with_a_signal_and_what_is_missing_is_slower_than_any_bound() {
    let server = Nasty::start(Manner::Hangs).await;
    let target = target("A", &server.url);
    let load = ["load", "--target", &target, "--json", "-", "--quiet"];
    let run = [
        "--connections",
        "3",
        "--duration",
        "200ms",
        "--timeout",
        "5m",
    ];
    let seconds = Seconds::new("signal");
    let written = ["--jsonl", seconds.path()];
    let process = Process::start(&[&load[..], &run, &written, &PATIENT].concat());
    eventually("all requests", async || {
        (server.heads().len() == 3).then_some(())
    })
    .await;
    seconds.passed().await;

    let asked = Instant::now();
    process.signal(Signal::Terminate);
    let ended = process.ended(LIMIT).await;

    assert!(asked.elapsed() < Duration::from_secs(3), "{ended:#?}");
    let result: Value = serde_json::from_str(&ended.stdout.join("\n")).expect("a result");
    assert_eq!(count(&result, "unfinished").to_string(), "3");
    assert_eq!(result["figures"]["p50"], "inf");
    assert_eq!(result["cut_short"], true, "three answers were outstanding");
}

#[tokio::test]
async fn an_assertion_is_not_passed_by_a_signal_that_ends_the_wait_for_answers() {
    let server = Nasty::start(Manner::Hangs).await;
    let target = target("A", &server.url);
    for pace in [["--connections", "3"], ["--rate", "50"]] {
        let run = ["load", "--target", &target, "--duration", "200ms"];
        // Whole, all of them would be timeouts.
        let asserted = ["--timeout", "30s", "--assert", "timeout_ratio < 1%"];
        let seconds = Seconds::new(pace[0]);
        let written = ["--jsonl", seconds.path()];
        let process = Process::start(&[&run[..], &pace, &asserted, &written, &PATIENT].concat());
        let before = server.heads().len();
        eventually("a request", async || {
            (server.heads().len() > before).then_some(())
        })
        .await;
        seconds.passed().await;

        process.signal(Signal::Interrupt);
        let ended = process.ended(LIMIT).await;

        assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
        let [said] = ended.stderr.as_slice() else {
            panic!("one line: {ended:#?}");
        };
        assert!(said.contains("outstanding"), "{said}");
    }
}

#[tokio::test]
async fn rates_are_of_what_ended_within_the_run() {
    for pace in [["--connections", "3"], ["--rate", "100"]] {
        let (from, to) = (Duration::ZERO, Duration::from_secs(2));
        let server = Nasty::start(Manner::Stalls(from, to)).await;
        let target = target("A", &server.url);
        let run = ["--target", &target, "--duration", "1s"];

        let (ended, result) = load_with_result(&[&run[..], &pace].concat()).await;

        assert!(ended.status.success(), "{ended:#?}");
        assert_eq!(number(&result, "/figures/ok_ratio").to_string(), "1");
        for figure in ["goodput", "throughput"] {
            // A server that has answered nothing in this second did not answer hundreds per second.
            let rate = number(&result, &format!("/figures/{figure}"));
            assert_eq!(rate.to_string(), "0", "{figure} {pace:?}");
        }
    }
}
