//! Bad input, which gives one clear line on standard error and exit status 2, with nothing started.

mod commands;
mod contradictions;
mod observing;
mod simulation;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use end_to_end::{Client, Process, System, eventually, healthy};
use serde_json::Value;

/// Runs `breaker-lab`, which must refuse, and returns what it says.
async fn refusal(arguments: &[&str]) -> String {
    let ended = Process::run(arguments).await;
    assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {ended:#?}");
    assert_eq!(
        ended.stdout,
        Vec::<String>::new(),
        "{arguments:?} started something"
    );
    let [line] = ended.stderr.as_slice() else {
        panic!("{arguments:?}: one line, not {:#?}", ended.stderr);
    };
    let said = line.strip_prefix("breaker-lab: ");
    said.expect("it says who speaks").to_owned()
}

/// The refusal contains all these words.
async fn assert_refusal(arguments: &[&str], words: &[&str]) {
    let said = refusal(arguments).await;
    for word in words {
        assert!(
            said.contains(word),
            "{arguments:?}: `{word}` is missing: {said}"
        );
    }
}

/// A file with this text, for one test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("breaker-lab-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).expect("a temporary file can be written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_flag_and_who_could_hold_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it has an address").to_string();
    let port = address.rsplit(':').next().expect("it has a port");

    for arguments in [
        ["instance", "A", "--listen", &address].as_slice(),
        &["unreliable", "--listen", &address],
    ] {
        let words = [
            port,
            "in use",
            "--listen",
            "another breaker-lab",
            "ss -ltnp",
        ];
        assert_refusal(arguments, &words).await;
    }
}

#[tokio::test]
async fn one_taken_port_keeps_the_whole_system_from_starting() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let of_c = format!("C={}", taken.local_addr().expect("it has an address"));
    let mut arguments = vec!["--listen", of_c.as_str()];
    for free in [
        "A=127.0.0.1:0",
        "B=127.0.0.1:0",
        "unreliable=127.0.0.1:0",
        "lab=127.0.0.1:0",
    ] {
        arguments.extend(["--listen", free]);
    }

    assert_refusal(
        &arguments,
        &["in use", "instance C", "--listen C=127.0.0.1:PORT"],
    )
    .await;
}

#[tokio::test]
async fn names_and_addresses_that_lead_nowhere_are_refused() {
    assert_refusal(&["instance", "D"], &["D", "A, B and C", "--listen"]).await;
    assert_refusal(
        &["instance", "a b", "--listen", "127.0.0.1:0"],
        &["`a b`", "letters"],
    )
    .await;
    assert_refusal(
        &["instance", "A", "--listen", "8001"],
        &["`8001`", "HOST:PORT"],
    )
    .await;
    assert_refusal(
        &["--listen", "Z=127.0.0.1:0"],
        &["Z", "A, B, C, unreliable"],
    )
    .await;
    for (url, why) in [
        ("localhost:9000", "http://"),
        ("127.0.0.1:9000", "relative URL"),
        ("https://127.0.0.1", "http://"),
        ("http://", "host"),
        ("http://127.0.0.1:99999", "port"),
    ] {
        assert_refusal(
            &["instance", "A", "--downstream", url],
            &["--downstream", url, why],
        )
        .await;
        let target = format!("A={url}");
        assert_refusal(&["load", "--target", &target], &["--target", url, why]).await;
    }
    let twice = [
        "load",
        "--target",
        "A=http://h:1",
        "--target",
        "A=http://h:2",
    ];
    assert_refusal(&twice, &["--target A", "twice"]).await;
}

/// Flag, value, and the words in which it is refused.
const REFUSED: [[&str; 4]; 14] = [
    [
        "--consecutive-failures",
        "0",
        "consecutive_failures = 0",
        "at least 1",
    ],
    [
        "--failure-rate-threshold",
        "0",
        "failure_rate_threshold = 0",
        "above 0 and up to 1",
    ],
    [
        "--failure-rate-threshold",
        "1.5",
        "failure_rate_threshold = 1.5",
        "up to 1",
    ],
    [
        "--failure-rate-threshold",
        "NaN",
        "failure_rate_threshold = NaN",
        "up to 1",
    ],
    [
        "--permitted-probes",
        "0",
        "permitted_probes = 0",
        "at least 1",
    ],
    [
        "--probe-successes",
        "0",
        "probe_successes = 0",
        "at least 1",
    ],
    ["--minimum-calls", "0", "minimum_calls = 0", "at least 1"],
    ["--window-calls", "0", "window_calls = 0", "1 to 1000000"],
    ["--open-for", "0s", "open_for = 0", "above zero"],
    ["--half-open-for", "0s", "half_open_for = 0", "at least 1ms"],
    [
        "--max-open-for",
        "1ms",
        "max_open_for = 1ms",
        "at least open_for",
    ],
    ["--jitter", "0.9", "jitter = 0.9", "from 0 to 0.5"],
    [
        "--backoff-factor",
        "0.5",
        "backoff_factor = 0.5",
        "from 1 to 1000",
    ],
    [
        "--slow-call-rate-threshold",
        "0.5",
        "slow_call_duration",
        "slow_call_rate_threshold",
    ],
];

#[tokio::test]
async fn values_that_no_breaker_can_work_with_are_refused() {
    for [flag, value, field, allowed] in REFUSED {
        assert_refusal(&[flag, value], &["instance A", field, allowed]).await;
        assert_refusal(
            &["instance", "B", flag, value],
            &["instance B", field, allowed],
        )
        .await;
    }
    let off = [
        "--consecutive-failures",
        "off",
        "--failure-rate-threshold",
        "off",
    ];
    assert_refusal(&off, &["can never trip"]).await;
}

#[tokio::test]
async fn a_file_is_refused_with_the_place_and_the_nearest_key() {
    for (text, words) in [
        (
            "[breaker]\nopen_four = \"2s\"\n",
            ["2:1", "`open_four`; did you mean `open_for`?"],
        ),
        (
            "[instance.A.breaker]\njiter = 0\n",
            ["2:1", "did you mean `jitter`?"],
        ),
        ("[instances.A]\n", ["1:2", "did you mean `instance`?"]),
        (
            "[load]\nzzz = 1\n",
            ["2:1", "known keys are: rate, process, shape"],
        ),
        (
            "[breaker]\nopen_for = 2\n",
            [
                "2:12",
                "`2` has no unit: write one, such as \"2ms\" or \"2s\"",
            ],
        ),
        (
            "[breaker]\nopen_for = \"soon\"\n",
            ["2:12", "500ms, 2s or 1m"],
        ),
        (
            "[breaker]\nconsecutive_failures = \"three\"\n",
            ["2:24", "number or \"off\""],
        ),
        ("seed = [\n", ["1:", "array"]),
        (
            "[instance.B.breaker]\npermitted_probes = 0\n",
            ["instance B", "permitted_probes = 0"],
        ),
        ("[instance.D]\n", ["instance D", "[instance.D]"]),
    ] {
        let file = File::new("bad.toml", text);
        assert_refusal(&["--config", file.path()], &words).await;
    }
    assert_refusal(
        &["--config", "/no/such/file"],
        &["/no/such/file", "cannot read"],
    )
    .await;
    let folder = std::env::temp_dir();
    let folder = folder.to_str().expect("the path is text");
    assert_refusal(&["--config", folder], &[folder, "cannot read"]).await;
    let plan = File::new(
        "plan.json",
        r#"{"phases": [{"name": "x", "failure_ratio": 2}]}"#,
    );
    let words = ["phases[0].failure_ratio", "from 0 to 1"];
    assert_refusal(&["unreliable", "--faults", plan.path()], &words).await;
}

#[tokio::test]
async fn a_malformed_plan_is_refused_with_the_field_and_changes_nothing() {
    let system = System::with_instances(&[], &healthy(), &[]).await;
    let downstream = &system.downstream;
    let before = downstream.get("/faults").await.body;

    for (plan, field) in [
        ("", "the text is empty"),
        ("{", "EOF"),
        ("{}", "phases"),
        (r#"{"phases": []}"#, "phases"),
        (r#"{"phases": 1}"#, "phases"),
        (r#"{"fases": []}"#, "did you mean `phases`?"),
        (r#"{"phases": [{"failure_ratio": 1}]}"#, "name"),
        (
            r#"{"phases": [{"name": "x", "failure_ratio": 1.1}]}"#,
            "phases[0].failure_ratio",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_ratio": -1}]}"#,
            "phases[0].failure_ratio",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_ratio": "all"}]}"#,
            "phases[0].failure_ratio",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_status": 200}]}"#,
            "phases[0].failure_status",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_ration": 1}]}"#,
            "did you mean `failure_ratio`?",
        ),
        (
            r#"{"phases": [{"name": "x"}, {"name": "y"}]}"#,
            "phases[0].for",
        ),
        (r#"{"seed": -1, "phases": [{"name": "x"}]}"#, "seed"),
    ] {
        let reply = downstream.put("/faults", plan).await;
        assert_eq!(reply.status, 400, "{plan}: {}", reply.body);
        let message = reply.json()["error"]["message"].clone();
        let message = message.as_str().expect("the message is text");
        assert!(message.contains(field), "{plan}: {message}");
    }

    assert_eq!(downstream.get("/faults").await.body, before);
    let same = downstream.put("/faults", &before).await;
    assert_eq!(
        (same.status, same.body),
        (200, before),
        "a plan can be given back"
    );
}

#[tokio::test]
async fn what_no_route_answers_gets_a_json_error() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    let code = async |client: &Client, method: &str, path: &str, body: &str| {
        let reply = client.send(method, path, &[], body.to_owned()).await;
        let code = reply.json()["error"]["code"].clone();
        let Value::String(code) = code else {
            panic!("no code: {}", reply.body);
        };
        (reply.status, code)
    };
    let instance = system.instance(0);

    for client in [instance, &system.downstream] {
        assert_eq!(
            code(client, "GET", "/nope", "").await,
            (404, "not_found".to_owned())
        );
        assert_eq!(
            code(client, "POST", "/metrics", "").await,
            (405, "method_not_allowed".to_owned())
        );
    }
    for body in [
        "",
        "{}",
        r#"{"mode": "off"}"#,
        r#"{"mod": "auto"}"#,
        r#"{"mode": "auto", "x": 1}"#,
    ] {
        let refused = code(instance, "PUT", "/breaker/mode", body).await;
        assert_eq!(refused, (400, "invalid_body".to_owned()), "{body}");
    }
    eventually("the breaker is untouched", async || {
        (instance.state().await == "closed").then_some(())
    })
    .await;
}
