//! Instances that decide together: in one process, over a real Redis that comes and goes, and by gossip.

mod engine_lost;
mod gossip;
mod one_process;
mod orders;
mod refusals;
mod scenarios;
mod server;

use std::path::PathBuf;

use end_to_end::{Client, Process, System};
use serde_json::Value;

/// A settings file of one test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!(
            "breaker-lab-coordination-{name}-{}.toml",
            std::process::id()
        );
        let path = std::env::temp_dir().join(name);
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

/// Settings with which a fleet opens, probes and closes within a second. Its evidence comes long before that of one
/// breaker, and the engine has more time than any machine needs, so that nothing depends on how busy this one is.
const QUICK: &str = r#"
[breaker]
consecutive_failures = 10
failure_rate_threshold = "off"
open_for = "200ms"
backoff_factor = 1.0
max_open_for = "200ms"
probe_successes = 1

[coordination]
suspicion_run = 3
engine_timeout = "1s"
probe_timeout = "100ms"
minimum_gap = "150ms"
stagger = "50ms"
"#;

/// The same for a fleet that is not watched for long.
const QUICKER: &str = r#"
[breaker]
consecutive_failures = 15
failure_rate_threshold = "off"
open_for = "300ms"
backoff_factor = 1.0
max_open_for = "300ms"
probe_successes = 1

[coordination]
suspicion_run = 3
heartbeat = "200ms"
stale_after = "1s"
member_for = "1s"
localised_after = "500ms"
stagger = "200ms"
"#;

/// The flags of a fleet on this Redis, with these settings.
fn quorum_on<'a>(url: &'a str, file: &'a File) -> [&'a str; 6] {
    [
        "--coordination",
        "quorum",
        "--engine",
        url,
        "--config",
        file.path(),
    ]
}

/// What `GET /breaker` shows of the instance's fleet.
async fn fleet(instance: &Client) -> Value {
    instance.get("/breaker").await.json()["fleet"].clone()
}

/// Calls all instances of the system, over and over, until it is dropped.
struct Calls(Vec<tokio::task::JoinHandle<()>>);

impl Calls {
    fn of(instances: impl Iterator<Item = Client>) -> Self {
        let calls = instances.map(|instance| {
            tokio::spawn(async move {
                loop {
                    instance.try_get("/call").await;
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            })
        });
        Self(calls.collect())
    }

    fn to(system: &System) -> Self {
        Self::of(system.instances.iter().map(|(_, client, _)| client.clone()))
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// The lines of the log that have these words.
fn logged(process: &Process, words: &str) -> Vec<String> {
    let mut lines = process.log();
    lines.retain(|line| line.contains(words));
    lines
}

/// Puts a plan in force.
async fn put(system: &System, plan: &str) {
    let reply = system.downstream.put("/faults", plan).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}
