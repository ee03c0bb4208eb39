//! Scenarios in virtual time: judged and kept like live runs, the same for any number of jobs, and swept.

mod events;
mod going_on;
mod kept;
mod live;
mod study;
mod sweep;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{Process, Signal, empty_folder, eventually, read, repetitions, text};

/// A folder of this test alone, empty at the start.
fn folder(name: &str) -> PathBuf {
    empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("simulate-{name}"))
}

/// An outage of two seconds, with these expectations.
fn scenario(folder: &Path, expectations: &str) -> PathBuf {
    let path = folder.join("outage.toml");
    let content = format!(
        r#"# An outage and what comes of it.
title = "a short outage"
duration = "10s" # of virtual time
expectations = [{expectations}]

[breaker]
open_for = "500ms"

[load]
rate = 90
lateness_limit = "30s"

[faults]
phases = [
  {{ name = "calm", for = "4s" }},
  {{ name = "outage", for = "2s", failure_ratio = 1 }},
  {{ name = "calm again" }},
]
"#
    );
    fs::write(&path, content).expect("the scenario can be written");
    path
}

/// All files of a folder, by name, with what they hold.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).expect("the folder can be listed");
    let files = files.map(|file| file.expect("it can be listed").path());
    let bytes = |path: &PathBuf| fs::read(path).expect("it can be read");
    files.map(|path| (path.clone(), bytes(&path))).collect()
}

const HELD: &str = r#""openings >= 3", "fast_fail_ratio(phase=outage) > 0.3""#;

#[tokio::test]
async fn a_simulated_run_is_judged_and_kept_like_a_live_one() {
    let folder = folder("kept");
    let out = folder.join("out");
    let scenario = scenario(&folder, HELD);

    let ended = Process::run(&["simulate", text(&scenario), "--out", text(&out)]).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert!(ended.said("[held]   openings >= 3"), "{ended:#?}");
    assert_eq!(read(&out.join("scenario.toml")), read(&scenario));
    let run = repetitions(&out).remove(0);
    assert_eq!(
        (run["performer"].as_str(), run["cut_short"].as_bool()),
        (Some("simulated"), Some(false))
    );
    let compared = Process::run(&["compare", text(&out), text(&out)]).await;
    assert!(compared.status.success(), "{compared:#?}");
}

#[tokio::test]
async fn what_does_not_hold_is_exit_status_1_with_each_seed_named() {
    let folder = folder("failed");
    let out = folder.join("out");
    let scenario = scenario(&folder, r#""openings == 0""#);

    let arguments = [
        "simulate",
        text(&scenario),
        "--repeat",
        "3",
        "--out",
        text(&out),
    ];
    let ended = Process::run(&arguments).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(
        ended.said("run 3 of 3, seed 3: 0 of 1 expectations held"),
        "{ended:#?}"
    );
    assert!(ended.said("3 expectations did not hold"), "{ended:#?}");
    assert_eq!(repetitions(&out).len(), 3);
}

#[tokio::test]
async fn the_same_seeds_give_the_same_runs_for_any_number_of_jobs() {
    let folder = folder("jobs");
    let scenario = scenario(&folder, HELD);
    let with_jobs = async |jobs: &str| {
        let out = folder.join(jobs);
        let asked = ["simulate", text(&scenario), "--seed", "7", "--repeat", "4"];
        let asked = [&asked[..], &["--jobs", jobs, "--out", text(&out)]].concat();
        let ended = Process::run(&asked).await;
        assert!(ended.status.success(), "{ended:#?}");
        repetitions(&out)
    };

    let one = with_jobs("1").await;
    let many = with_jobs("3").await;

    assert_eq!(one, many);
    let seeds: Vec<_> = one.iter().map(|run| run["seed"].clone()).collect();
    assert_eq!(seeds, [7, 8, 9, 10]);
    let digests: Vec<_> = one.iter().map(|run| run["digest"].to_string()).collect();
    assert!(
        digests[0].len() > 8 && digests[0] != digests[1],
        "{digests:?}"
    );
}

#[tokio::test]
async fn what_was_set_is_kept_in_a_file_that_gives_the_same_run() {
    let folder = folder("set");
    let scenario = scenario(&folder, HELD);
    let (out, again) = (folder.join("out"), folder.join("again"));
    let asked = [
        "simulate",
        text(&scenario),
        "--instances",
        "20",
        "--seed",
        "5",
        "--out",
        text(&out),
    ];
    let sets = [
        "--set",
        "breaker.open_for=2s",
        "--set",
        "faults.phases.outage.for=3s",
    ];
    let ended = Process::run(&[&asked[..], &sets, &["--set", "load.rate=600/s"]].concat()).await;
    assert!(ended.status.success(), "{ended:#?}");
    let kept = out.join("scenario.toml");

    let ended = Process::run(&["simulate", text(&kept), "--out", text(&again)]).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert_eq!(repetitions(&out), repetitions(&again));
    let kept = read(&kept);
    for line in [
        "# Run with --seed 5\n",
        "# Run with --set fleet.size=20\n",
        "# Run with --set breaker.open_for=2s\n",
        "duration = \"10s\" # of virtual time\n",
        "open_for = \"2s\"\n",
        "rate = \"600/s\"\n",
        "for = \"3s\", failure_ratio = 1",
    ] {
        assert!(kept.contains(line), "{line}: {kept}");
    }
    let names = repetitions(&out)[0]["fleet"]["instances"]
        .as_array()
        .expect("instances")
        .len();
    assert_eq!(names, 20);
}

#[tokio::test]
async fn each_call_and_each_transition_is_a_row_of_the_event_table() {
    let folder = folder("events");
    let scenario = scenario(&folder, HELD);
    let (out, table) = (folder.join("out"), folder.join("events.csv"));
    let asked = ["simulate", text(&scenario), "--repeat", "2"];
    let asked = [&asked[..], &["--out", text(&out), "--events", text(&table)]].concat();

    let ended = Process::run(&asked).await;

    assert!(ended.status.success(), "{ended:#?}");
    let rows = read(&table);
    let mut rows = rows.lines();
    assert!(
        rows.next()
            .expect("a head")
            .starts_with("kind,seed,instance,planned_s")
    );
    let rows: Vec<&str> = rows.collect();
    for run in repetitions(&out) {
        let count = |kind: &str| {
            let head = format!("{kind},{},", run["seed"]);
            rows.iter().filter(|row| row.starts_with(&head)).count() as u64
        };
        assert_eq!(
            Some(count("call")),
            run["load"]["planned"].as_u64(),
            "{}",
            run["load"]
        );
        let instances = run["fleet"]["instances"].as_array().expect("instances");
        let transitions = instances
            .iter()
            .map(|one| one["transitions"].as_array().map_or(0, Vec::len));
        assert_eq!(count("transition"), transitions.sum::<usize>() as u64);
        assert!(count("transition") > 5);
    }
    let files = fs::read_dir(&folder).expect("a folder");
    assert_eq!(files.count(), 3, "no draft is left");
}

#[tokio::test]
async fn ctrl_c_ends_a_simulation_and_keeps_the_runs_that_have_ended() {
    let folder = folder("cut");
    let out = folder.join("out");
    let scenario = scenario(&folder, HELD);
    let asked = [
        "simulate",
        text(&scenario),
        "--repeat",
        "10000",
        "--jobs",
        "1",
    ];
    let process = Process::start(&[&asked[..], &["--out", text(&out)]].concat());
    eventually("some runs have ended", async || {
        let lines = process.log();
        lines
            .iter()
            .any(|line| line.contains("of 10000 runs"))
            .then_some(())
    })
    .await;

    process.signal(Signal::Interrupt);
    let ended = process.ended(Duration::from_secs(30)).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let why = ended.stderr.last().expect("a reason");
    assert!(why.contains("of 10000 runs"), "{why}");
    let runs = repetitions(&out);
    assert!((1..10_000).contains(&runs.len()), "{}", runs.len());
    assert!(runs.iter().all(|run| run["cut_short"] == false));
}

#[tokio::test]
async fn a_folder_with_a_result_is_left_as_it_is() {
    let folder = folder("never-overwritten");
    let scenario = scenario(&folder, "");
    let out = folder.join("out");
    let asked = ["simulate", text(&scenario), "--out", text(&out)];
    assert!(Process::run(&asked).await.status.success());
    let before = contents(&out);

    let again = Process::run(&asked).await;
    let sweep = ["sweep", text(&scenario), "--vary", "load.rate=90,180"];
    let swept = Process::run(&[&sweep[..], &["--out", text(&out)]].concat()).await;

    for refused in [again, swept] {
        assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
        assert!(refused.said("--out"), "{refused:#?}");
    }
    assert_eq!(contents(&out), before);
}
