//! The refusal of settings about traces, logs and the lab's page.

use std::net::TcpListener;

use end_to_end::{FREE_PORTS, Process};

use crate::assert_refusal;

#[tokio::test]
async fn what_is_said_about_traces_and_logs_is_checked_before_anything_starts() {
    for (flags, words) in [
        (
            ["--otlp-endpoint", "127.0.0.1:4318"],
            ["127.0.0.1:4318", "http://"],
        ),
        (
            ["--otlp-endpoint", "https://localhost:4318"],
            ["https://localhost:4318", "http://"],
        ),
        (
            ["--otlp-protocol", "http/json"],
            ["`http/json`", "`http/protobuf` or `grpc`"],
        ),
        (
            ["--trace-ratio", "1.5"],
            ["trace_ratio = 1.5", "from 0 to 1"],
        ),
        (["--trace-ratio", "-1"], ["-1", ""]),
        (
            ["--trace-ratio", "NaN"],
            ["trace_ratio = NaN", "from 0 to 1"],
        ),
        (["--log-format", "xml"], ["`xml`", "`text` or `json`"]),
    ] {
        assert_refusal(&flags, &words).await;
    }
}

#[tokio::test]
async fn a_taken_port_of_the_page_is_an_error_only_for_who_chose_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    let chosen = format!("lab={address}");
    let flags = [&FREE_PORTS[..8], &["--listen", &chosen, "--duration", "1s"]].concat();

    assert_refusal(
        &flags,
        &["in use", "the lab's page", "--listen lab=127.0.0.1:PORT"],
    )
    .await;

    // Nobody chose 8080: whether it is free here or not, the lab runs.
    let flags = [&FREE_PORTS[..8], &["--duration", "1s"]].concat();
    let _holds_it = TcpListener::bind("127.0.0.1:8080");
    let ended = Process::run(&flags).await;
    assert!(ended.status.success(), "{ended:#?}");
    let line = ended.stdout.iter().find(|line| line.starts_with("  lab "));
    let line = line.expect("a line about the page");
    assert!(
        line.contains("8080 is in use") && line.contains("--listen lab="),
        "{line}"
    );
}
