//! Readers of standard output: whether they read, pause or have gone away, no service, no measurement and no end
//! waits for them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{Client, FREE_PORTS, LIMIT, Process, Signal, binary, eventually};
use tokio::process::Command;
use tokio::time::Instant;

/// How long an end may take, as the README promises.
const PROMISED: Duration = Duration::from_secs(3);

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
    let (short, folder) = scenario("unread", 3);
    let run = ["run", text(&short), "--plain", "--out", text(&folder)];
    let process = Process::start_with_full_output(&run);

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
    std::fs::remove_file(short).expect("it is ours");
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

/// A scenario of this many seconds, in a file of its own, and a folder for its result that does not exist yet.
fn scenario(name: &str, seconds: u32) -> (PathBuf, PathBuf) {
    let name = format!("breaker-lab-{name}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let file = folder.with_extension("toml");
    let text = format!(
        "title = \"{seconds} seconds\"\nseed = 1\nduration = \"{seconds}s\"\n\n[load]\nrate = 30.0\n\
         lateness_limit = \"60s\"\n\n[faults]\nphases = [{{ name = \"calm\" }}]\n"
    );
    std::fs::write(&file, text).expect("a temporary file can be written");
    (file, folder)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

/// Waits until the process writes to standard output: in a thread of its own, or, if it has only one, in that.
async fn prints(id: u32) {
    eventually("something is printed", async || {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let alone = ["Name:\tbreaker-lab", "State:\tS", "Threads:\t1\n"];
        let help = std::fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
        if help.contains("--help") && alone.iter().all(|line| status.contains(line)) {
            return Some(());
        }
        let tasks = std::fs::read_dir(format!("/proc/{id}/task")).ok()?;
        let mut names =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.find(|name| name.trim() == "stdout").map(drop)
    })
    .await;
}

#[tokio::test]
async fn sigterm_ends_every_subcommand_within_three_seconds_when_nobody_reads_standard_output() {
    let (long, out) = scenario("full", 600);
    let service = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let url = service.url("unreliable service").await;
    let target = format!("A={url}");
    let load = [
        "load", "--target", &target, "--path", "/data", "--rate", "30",
    ];
    let run = ["run", text(&long), "--plain", "--out", text(&out)];
    for arguments in [
        &load[..],
        &[&load[..], &["--json", "-"]].concat(),
        &run,
        &[&run[..], &["--repeat", "3"]].concat(),
        &["run", text(&long), "--check"],
        &["scenarios"],
        &["completions", "bash"],
        &["faults", "presets"],
        &["faults", "truth", "--downstream", &url],
        &["load", "--dry-run", "--seed", "1"],
        &["unreliable", "--print-config"],
        &["--help"],
    ] {
        let process = Process::start_with_full_output(arguments);
        prints(process.id()).await;

        let began = Instant::now();
        process.signal(Signal::Terminate);
        process.ended_unread(LIMIT).await;

        assert!(
            began.elapsed() < PROMISED,
            "{arguments:?}: {:?}",
            began.elapsed()
        );
    }
    std::fs::remove_file(&long).expect("it is ours");
    let _ = std::fs::remove_dir_all(&out);
}

#[tokio::test]
async fn services_answer_while_nobody_reads_standard_output() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("it is bound").to_string();
    drop(free);
    for part in [&["unreliable"][..], &["instance", "A"]] {
        let arguments = [part, &["--listen", &address]].concat();
        let process = Process::start_with_full_output(&arguments);
        let client = Client::new(format!("http://{address}"));
        client.alive().await;

        for _ in 0..50 {
            assert_eq!(client.get("/metrics").await.status, 200, "{part:?}");
        }

        process.signal(Signal::Terminate);
        process.ended_unread(PROMISED).await;
    }
}

#[tokio::test]
async fn whoever_closes_the_pipe_of_a_run_or_of_a_comparison_gets_no_complaint() {
    let (short, out) = scenario("head", 1);
    let kept = Process::run(&["run", text(&short), "--quiet", "--out", text(&out)]).await;
    assert!(out.join("result.json").exists(), "{kept:#?}");
    let (long, cut) = scenario("head-long", 600);
    let run = [
        "run",
        text(&long),
        "--plain",
        "--repeat",
        "3",
        "--out",
        text(&cut),
    ];
    for arguments in [
        &run[..],
        &["compare", text(&out), text(&out)],
        &["scenarios"],
        &["faults", "presets"],
        &[
            "load",
            "--dry-run",
            "--duration",
            "1m",
            "--seed",
            "1",
            "--json",
            "-",
        ],
        &["completions", "zsh"],
        &["load", "--help"],
    ] {
        let process = Process::start_with_head(arguments, 1);
        let complaints = process.log_as_it_grows();

        let status = process.ended_unread(LIMIT).await;

        // What was cut short is no whole run, and on a slow machine it was late: that it ended is what counts.
        assert!(
            matches!(status.code(), Some(0 | 3)),
            "{arguments:?}: {status}"
        );
        let said = complaints();
        let complaint = |line: &String| line.contains("Broken pipe") || line.contains("panicked");
        assert!(!said.iter().any(complaint), "{arguments:?}: {said:#?}");
    }
    let result = std::fs::read(cut.join("result.json")).expect("what there was is kept");
    let result: serde_json::Value = serde_json::from_slice(&result).expect("it is JSON");
    let runs = result["repetitions"].as_array().expect("a list");
    assert!(runs.len() == 1 && runs[0]["cut_short"] == true, "{runs:?}");
    for file in [short, long] {
        std::fs::remove_file(file).expect("it is ours");
    }
    for folder in [out, cut] {
        std::fs::remove_dir_all(folder).expect("it is ours");
    }
}

#[tokio::test]
async fn a_terminal_that_is_stopped_holds_neither_the_picture_nor_the_end() {
    let (long, out) = scenario("stopped", 600);
    let service = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let target = format!("A={}", service.url("unreliable service").await);
    let number = std::env::temp_dir().join(format!("breaker-lab-pid-{}", std::process::id()));
    for line in [
        FREE_PORTS.join(" "),
        format!("load --target {target} --path /data --rate 30"),
        format!("run {} --out {}", long.display(), out.display()),
    ] {
        let _ = std::fs::remove_file(&number);
        // The output of `script` is not read, so it reads nothing of its terminal, as after Ctrl-S.
        let mut command = Command::new("script");
        let line = format!("echo $$ >{}; exec \"$LAB\" {line}", number.display());
        command.args(["-qec", &line, "/dev/null"]);
        command
            .env("LAB", binary())
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm");
        let _terminal = Process::start_other_with_full_output(command);
        let id = eventually("its number is known", async || {
            let id = std::fs::read_to_string(&number).ok()?;
            id.trim().parse::<u32>().ok()
        })
        .await;
        prints(id).await;

        let began = Instant::now();
        let sent = std::process::Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status();
        assert!(sent.expect("there is a kill command").success());
        eventually("it has ended", async || {
            let status = std::fs::read_to_string(format!("/proc/{id}/stat"));
            // The one that should notice its end waits for the reader.
            let ended = status.is_err() || status.is_ok_and(|status| status.contains(") Z "));
            ended.then_some(())
        })
        .await;

        assert!(began.elapsed() < PROMISED, "{line}: {:?}", began.elapsed());
    }
    std::fs::remove_file(&number).expect("it is ours");
    std::fs::remove_file(&long).expect("it is ours");
    let _ = std::fs::remove_dir_all(&out);
}

#[tokio::test]
async fn a_pipe_for_results_that_nobody_reads_holds_neither_the_load_nor_its_end() {
    let pipe = std::env::temp_dir().join(format!("breaker-lab-fifo-{}", std::process::id()));
    let _ = std::fs::remove_file(&pipe);
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|made| made.success()), "there is no mkfifo");
    let full = std::fs::File::options().read(true).write(true).open(&pipe);
    let mut full = full.expect("both ends of a pipe can be had");
    // It writes until there is no room, then waits for room that never comes.
    std::thread::spawn(
        move || while std::io::Write::write_all(&mut full, &[b'.'; 4096]).is_ok() {},
    );
    let service = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let client = Client::new(service.url("unreliable service").await);
    let target = format!("A={}", client.base());
    for flag in ["--jsonl", "--csv", "--json"] {
        let load = [
            "load", "--target", &target, "--path", "/data", "--rate", "30",
        ];
        let before = received(&client).await;
        let process = Process::start(&[&load[..], &[flag, text(&pipe)]].concat());
        // More than two seconds, after which seconds have been written.
        eventually("the load goes on", async || {
            (received(&client).await > before + 90.0).then_some(())
        })
        .await;

        let began = Instant::now();
        process.signal(Signal::Terminate);
        let ended = process.ended(LIMIT).await;

        assert!(began.elapsed() < PROMISED, "{flag}: {:?}", began.elapsed());
        let said = ended.stderr.join("\n");
        assert!(
            matches!(ended.status.code(), Some(1 | 3)),
            "{flag}: what could not be written is no success: {ended:#?}"
        );
        assert!(
            said.contains("the output was not read in time"),
            "{flag}: {said}"
        );
    }
    std::fs::remove_file(pipe).expect("it is ours");
}

/// How many calls the service has received.
async fn received(client: &Client) -> f64 {
    client
        .metrics()
        .await
        .sum("unreliable_service_requests_total", &[])
}
