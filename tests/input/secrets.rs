//! The passwords in URLs, which are used and never shown.

use end_to_end::{LIMIT, Process, Signal};

use crate::{File, output_of, refusal_in};

const URL: &str = "http://lab:hunter2@127.0.0.1:1/below";

#[tokio::test]
async fn a_password_in_a_url_is_in_no_printed_setting_and_no_help() {
    let shown = [
        output_of(&[
            "instance",
            "A",
            "--downstream",
            URL,
            "--otlp-endpoint",
            URL,
            "--print-config",
        ])
        .await,
        output_of(&["load", "--target", &format!("A={URL}"), "--print-config"]).await,
        output_of(&["load", "--target", &format!("A={URL}"), "--dry-run"]).await,
    ];
    for lines in shown {
        assert!(!lines.join("\n").contains("hunter2"), "{lines:#?}");
    }
    let variables = [
        ("BREAKER_LAB_DOWNSTREAM", URL),
        ("BREAKER_LAB_OTLP_ENDPOINT", URL),
    ];
    for part in [
        ["instance", "--help"].as_slice(),
        &["faults", "--help"],
        &["load", "--help"],
        &["--help"],
        &["instance", "-h"],
    ] {
        let ended = Process::start_in(&variables, part).ended(LIMIT).await;
        assert!(ended.status.success(), "{ended:#?}");
        assert!(
            !ended.stdout.join("\n").contains("hunter2"),
            "{part:?}: {ended:#?}"
        );
    }
}

#[tokio::test]
async fn a_password_in_a_url_is_in_no_refusal() {
    let file = File::new(
        "secret.toml",
        "[instance.A]\ndownstream = \"https://lab:hunter2@h\"\n",
    );
    for arguments in [
        [
            "instance",
            "A",
            "--downstream",
            "http://lab:hunter2@127.0.0.1:99999",
        ]
        .as_slice(),
        &[
            "instance",
            "A",
            "--downstream",
            "https://lab:hunter2@127.0.0.1",
        ],
        &[
            "instance",
            "A",
            "--downstream",
            "http://lab:hunter2@127.0.0.1/?q",
        ],
        &["instance", "A", "--downstream", "lab:hunter2@127.0.0.1"],
        &["instance", "A", "http://lab:hunter2@127.0.0.1"],
        &["load", "--target", "http://lab:hunter2@127.0.0.1"],
        &["load", "--target", "A=ftp://lab:hunter2@127.0.0.1"],
        &["--otlp-endpoint", "https://lab:hunter2@127.0.0.1"],
        &[
            "faults",
            "--downstream",
            "https://lab:hunter2@127.0.0.1",
            "show",
        ],
        &["--config", file.path()],
        &["--rate", "http://lab:hunter2@127.0.0.1"],
    ] {
        let said = refusal_in(&[], arguments).await;
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn a_password_in_a_url_is_in_no_start_line_and_no_log() {
    let arguments = [
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        URL,
        "--otlp-endpoint",
        URL,
    ];
    let process = Process::start_in(&[("RUST_LOG", "debug")], &arguments);
    let client = end_to_end::Client::new(process.url("instance A").await);
    for _ in 0..10 {
        client.get("/call").await;
    }
    let asked = Process::run(&["faults", "--downstream", URL, "show"]).await;
    process.signal(Signal::Terminate);

    let ended = process.ended(LIMIT).await;

    for lines in [&ended.stdout, &ended.stderr, &asked.stderr] {
        assert!(!lines.join("\n").contains("hunter2"), "{lines:#?}");
        assert!(!lines.join("\n").contains("bGFiOmh1bnRlcjI"), "{lines:#?}");
    }
}

#[tokio::test]
async fn printed_settings_whose_password_was_left_out_are_refused_when_given_back() {
    let printed = output_of(&["instance", "A", "--downstream", URL, "--print-config"]).await;
    let file = File::new("back.toml", printed.join("\n"));
    let said = refusal_in(&[], &["instance", "A", "--config", file.path()]).await;
    assert!(
        said.contains("REDACTED") && said.contains("password"),
        "{said}"
    );
}
