//! Scenarios of coordination, run live over their own engine and network.

use std::collections::BTreeSet;

use end_to_end::{Process, Redis, empty_folder, read, result, text};
use serde_json::Value;

/// An outage during which the engine crashes and comes back empty.
const SCENARIO: &str = r#"
title = "an outage during which the engine is gone"
duration = "5s"
expectations = ["fleet_openings >= 1", "fallbacks >= 3", "alone_share(A) > 0.1"]

[fleet]
call_timeout = "100ms"

[breaker]
consecutive_failures = 8
open_for = "300ms"
backoff_factor = 1.0
max_open_for = "300ms"
probe_successes = 1

[load]
rate = 120
lateness_limit = "30s"

[coordination]
mode = "quorum"
suspicion_run = 3
heartbeat = "200ms"
stale_after = "600ms"
member_for = "600ms"
stagger = "200ms"

[network]
delay = "2ms"
duplication = 0.1

[[engine.faults]]
kind = "crash"
from = "2s"
until = "3500ms"

[faults]
phases = [
  { name = "calm", for = "1s" },
  { name = "outage", for = "2s", failure_ratio = 1 },
  { name = "calm again" },
]
"#;

#[tokio::test]
async fn a_scenario_of_coordination_runs_live_and_its_result_says_what_was_told() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "coordination-live");
    let (file, out, events) = (
        folder.join("s.toml"),
        folder.join("out"),
        folder.join("events.csv"),
    );
    std::fs::write(&file, SCENARIO).expect("the scenario can be written");

    let arguments = [
        "run",
        text(&file),
        "--out",
        text(&out),
        "--events",
        text(&events),
    ];
    let ended = Process::run(&arguments).await;

    assert!(ended.status.success(), "{ended:#?}");
    let run = &result(&out)["repetitions"][0];
    let told = &run["coordination"];
    assert_eq!(
        (&told["mode"], &told["engine"]),
        (&"quorum".into(), &"memory".into())
    );
    assert!(told["ledger"]["requests"].as_u64() > Some(20), "{told}");
    assert_eq!(
        told["instances"].as_array().map(Vec::len),
        Some(3),
        "{told}"
    );
    // What the fleet did is a transition like any other, with its cause, in the result and in the events.
    let (causes, rows) = (causes_of(&run["fleet"]), causes_of_rows(&read(&events)));
    for cause in ["fleet", "engine_lost"] {
        assert!(causes.contains(cause), "{cause}: {causes:?}");
        assert!(rows.contains(cause), "{cause}: {rows:?}");
    }
}

/// The causes of all transitions of a record, which are rows `[at, from, to, cause, …]`.
fn causes_of(fleet: &Value) -> BTreeSet<String> {
    let instances = fleet["instances"].as_array().expect("there are instances");
    let rows = instances
        .iter()
        .flat_map(|one| one["transitions"].as_array().expect("each has transitions"));
    rows.map(|row| row[3].as_str().expect("a cause").to_owned())
        .collect()
}

/// The column of causes in the events.
fn causes_of_rows(events: &str) -> BTreeSet<String> {
    let mut lines = events.lines().filter(|line| !line.starts_with('#'));
    let header = lines.next().expect("the events have a header");
    let place = header.split(',').position(|name| name == "cause");
    let place = place.expect("they say causes");
    lines
        .filter_map(|line| line.split(',').nth(place))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_same_scenario_without_faults_of_its_engine_runs_over_a_real_redis() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "coordination-redis");
    let (file, out) = (folder.join("s.toml"), folder.join("out"));
    let server = Redis::start(&[]);
    let (before, after) = SCENARIO
        .split_once("[[engine.faults]]")
        .expect("it has faults");
    let (_, after) = after.split_once("[faults]").expect("and others");
    let scenario = format!("{before}[faults]{after}")
        .replace(", \"fallbacks >= 3\", \"alone_share(A) > 0.1\"", "")
        .replace("duplication = 0.1\n", "");
    std::fs::write(&file, SCENARIO).expect("the scenario can be written");
    let url = server.url();
    let arguments = ["run", text(&file), "--out", text(&out), "--engine", &url];

    let refused = Process::run(&arguments).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
    assert!(refused.said("leave --engine out"), "{refused:#?}");

    std::fs::write(&file, scenario).expect("the scenario can be written");
    let ended = Process::run(&arguments).await;
    assert!(ended.status.success(), "{ended:#?}");
    let told = &result(&out)["repetitions"][0]["coordination"];
    assert_eq!(told["engine"], "redis", "{told}");
    assert!(told["ledger"]["openings"].as_u64() >= Some(1), "{told}");
}
