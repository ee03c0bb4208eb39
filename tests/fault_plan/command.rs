//! The command `breaker-lab faults …`: reading and changing faults from a shell.

use std::path::PathBuf;

use end_to_end::{Client, Process};
use serde_json::Value;

use super::service;

/// A file in a folder of its own, for one test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("breaker-lab-plans-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a temporary file can be written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs the command on the service and returns what it prints.
async fn faults(client: &Client, arguments: &[&str]) -> String {
    let arguments = [&["faults", "--url", client.base()], arguments].concat();
    let ended = Process::run(&arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {ended:#?}");
    ended.stdout.join("\n")
}

/// The command fails with this status and says these words in one line.
async fn refused(client: &Client, arguments: &[&str], status: i32, words: &[&str]) {
    let arguments = [&["faults", "--url", client.base()], arguments].concat();
    let ended = Process::run(&arguments).await;
    assert_eq!(
        ended.status.code(),
        Some(status),
        "{arguments:?}: {ended:#?}"
    );
    let [line] = ended.stderr.as_slice() else {
        panic!("{ended:#?}");
    };
    for word in words {
        assert!(
            line.contains(word),
            "{arguments:?}: `{word}` is missing: {line}"
        );
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn plans_are_shown_set_patched_and_cleared() {
    let (_system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;
    let plan = File::new(
        "plan.toml",
        "seed = 5\n[rules.down]\neffects = [{ status.code = 503 }]\n",
    );
    let patch = File::new(
        "patch.json",
        r#"{"rules": {"down": {"effects": [{"status": {"code": 500}}]}}}"#,
    );

    assert_eq!(
        json(&faults(&client, &["show"]).await)["phases"][0]["name"],
        "calm"
    );
    assert_eq!(
        json(&faults(&client, &["set", plan.path()]).await)["seed"],
        5
    );
    assert_eq!(client.get("/data").await.status, 503);
    faults(&client, &["patch", patch.path()]).await;
    assert_eq!(client.get("/data").await.status, 500);
    let truth = json(&faults(&client, &["truth"]).await);
    assert_eq!(truth["callers"]["anonymous"]["p_fail"], 1.0, "{truth}");
    faults(&client, &["clear"]).await;
    assert_eq!(client.get("/data").await.status, 200);
}

#[tokio::test]
async fn presets_are_listed_applied_and_tried_out() {
    let (_system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;

    let listed = faults(&client, &["presets"]).await;
    assert!(listed.contains("metastable"), "{listed}");
    assert_eq!(listed.lines().count(), 13);
    let preset = json(&faults(&client, &["preset", "metastable"]).await);
    assert_eq!(preset["overload"]["workers"], 8);
    let dry = json(&faults(&client, &["dry-run", "preset:asymmetric"]).await);
    assert_eq!(dry["phases"][1]["name"], "a-only");
    assert_eq!(client.get("/faults").await.json()["overload"]["workers"], 8);
    let schema = json(&faults(&client, &["schema"]).await);
    assert!(schema["properties"].is_object());
}

#[tokio::test]
async fn what_is_wrong_is_said_with_file_and_key_before_anything_is_sent() {
    let (_system, client) = service(r#"{"phases": [{"name": "calm"}]}"#).await;
    let misspelt = File::new("misspelt.toml", "[rules.down]\nefects = []\n");
    let strange = File::new(
        "strange.json",
        r#"{"phases": [{"name": "x", "failure_ratio": 3}]}"#,
    );

    let words = ["misspelt.toml:2:1", "did you mean `effects`?"];
    refused(&client, &["set", misspelt.path()], 2, &words).await;
    let words = ["strange.json: phases[0].failure_ratio: 3", "from 0 to 1"];
    refused(&client, &["set", strange.path()], 2, &words).await;
    refused(
        &client,
        &["set", "/no/such/file"],
        2,
        &["/no/such/file", "cannot read"],
    )
    .await;
    refused(&client, &["preset", "hagn"], 2, &["did you mean `hang`?"]).await;
    refused(&client, &["set"], 2, &["FILE"]).await;
    let nobody = Client::new(end_to_end::nobody());
    refused(
        &nobody,
        &["show"],
        1,
        &["nothing listens on 127.0.0.1:", "--downstream"],
    )
    .await;
}

#[tokio::test]
async fn the_token_is_asked_for_and_given() {
    let arguments = [
        "unreliable",
        "--listen",
        "127.0.0.1:0",
        "--control-token",
        "s3cret",
    ];
    let process = Process::start(&arguments);
    let client = Client::new(process.url("unreliable service").await);

    refused(&client, &["clear"], 2, &["401", "Authorization"]).await;
    faults(&client, &["--token", "s3cret", "clear"]).await;
}

#[tokio::test]
async fn a_service_starts_with_a_toml_plan_or_a_preset() {
    let plan = File::new(
        "start.toml",
        "[rules.down]\neffects = [{ status.code = 503 }]\n",
    );
    for (given, status) in [(plan.path(), 503), ("preset:calm", 200)] {
        let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0", "--faults", given]);
        let client = Client::new(process.url("unreliable service").await);

        assert_eq!(client.get("/data").await.status, status, "{given}");
    }
}

#[tokio::test]
async fn a_seed_that_is_asked_for_is_that_of_a_plan_from_a_file_too() {
    for (flags, seed) in [(vec!["--seed", "7"], 7), (vec![], 1)] {
        let plan = ["--faults", "preset:flaky-10"];
        let arguments = [
            &["unreliable", "--listen", "127.0.0.1:0"],
            &plan[..],
            &flags,
        ]
        .concat();
        let process = Process::start(&arguments);
        let client = Client::new(process.url("unreliable service").await);

        assert_eq!(
            client.get("/faults").await.json()["seed"],
            seed,
            "{flags:?}"
        );
    }
}
