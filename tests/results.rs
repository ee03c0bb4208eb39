//! The results of runs, which follow their schema, fit on a disk, and hold everything that is needed to draw and to
//! run them again.

#![expect(clippy::print_stdout, reason = "sizes, which are worth a look")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use end_to_end::{Ended, LIMIT, Process, Schema, Signal, empty_folder, repository, result, text};
use serde_json::Value;

/// A folder of this test alone, empty at the start.
fn folder(name: &str) -> PathBuf {
    empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("results-{name}"))
}

/// The result keeps to its schema, and what the clients saw to theirs.
fn validate(result: &Value) {
    let (whole, load) = (
        Schema::of("result.schema.json"),
        Schema::of("load-result.schema.json"),
    );
    whole.validate(result);
    let runs = result["repetitions"].as_array().expect("runs");
    assert!(!runs.is_empty());
    for run in runs {
        load.validate(&run["load"]);
    }
}

#[tokio::test]
async fn the_result_of_every_shipped_scenario_is_as_the_schema_says() {
    let folder = folder("shipped");
    let listed = Process::run(&["scenarios"]).await.stdout;
    let names = listed.iter().take_while(|line| !line.is_empty());
    let names: Vec<&str> = names
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() >= 13, "{listed:#?}");
    for name in names {
        let out = folder.join(name);

        let ended = Process::run(&["simulate", name, "--out", text(&out), "--quiet"]).await;

        let said = format!("{name}: {ended:#?}");
        assert!(out.join("result.json").exists(), "{said}");
        let result = result(&out);
        validate(&result);
        let run = &result["repetitions"][0];
        let overload = run["fleet"]["truth_follows_load"] == true;
        assert_eq!(run.get("counterfactual").is_some(), overload, "{name}");
    }
}

#[tokio::test]
async fn the_schema_is_really_looked_at() {
    let folder = folder("broken");
    let out = folder.join("out");
    let ended = Process::run(&["simulate", "flapping", "--out", text(&out), "--quiet"]).await;
    assert!(ended.status.success(), "{ended:#?}");
    let good = result(&out);
    let schema = Schema::of("result.schema.json");
    validate(&good);

    for (place, wrong) in [
        ("/schema", Value::from("breaker-lab/result/1")),
        ("/repetitions/0/performer", Value::from("guessed")),
        ("/repetitions/0/fleet/truths/0/0/1", Value::from(1.5)),
        (
            "/repetitions/0/fleet/instances/0/transitions/0/3",
            Value::from("luck"),
        ),
        (
            "/repetitions/0/fleet/instances/0/calls/0/0",
            Value::from(-1),
        ),
        (
            "/repetitions/0/fleet/instances/0/calls/0",
            Value::from(vec![1, 2, 3]),
        ),
    ] {
        let mut broken = good.clone();
        *broken.pointer_mut(place).expect("it is there") = wrong;
        assert_eq!(schema.faults(&broken).len(), 1, "{place}");
    }
}

#[tokio::test]
async fn a_thousand_instances_make_a_result_of_a_few_megabytes() {
    let folder = folder("thousand");
    let out = folder.join("out");
    let arguments = [
        "simulate",
        "flapping",
        "--instances",
        "1000",
        "--set",
        "load.rate=4000",
    ];

    let ended = Process::run(&[&arguments[..], &["--out", text(&out), "--quiet"]].concat()).await;

    let size = std::fs::metadata(out.join("result.json")).map(|it| it.len());
    let size = size.unwrap_or_else(|_| panic!("{ended:#?}"));
    let result = result(&out);
    validate(&result);
    let fleet = &result["repetitions"][0]["fleet"];
    let instances = fleet["instances"].as_array().expect("instances");
    assert_eq!(instances.len(), 1000);
    // Everybody met the same truth, and it is written once.
    assert_eq!(fleet["truths"].as_array().map(Vec::len), Some(1));
    let rows = instances
        .iter()
        .filter_map(|it| it["transitions"].as_array());
    let rows: usize = rows.map(Vec::len).sum();
    println!("{size} bytes, {rows} transitions");
    assert!(rows > 15_000, "{rows}");
    assert!(size < 6_000_000, "{size}");
}

#[tokio::test]
async fn results_of_earlier_versions_are_refused_in_a_sentence() {
    let folder = folder("old");
    let old = r#"{"schema": "breaker-lab/result/1", "repetitions": []}"#;
    std::fs::write(folder.join("result.json"), old).expect("it can be written");

    let ended = Process::run(&["compare", text(&folder)]).await;

    assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
    let why = ended.stderr.last().expect("a reason");
    assert!(why.contains("of an earlier version of the lab"), "{why}");
    assert!(why.contains("run the scenario again"), "{why}");
}

/// A short outage, run live.
async fn live(folder: &Path, flags: &[&str]) -> Ended {
    let path = folder.join("short.toml");
    let content = r#"
title = "a short outage, and the rates of a file"
duration = "3s"

[breaker]
consecutive_failures = 3
open_for = "200ms"

[load]
shape = "replay:recorded/rates.csv"
lateness_limit = "30s"

[faults]
phases = [
  { name = "calm", for_ms = 700 },
  { name = "outage", for_ms = 800, failure_ratio = 1 },
  { name = "calm again" },
]
"#;
    std::fs::write(&path, content).expect("the scenario can be written");
    let rates = folder.join("recorded");
    std::fs::create_dir_all(&rates).expect("a folder can be made");
    std::fs::write(rates.join("rates.csv"), "seconds,rate\n0,200\n3,200\n").expect("written");
    let out = folder.join("out");
    let base = ["run", text(&path), "--out", text(&out), "--quiet"];
    Process::run(&[&base, flags].concat()).await
}

#[tokio::test]
async fn the_folder_of_a_run_holds_all_that_is_needed_to_run_it_again() {
    let folder = folder("folder");
    let ended = live(&folder, &["--seed", "9"]).await;
    assert!(ended.status.success(), "{ended:#?}");
    let out = folder.join("out");

    let result = result(&out);
    validate(&result);
    assert_eq!(result["repetitions"][0]["performer"], "live");
    let read = |name: &str| {
        let text = std::fs::read_to_string(out.join(name));
        text.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    assert!(read("breakers.toml").contains("consecutive_failures = 3"));
    let plan: Value = serde_json::from_str(&read("plan.json")).expect("it is JSON");
    assert_eq!(plan["seed"], 9);
    assert!(read("rates.csv").contains("3,200"));
    assert!(
        result["versions"]["commit"].is_string(),
        "{}",
        result["versions"]
    );
    assert!(result["machine"]["load"].is_array() || !cfg!(target_os = "linux"));
    // What is kept runs again, from anywhere, and plans the same.
    let (kept, again) = (out.join("scenario.toml"), folder.join("again"));
    let ended = Process::run(&["run", text(&kept), "--out", text(&again), "--quiet"]).await;
    assert!(ended.status.success(), "{ended:#?}");
    let digest = |out: &Path| {
        let run = self::result(out);
        run["repetitions"][0]["load"]["digest"].to_string()
    };
    assert_eq!(digest(&out), digest(&again));
}

#[tokio::test]
async fn the_truth_of_a_live_run_turns_at_the_instants_of_the_plan() {
    let folder = folder("exact");
    let ended = live(&folder, &[]).await;
    assert!(ended.status.success(), "{ended:#?}");

    let result = result(&folder.join("out"));

    let fleet = &result["repetitions"][0]["fleet"];
    let steps = fleet["truths"][0].as_array().expect("steps");
    let of = |place: usize| {
        let step = &steps[place];
        (
            step[0].as_f64().expect("an instant"),
            step[1].as_f64().expect("a share"),
        )
    };
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(
        of(0).1 < 1e-9 && of(1).1 > 1.0 - 1e-9 && of(2).1 < 1e-9,
        "{steps:?}"
    );
    // When the run begins after the plan is chance; how long the outage is stands in the plan.
    assert!((of(2).0 - of(1).0 - 0.8).abs() < 2e-6, "{steps:?}");
    assert!((0.5..=0.7).contains(&of(1).0), "{steps:?}");
}

/// The rows of a table by the names of its columns.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).expect("there is a table");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), head.len(), "{line}");
        let cells = head.iter().zip(cells);
        cells
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect()
    };
    lines.map(row).collect()
}

#[tokio::test]
async fn the_events_of_a_live_run_are_the_calls_and_transitions_of_its_result() {
    let folder = folder("events");
    let events = folder.join("events.csv");
    let ended = live(&folder, &["--events", text(&events), "--repeat", "2"]).await;
    assert!(ended.status.success(), "{ended:#?}");
    let result = result(&folder.join("out"));

    let all = rows(&events);

    for run in result["repetitions"].as_array().expect("runs") {
        let seed = run["seed"].to_string();
        let of = |kind: &str| {
            let rows = all
                .iter()
                .filter(|row| row["seed"] == seed && row["kind"] == kind);
            rows.collect::<Vec<_>>()
        };
        let calls = of("call");
        // Without retries each planned request is one call.
        assert_eq!(Value::from(calls.len()), run["load"]["planned"]);
        let rejected = calls.iter().filter(|row| row["outcome"] == "fast_fail");
        assert!(rejected.clone().count() > 10);
        // A call ends after it was sent, which is not before it was planned.
        let number = |row: &BTreeMap<String, String>, name: &str| -> f64 {
            row[name]
                .parse()
                .unwrap_or_else(|_| panic!("{name}: {row:?}"))
        };
        for row in &calls {
            assert!(
                number(row, "planned_s") <= number(row, "sent_s") + 1e-6,
                "{row:?}"
            );
            assert!(number(row, "sent_s") <= number(row, "ended_s"), "{row:?}");
            assert!(["0", "1"].contains(&&*row["p_fail"]), "{row:?}");
        }
        let instances = run["fleet"]["instances"].as_array().expect("instances");
        let transitions = instances
            .iter()
            .filter_map(|it| it["transitions"].as_array());
        let transitions: usize = transitions.map(Vec::len).sum();
        assert_eq!(of("transition").len(), transitions);
        assert!(
            of("transition")
                .iter()
                .any(|row| row["cause"] == "consecutive")
        );
    }
}

#[tokio::test]
async fn time_to_open_follows_theory_and_the_script_draws_it() {
    let folder = folder("theory");
    let (out, events) = (folder.join("out"), folder.join("events.csv"));
    let chart = folder.join("time-to-open.svg");
    let arguments = [
        "simulate",
        "fast-fail",
        "--instances",
        "300",
        "--set",
        "load.rate=9000",
    ];
    let flags = [
        "--set",
        "duration=7s",
        "--set",
        "expectations=[]",
        "--quiet",
    ];
    let files = ["--out", text(&out), "--events", text(&events)];
    let ended = Process::run(&[&arguments[..], &flags, &files].concat()).await;
    assert!(ended.status.success(), "{ended:#?}");

    let script = repository().join("docs/time_to_open.py");
    let drawn = Command::new("python3")
        .args([
            text(&script),
            text(&events),
            "--fault-at",
            "5",
            "--failures",
            "5",
        ])
        .args(["--out", text(&chart)])
        .output()
        .expect("python3 is missing: install it, on Debian with `apt-get install python3`");

    let said = String::from_utf8_lossy(&drawn.stdout);
    assert!(drawn.status.success(), "{drawn:?}");
    let line = said
        .lines()
        .find(|line| line.starts_with("largest distance"));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    let numbers: Vec<f64> = line
        .split([' ', ','])
        .filter_map(|word| word.parse().ok())
        .collect();
    println!("{said}");
    // The seed is fixed: the distance is the same each time.
    assert!(numbers[0] < numbers[1], "{said}");
    let svg = std::fs::read_to_string(&chart).expect("there is a chart");
    assert!(svg.starts_with("<svg") && svg.contains("theory (Erlang)"));
}

#[tokio::test]
async fn a_scenario_that_never_ran_is_not_taken_for_one_that_held() {
    let folder = folder("never-ran");
    let scenario = |name: &str, expectations: &str| {
        let text = format!(
            "title = \"{name}\"\nduration = \"50s\"\nexpectations = [{expectations}]\n[load]\nrate = 20\n\
             [faults]\nphases = [{{ name = \"calm\" }}]\n"
        );
        let path = folder.join(name).with_extension("toml");
        std::fs::write(&path, text).expect("a scenario can be written");
        path
    };
    let (first, second) = (
        scenario("first", ""),
        scenario("second", "\"openings == 0\""),
    );
    let out = folder.join("out");
    let process = Process::start(&["run", text(&first), text(&second), "--out", text(&out)]);
    // It does so once the first one runs.
    process.handles_signals().await;

    process.signal(Signal::Interrupt);
    let ended = process.ended(LIMIT).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(
        ended.said("0 of 1 of first, 0 of 1 of second"),
        "{ended:#?}"
    );
    assert!(
        ended.said("stopped after 0 of 1 runs of second"),
        "{ended:#?}"
    );
}
