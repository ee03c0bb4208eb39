//! The end: within three seconds, whoever reads, computes or waits.

use std::time::Duration;

use end_to_end::{Client, FREE_PORTS, LIMIT, Process, Signal, eventually};
use tokio::time::Instant;

/// How long an end may take, as the README promises.
const PROMISED: Duration = Duration::from_secs(3);

/// A plan within all limits whose preview takes long.
fn costly() -> String {
    let delay = |number: u32| {
        format!(
            r#""r{number}": {{"gate": {{"bernoulli": 0.5}}, "effects":
               [{{"delay": {{"lognormal": {{"median_ms": 50, "p99_ms": 900}}}}}}]}}"#
        )
    };
    let rules: Vec<String> = (0..16).map(delay).collect();
    format!(r#"{{"seed": 1, "rules": {{{}}}}}"#, rules.join(", "))
}

#[tokio::test]
async fn sigterm_ends_a_service_within_three_seconds_while_dry_runs_are_computed() {
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let client = Client::new(process.url("unreliable service").await);
    let plan = costly();
    let asked: Vec<_> = (0..4)
        .map(|_| {
            let (client, plan) = (client.clone(), plan.clone());
            tokio::spawn(async move {
                let answer = client.send("POST", "/faults/dry-run", &[], plan).await;
                assert_eq!(answer.status, 200, "{}", answer.body);
            })
        })
        .collect();
    eventually("a dry run is computed", async || {
        (threads(process.id()) > 1).then_some(())
    })
    .await;

    let began = Instant::now();
    process.signal(Signal::Terminate);
    let ended = process.ended(LIMIT).await;

    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
    assert!(ended.status.success(), "{ended:#?}");
    asked.iter().for_each(tokio::task::JoinHandle::abort);
}

/// How many threads the process has whose name is that of workers, which compute.
fn threads(id: u32) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).expect("there is a /proc");
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("tokio")).count() + 1
}

#[tokio::test]
async fn sigterm_ends_everything_within_three_seconds_when_nobody_reads_standard_output() {
    let together = [&FREE_PORTS[..], &["--seed", "1"]].concat();
    let unreliable = ["unreliable", "--listen", "127.0.0.1:0"];
    let instance = ["instance", "A", "--listen", "127.0.0.1:0"];
    for arguments in [&together[..], &unreliable, &instance] {
        let process = Process::start_with_full_output(arguments);
        process.handles_signals().await;

        let began = Instant::now();
        process.signal(Signal::Terminate);
        process.ended_unread(LIMIT).await;

        assert!(
            began.elapsed() < PROMISED,
            "{arguments:?}: {:?}",
            began.elapsed()
        );
    }
}

#[tokio::test]
async fn a_run_that_nobody_reads_is_measured_and_kept_all_the_same() {
    let folder = std::env::temp_dir().join(format!("breaker-lab-unread-{}", std::process::id()));
    let scenario = folder.with_extension("toml");
    let text = "title = \"unread\"\nseed = 1\nduration = \"3s\"\n\n[load]\nrate = 30.0\nlateness_limit = \"60s\"\n\n[faults]\n\
                phases = [{ name = \"calm\" }]\n";
    std::fs::write(&scenario, text).expect("a temporary file can be written");
    let (path, out) = (scenario.display().to_string(), folder.display().to_string());
    let process = Process::start_with_full_output(&["run", &path, "--plain", "--out", &out]);

    eventually("the result is kept", async || {
        folder.join("result.json").exists().then_some(())
    })
    .await;

    let result = std::fs::read(folder.join("result.json")).expect("it is there");
    let result: serde_json::Value = serde_json::from_slice(&result).expect("it is JSON");
    let run = &result["repetitions"][0];
    assert!(run["invalid"].is_null(), "{}", run["invalid"]);
    process.signal(Signal::Terminate);
    process.ended_unread(PROMISED).await;
    std::fs::remove_file(scenario).expect("it is ours");
    std::fs::remove_dir_all(folder).expect("it is ours");
}

#[tokio::test]
async fn what_could_not_be_printed_is_no_success() {
    for arguments in [
        ["--help"].as_slice(),
        &["-h"],
        &["--version"],
        &["load", "--help"],
        &["completions", "bash"],
        &["load", "--dry-run", "--seed", "1"],
    ] {
        let ended = Process::run_with_full_disk(arguments).await;

        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {ended:#?}");
        let [line] = ended.stderr.as_slice() else {
            panic!("{arguments:?}: one line, not {:#?}", ended.stderr);
        };
        let said = line.strip_prefix("breaker-lab: cannot write standard output: ");
        assert!(said.is_some(), "{arguments:?}: {line}");
    }
}

#[tokio::test]
async fn whoever_closes_the_pipe_ends_the_run() {
    let service = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let target = format!("A={}", service.url("unreliable service").await);
    let together = [&FREE_PORTS[..], &["--seed", "1"]].concat();
    let load = [
        "load", "--target", &target, "--rate", "5", "--path", "/data",
    ];
    for arguments in [&together[..], &load] {
        let process = Process::start_with_head(arguments, 3);

        let status = process.ended_unread(LIMIT).await;

        // The load was late on a slow machine, or never was: that it ended is what counts.
        assert!(
            matches!(status.code(), Some(0 | 3)),
            "{arguments:?}: {status}"
        );
    }
}

#[tokio::test]
async fn a_service_goes_on_when_nobody_reads_it_any_more() {
    let process = Process::start_with_head(&["unreliable", "--listen", "127.0.0.1:0"], 1);
    let client = Client::new(process.url("unreliable service").await);
    client.alive().await;

    assert_eq!(client.get("/data").await.status / 100 % 5, 2);
    let began = Instant::now();
    process.signal(Signal::Terminate);
    process.ended_unread(LIMIT).await;
    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
}
