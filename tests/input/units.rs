//! Times, shares and rates, which are written in the same way everywhere: flags, variables, files, requests.

use end_to_end::{Client, LIMIT, Process, Reply, System, healthy};
use serde_json::json;

use crate::{output_of, refusal_in};

/// A file with this text, for one test.
fn file(name: &str, text: &str) -> String {
    let name = format!("breaker-lab-units-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).expect("a temporary file can be written");
    path.to_str().expect("the path is text").to_owned()
}

/// A key of a file, the same as a flag, texts that mean the same, and what is printed for them.
const ALIKE: [(&str, &str, &str, [&str; 2], &str); 5] = [
    ("load", "rate", "--rate", ["90/s", "90rps"], "rate = 90"),
    (
        "load",
        "shed_limit",
        "--shed-limit",
        ["5%", "0.05"],
        "shed_limit = 0.05",
    ),
    (
        "",
        "trace_ratio",
        "--trace-ratio",
        ["10%", "0.1"],
        "trace_ratio = 0.1",
    ),
    (
        "",
        "duration",
        "--duration",
        ["90s", "1m 30s"],
        "duration = \"1m 30s\"",
    ),
    (
        "load",
        "timeout",
        "--timeout",
        ["2s", "2000ms"],
        "timeout = \"2s\"",
    ),
];

#[tokio::test]
async fn a_setting_is_written_alike_as_flag_as_variable_and_in_a_file() {
    for (section, key, flag, texts, shown) in ALIKE {
        let variable = format!("BREAKER_LAB_{}", key.to_uppercase());
        for text in texts {
            let section = if section.is_empty() {
                String::new()
            } else {
                format!("[{section}]\n")
            };
            let path = file(
                &format!("{key}.toml"),
                &format!("{section}{key} = \"{text}\"\n"),
            );
            let base = ["load", "--print-config", "--seed", "1"];

            let by_flag = output_of(&[&base, [flag, text].as_slice()].concat()).await;
            let by_file = output_of(&[&base, ["--config", &path].as_slice()].concat()).await;
            let by_variable = Process::start_in(&[(&variable, text)], &base);
            let by_variable = by_variable.ended(LIMIT).await.stdout;

            assert!(
                by_flag.iter().any(|line| line.starts_with(shown)),
                "{by_flag:#?}"
            );
            assert_eq!(by_file, by_flag, "{key} = {text}");
            assert_eq!(by_variable, by_flag, "{variable}={text}");
            std::fs::remove_file(path).expect("the file is ours");
        }
    }
    for (flag, text, shown) in [
        (
            "--failure-rate-threshold",
            "40%",
            "failure_rate_threshold = 0.4",
        ),
        (
            "--slow-call-rate-threshold",
            "off",
            "slow_call_rate_threshold = \"off\"",
        ),
        ("--jitter", "10 %", "jitter = 0.1"),
    ] {
        let printed = output_of(&["instance", "A", "--print-config", flag, text]).await;
        assert!(printed.iter().any(|line| line == shown), "{printed:#?}");
    }
}

#[tokio::test]
async fn a_wrong_value_of_a_variable_is_refused_under_the_name_of_the_variable() {
    for (variable, value, words) in [
        (
            "BREAKER_LAB_RATE",
            "90/min",
            "BREAKER_LAB_RATE: `90/min` is not a rate",
        ),
        (
            "BREAKER_LAB_DURATION",
            "5",
            "BREAKER_LAB_DURATION: `5` is not a duration",
        ),
        (
            "BREAKER_LAB_SEED",
            "-1",
            "BREAKER_LAB_SEED: `-1` is not allowed",
        ),
    ] {
        let said = refusal_in(&[(variable, value)], &["load", "--print-config"]).await;
        assert!(said.contains(words), "{said}");
    }
}

async fn patch(client: &Client, change: &'static str) -> Reply {
    client.send("PATCH", "/faults", &[], change).await
}

#[tokio::test]
async fn a_plan_is_put_and_patched_with_units_and_a_bare_number_is_refused() {
    let system = System::with_instances(&[], &healthy(), &[]).await;
    let downstream = &system.downstream;
    let plan = json!({
        "deadline": "2s",
        "base": { "delay": { "fixed": "3ms" } },
        "phases": [{ "name": "x", "for": "5s", "failure_ratio": "35%" }, { "name": "y" }],
    });

    let put = downstream.put("/faults", &plan.to_string()).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let shown = downstream.get("/faults").await.json();
    assert_eq!(shown["deadline_ms"], 2000);
    assert_eq!(shown["base"]["delay"]["fixed"]["ms"], 3.0);
    assert_eq!(shown["phases"][0]["for_ms"], 5000);
    assert_eq!(shown["phases"][0]["failure_ratio"], 0.35);

    let patched = patch(downstream, r#"{"deadline": "700ms"}"#).await;
    assert_eq!(patched.status, 200, "{}", patched.body);
    assert_eq!(downstream.get("/faults").await.json()["deadline_ms"], 700);

    for (change, words) in [
        (
            r#"{"deadline": 5}"#,
            "deadline: `5` has no unit: write deadline as ",
        ),
        (
            r#"{"base": {"delay": {"fixed": 5}}}"#,
            "base.delay.fixed: `5` has no unit",
        ),
        ("[1]", "a merge patch must be an object"),
    ] {
        let refused = patch(downstream, change).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        let message = refused.json()["error"]["message"].to_string();
        let message = message.replace('\\', "");
        assert!(message.contains(words), "{change}: {message}");
    }
}
