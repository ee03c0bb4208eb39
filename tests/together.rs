//! The whole system in one process: what it prints, what it shows, how it ends.

use std::time::Duration;

use end_to_end::{Client, Ended, FREE_PORTS, LIMIT, Process, Signal, eventually, healthy};
use tokio::time::Instant;

fn start(flags: &[&str]) -> Process {
    Process::start(&[&FREE_PORTS, flags].concat())
}

#[tokio::test]
async fn the_default_run_shows_all_four_phenomena_with_every_seed() {
    let runs = ["1", "2", "3"].map(|seed| start(&["--duration", "55s", "--seed", seed]));
    for run in runs {
        let ended = run.ended(Duration::from_secs(90)).await;

        assert!(ended.status.success(), "{ended:#?}");
        let seen = |what: &str| ended.stdout.iter().any(|line| line.starts_with(what));
        for what in [
            "divergence",
            "fast failure",
            "flapping",
            "partial degradation",
        ] {
            assert!(
                seen(&format!("[seen] {what}: ")),
                "{what}: {:#?}",
                ended.stdout
            );
        }
        assert_lines_of_a_pipe(&ended);
        assert_the_downstream_received_what_was_permitted(&ended);
    }
}

/// No terminal: a line per second, a line per transition.
fn assert_lines_of_a_pipe(ended: &Ended) {
    let seconds = ended
        .stdout
        .iter()
        .filter(|line| line.contains("  downstream "));
    let seconds = seconds.count();
    // A machine that stalls skips lines rather than printing old ones.
    assert!((30..=56).contains(&seconds), "{seconds} lines of seconds");
    let transitions = ended
        .stdout
        .iter()
        .filter(|line| line.contains(" -> "))
        .count();
    assert!(transitions >= 6, "{transitions} lines of transitions");
    assert!(
        !ended.stdout.iter().any(|line| line.contains('\u{1b}')),
        "no escape codes"
    );
    assert_eq!(ended.stderr, Vec::<String>::new());
}

fn assert_the_downstream_received_what_was_permitted(ended: &Ended) {
    let line = ended
        .stdout
        .iter()
        .find(|line| line.contains("the downstream received"));
    let line = line.expect("the sentence about fast failures");
    let after = |words: &str| -> u64 {
        let rest = line
            .split(words)
            .nth(1)
            .expect("the words are there")
            .trim_start();
        let digits = rest
            .chars()
            .take_while(|letter| letter.is_ascii_digit() || *letter == ',');
        let digits: String = digits.filter(char::is_ascii_digit).collect();
        digits.parse().expect("a number follows")
    };
    let (received, permitted) = (after("received"), after("had permitted"));
    assert!(received <= permitted, "{line}");
    // A call that was cut off at the end may never have arrived.
    assert!(permitted - received <= 10, "{line}");
}

#[tokio::test]
async fn ctrl_c_and_sigterm_end_everything_within_three_seconds_with_the_summary() {
    let plan =
        std::env::temp_dir().join(format!("breaker-lab-healthy-{}.json", std::process::id()));
    std::fs::write(&plan, healthy()).expect("a temporary file can be written");
    let path = plan.to_str().expect("the path is text");
    for signal in [Signal::Interrupt, Signal::Terminate] {
        let lab = start(&["--seed", "1", "--faults", path]);
        let instance = Client::new(lab.url("instance C").await);
        eventually("the load is running", async || {
            let answered = instance.metrics().await;
            let answered = answered.sum("circuit_breaker_calls_total", &[]);
            (answered > 10.0).then_some(())
        })
        .await;

        let asked = Instant::now();
        lab.signal(signal);
        let ended = lab.ended(Duration::from_secs(20)).await;

        assert!(
            asked.elapsed() < Duration::from_secs(3),
            "{:?}",
            asked.elapsed()
        );
        assert!(ended.status.success(), "{ended:#?}");
        assert!(
            ended
                .stdout
                .iter()
                .any(|line| line.starts_with("Summary of "))
        );
        assert!(instance.try_get("/healthz").await.is_none(), "C is gone");
        let not_seen = ended
            .stdout
            .iter()
            .filter(|line| line.starts_with("[not seen] "));
        assert_eq!(
            not_seen.count(),
            4,
            "without faults there is nothing to see: {:#?}",
            ended.stdout
        );
    }
    std::fs::remove_file(plan).expect("the file is ours");
}

#[tokio::test]
async fn clients_that_hang_do_not_delay_the_end() {
    let lab = start(&["--seed", "1", "--call-timeout", "1m"]);
    let downstream = Client::new(lab.url("unreliable service").await);
    let instance = Client::new(lab.url("instance A").await);
    let hang = r#"{"phases": [{"name": "hang", "hang_ratio": 1, "hang_ms": 60000}]}"#;
    downstream.put("/faults", hang).await;
    let mut clients = tokio::task::JoinSet::new();
    for client in [&downstream, &instance] {
        let (client, path) = (
            client.clone(),
            if client.base() == instance.base() {
                "/call"
            } else {
                "/data"
            },
        );
        clients.spawn(async move { client.try_get(path).await });
    }
    eventually("calls hang", async || {
        let series = downstream.metrics().await;
        let hanging = series.sum("unreliable_service_requests_total", &[r#"outcome="hang""#]);
        (hanging > 10.0).then_some(())
    })
    .await;

    let asked = Instant::now();
    lab.signal(Signal::Interrupt);
    let ended = lab.ended(Duration::from_secs(20)).await;

    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    assert!(ended.status.success(), "{ended:#?}");
}

#[tokio::test]
async fn the_urls_come_first_and_lead_to_every_service() {
    let lab = start(&["--seed", "7"]);
    for who in [
        "unreliable service",
        "instance A",
        "instance B",
        "instance C",
    ] {
        let service = Client::new(lab.url(who).await);

        assert_eq!(service.get("/healthz").await.status, 200, "{who}");
        assert_eq!(service.get("/readyz").await.status, 200, "{who}");
        assert_eq!(service.get("/metrics").await.status, 200, "{who}");
    }
    assert_eq!(lab.lines()[0], "breaker-lab, seed 7");
}

#[tokio::test]
async fn instances_can_differ() {
    let file = std::env::temp_dir().join(format!("breaker-lab-{}.toml", std::process::id()));
    let text = "[breaker]\nminimum_calls = 7\n\
                [instance.B]\ncall_timeout = \"250ms\"\n\
                [instance.B.breaker]\nconsecutive_failures = 2\n\
                [instance.D]\nlisten = \"127.0.0.1:0\"\n";
    std::fs::write(&file, text).expect("a temporary file can be written");
    let path = file.to_str().expect("the path is text");

    let lab = start(&["--config", path]);
    let settings = async |who: &str| {
        let series = Client::new(lab.url(who).await).metrics().await;
        let info = series.with("circuit_breaker_config_info");
        info.keys().next().expect("there is one").to_string()
    };

    let (a, b) = (settings("instance A").await, settings("instance B").await);
    assert!(a.contains(r#"consecutive_failures="5""#), "{a}");
    assert!(b.contains(r#"consecutive_failures="2""#), "{b}");
    let d = settings("instance D").await;
    for one in [a, b, d] {
        assert!(one.contains(r#"minimum_calls="7""#), "{one}");
    }
    std::fs::remove_file(file).expect("the file is ours");
}

#[tokio::test]
async fn flags_win_over_the_environment_over_the_section_over_the_file_over_defaults() {
    let file = std::env::temp_dir().join(format!("breaker-lab-order-{}.toml", std::process::id()));
    let text = "[breaker]\nopen_for = \"11s\"\nminimum_calls = 11\nwindow_calls = 11\n\
                probe_successes = 11\n\
                [instance.A.breaker]\nopen_for = \"12s\"\nminimum_calls = 12\nwindow_calls = 12\n";
    std::fs::write(&file, text).expect("a temporary file can be written");
    let path = file.to_str().expect("the path is text");
    let variables = [
        ("BREAKER_LAB_OPEN_FOR", "13s"),
        ("BREAKER_LAB_MINIMUM_CALLS", "13"),
    ];
    let arguments = ["--config", path, "--open-for", "14s", "--print-config"];

    let lab = Process::start_in(&variables, &arguments).ended(LIMIT).await;

    let of_a = lab
        .stdout
        .iter()
        .skip_while(|line| *line != "[instance.A.breaker]");
    let of_a: Vec<_> = of_a.take(20).cloned().collect();
    for line in [
        r#"open_for = "14s""#,
        "minimum_calls = 13",
        "window_calls = 12",
        "probe_successes = 11",
        "probe_failures = 1",
    ] {
        assert!(of_a.contains(&line.to_owned()), "{line}: {of_a:#?}");
    }
    std::fs::remove_file(file).expect("the file is ours");
}

#[tokio::test]
async fn printed_settings_can_be_given_back() {
    let first = Process::run(&["--seed", "3", "--open-for", "7s", "--print-config"]).await;
    assert!(first.status.success(), "{first:#?}");
    let file = std::env::temp_dir().join(format!("breaker-lab-back-{}.toml", std::process::id()));
    std::fs::write(&file, first.stdout.join("\n")).expect("a temporary file can be written");

    let path = file.to_str().expect("the path is text");
    let second = Process::run(&["--config", path, "--print-config"]).await;

    assert_eq!(first.stdout, second.stdout);
    std::fs::remove_file(file).expect("the file is ours");
}
