//! Files and bodies that begin with a byte order mark, as some editors write them.

use end_to_end::{System, healthy};

use crate::{File, output_of};

const MARK: &str = "\u{feff}";

#[tokio::test]
async fn a_byte_order_mark_changes_nothing_in_files() {
    let settings = File::new(
        "mark.toml",
        format!("{MARK}seed = 7\n[breaker]\nopen_for = \"3s\"\n"),
    );
    let printed = output_of(&[
        "instance",
        "A",
        "--config",
        settings.path(),
        "--print-config",
    ])
    .await;
    assert!(
        printed.contains(&"open_for = \"3s\"".to_owned()),
        "{printed:?}"
    );

    let plan = r#"{"seed": 5, "phases": [{"name": "down", "failure_ratio": 1}]}"#;
    for name in ["mark.json", "mark-plan"] {
        let file = File::new(name, format!("{MARK}{plan}"));
        output_of(&["faults", "dry-run", file.path()]).await;
    }
    let file = File::new(
        "mark-plan.toml",
        format!("{MARK}seed = 5\n[[phases]]\nname = \"x\"\n"),
    );
    output_of(&["faults", "dry-run", file.path()]).await;

    let scenario = format!(
        "{MARK}title = \"x\"\nduration = \"1s\"\n[faults]\nphases = [{{ name = \"x\" }}]\n"
    );
    let file = File::new("mark-scenario.toml", scenario);
    output_of(&["run", file.path(), "--check"]).await;
}

#[tokio::test]
async fn a_replay_with_a_byte_order_mark_keeps_its_first_row() {
    let rows = "0,10\n5,200\n10,0\n";
    let mut plans = Vec::new();
    for text in [
        rows.to_owned(),
        format!("{MARK}{rows}"),
        format!("{MARK}seconds,rate\r\n{rows}"),
    ] {
        let file = File::new("replay.csv", text);
        let shape = format!("replay:{}", file.path());
        let arguments = [
            "load",
            "--shape",
            &shape,
            "--dry-run",
            "--seed",
            "1",
            "--duration",
            "10s",
        ];
        let shown = output_of(&arguments).await;
        let requests: Vec<String> = shown
            .into_iter()
            .filter(|line| !line.contains("replay"))
            .collect();
        plans.push(requests);
    }
    assert_eq!(plans[0], plans[1]);
    assert_eq!(plans[0], plans[2]);
}

#[tokio::test]
async fn a_first_row_that_is_no_heading_is_not_lost() {
    let file = File::new("typo.csv", "0;10\n5,200\n");
    let shape = format!("replay:{}", file.path());
    let said = crate::refusal_in(&[], &["load", "--shape", &shape, "--dry-run"]).await;
    assert!(said.contains("typo.csv:1: `0;10`"), "{said}");
}

#[tokio::test]
async fn a_byte_order_mark_changes_nothing_in_a_body() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;

    let plan = format!("{MARK}{}", healthy());
    let reply = system.downstream.put("/faults", &plan).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let mode = format!("{MARK}{{\"mode\": \"auto\"}}");
    let reply = system.instance(0).put("/breaker/mode", &mode).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}
