//! Experiments in files: they are run, judged, kept and compared, and mistakes are found before anything starts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{Process, Signal, empty_folder, eventually, read, repository, result, text};

/// A folder of this test alone, empty at the start.
fn folder(name: &str) -> PathBuf {
    empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("experiments-{name}"))
}

/// A short outage, with these expectations.
fn scenario(folder: &Path, duration: &str, expectations: &str) -> PathBuf {
    let path = folder.join("short.toml");
    let content = format!(
        r#"
title = "a short outage"
duration = "{duration}"
expectations = [{expectations}]

[breaker]
consecutive_failures = 3
open_for = "200ms"

[load]
rate = 200
lateness_limit = "30s"

[faults]
phases = [
  {{ name = "calm", for_ms = 500 }},
  {{ name = "outage", for_ms = 800, failure_ratio = 1 }},
  {{ name = "calm again" }},
]
"#
    );
    std::fs::write(&path, content).expect("the scenario can be written");
    path
}

#[tokio::test]
async fn a_run_is_judged_and_leaves_what_is_needed_to_compute_it_again() {
    let folder = folder("kept");
    let out = folder.join("out");
    let expected = r#""openings >= 3", "fast_fail_ratio(phase=outage) > 0.1",
        "ok_ratio(A, phase=calm) > 0.5", "every instance closed within 30 s of recovery""#;
    let scenario = scenario(&folder, "3s", expected);

    let ended = Process::run(&["run", text(&scenario), "--out", text(&out)]).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert!(ended.said("[held]   openings >= 3"), "{ended:#?}");
    assert_eq!(read(&out.join("scenario.toml")), read(&scenario));
    let result = result(&out);
    assert_eq!(result["schema"], "breaker-lab-result/3");
    let run = &result["repetitions"][0];
    assert_eq!(run["cut_short"], false);
    let phases = run["fleet"]["phases"].as_array().expect("phases");
    let names: Vec<_> = phases.iter().map(|phase| &phase["name"]).collect();
    assert_eq!(names, ["calm", "outage", "calm again"]);
    let truth = run["fleet"]["truths"][0].as_array().expect("steps");
    let truth: Vec<_> = truth.iter().map(|step| step[1].as_f64()).collect();
    assert_eq!(truth, [Some(0.0), Some(1.0), Some(0.0)]);
    for instance in run["fleet"]["instances"].as_array().expect("instances") {
        let phases = instance["calls"].as_array().expect("a row for each phase");
        let sum = |place: usize| -> u64 {
            let each = phases.iter();
            each.map(|row| row[place].as_u64().expect("a count")).sum()
        };
        assert_eq!(sum(0), instance["downstream_calls"], "{instance}");
        assert!(sum(1) > 0, "{instance}");
        // In the outage everything fails: what was permitted was wasted, and nothing rejected wrongly.
        let outage: Vec<_> = (0..4).map(|place| phases[1][place].as_f64()).collect();
        assert_eq!((outage[2], outage[3]), (outage[0], Some(0.0)), "{instance}");
    }
}

#[tokio::test]
async fn the_truth_of_an_instance_is_what_its_own_patience_makes_of_the_answers() {
    let folder = folder("patience");
    let path = folder.join("patience.toml");
    let content = r#"
title = "answers of 200 ms, and an instance that waits 100"
duration = "3s"
expectations = [
  "unhealthy_share(A) < 1 %",
  "unhealthy_share(B) > 99 %",
  "wrongly_open_share(B) < 1 %",
  "closed_share(A) > 99 %",
  "open_share(B) > 1 %",
]

[fleet]
call_timeout = "20s"

[instance.B]
call_timeout = "100ms"

[load]
rate = 60
timeout = "30s"
lateness_limit = "30s"

[faults]
base.delay.fixed = { ms = 200 }
"#;
    std::fs::write(&path, content).expect("the scenario can be written");

    let out = folder.join("out");
    let ended = Process::run(&["run", text(&path), "--out", text(&out), "--quiet"]).await;

    assert!(ended.status.success(), "{ended:#?}");
}

#[tokio::test]
async fn an_expectation_that_does_not_hold_is_exit_status_1_and_the_result_is_kept() {
    let folder = folder("failed");
    let out = folder.join("out");
    let scenario = scenario(&folder, "1s", r#""openings == 77""#);

    let ended = Process::run(&["run", text(&scenario), "--out", text(&out), "--quiet"]).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(ended.said("[failed] openings == 77"), "{ended:#?}");
    assert_eq!(result(&out)["repetitions"][0]["verdicts"][0]["held"], false);
}

#[tokio::test]
async fn repetitions_have_seeds_of_their_own_and_are_compared_with_their_spread() {
    let folder = folder("repeated");
    let outs = ["one", "two"].map(|name| folder.join(name));
    let scenario = scenario(&folder, "1s", r#""planned > 50""#);
    for out in &outs {
        let arguments = ["run", text(&scenario), "--repeat", "3", "--out", text(out)];
        let ended = Process::run(&arguments).await;
        assert!(ended.status.success(), "{ended:#?}");
        assert!(
            ended.said("run 3 of 3, seed 3: 1 of 1 expectations held"),
            "{ended:#?}"
        );
    }

    let arguments = [
        "compare",
        text(&outs[0]),
        text(&outs[1]),
        "--figure",
        "planned",
    ];
    let ended = Process::run(&arguments).await;

    let seeds = result(&outs[0])["repetitions"]
        .as_array()
        .expect("runs")
        .clone();
    let seeds: Vec<_> = seeds.iter().map(|run| run["seed"].clone()).collect();
    assert_eq!(seeds, [1, 2, 3]);
    let row = ended.stdout.iter().find(|line| line.starts_with("planned"));
    let row = row.unwrap_or_else(|| panic!("{ended:#?}"));
    // The plan is a function of the seeds: two runs of them plan the same.
    let (_, cells) = row.split_once("planned").expect("its name");
    let cells: Vec<_> = cells
        .split("  ")
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    assert_eq!(cells.len(), 3, "{row}");
    assert_eq!(cells[0], cells[1], "{row}");
    assert_eq!(cells[2], "the same in all", "{row}");
    assert!(ended.said("in 3 pairs of one seed each"), "{ended:#?}");
}

#[tokio::test]
async fn ctrl_c_leaves_a_result_that_says_it_was_cut_short() {
    let folder = folder("cut");
    let out = folder.join("out");
    let scenario = scenario(&folder, "10m", "");
    let process = Process::start(&["run", text(&scenario), "--out", text(&out)]);
    eventually("the run is under way", async || {
        process
            .lines()
            .iter()
            .any(|line| line.contains("calls"))
            .then_some(())
    })
    .await;

    process.signal(Signal::Interrupt);
    let ended = process.ended(Duration::from_secs(30)).await;

    assert!(ended.status.success(), "{ended:#?}");
    let result = result(&out);
    assert_eq!(result["repetitions"][0]["cut_short"], true);
    assert!(ended.said("cut short"), "{ended:#?}");
}

/// A scenario with nothing wrong in it.
const GOOD: &str = "title = \"t\"\nduration = \"1s\"\n[faults]\nphases = [{ name = \"p\" }]\n";

#[tokio::test]
async fn what_is_wrong_is_found_before_anything_starts() {
    let folder = folder("wrong");
    let file = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("it can be written");
        path
    };
    for (name, content, wrong) in [
        (
            "key.toml",
            "titel = \"t\"\n",
            "key.toml:1:1: unknown key `titel`; did you mean `title`?",
        ),
        (
            "deep.toml",
            &format!("{GOOD}[breaker]\nopen_fro = \"1s\"\n"),
            "deep.toml:6:1: breaker: unknown key `open_fro`; did you mean `open_for`?",
        ),
        (
            "figure.toml",
            &GOOD.replace("[faults]", "expectations = [\"flapps > 1\"]\n[faults]"),
            "did you mean `flaps`?",
        ),
        (
            "phase.toml",
            &GOOD.replace(
                "[faults]",
                "expectations = [\"ok_ratio(phase=q) > 0.1\"]\n[faults]",
            ),
            "there is no phase `q`; there are p, rest",
        ),
        (
            "instance.toml",
            &format!("{GOOD}[instance.D]\ncall_timeout = \"1s\"\n"),
            "instance.D: there is no such instance; there are A, B, C",
        ),
        (
            "breaker.toml",
            &format!("{GOOD}[breaker]\nopen_for = \"0s\"\n"),
            "breaker of instance A: open_for",
        ),
    ] {
        let out = folder.join(format!("{name}.out"));
        let path = file(name, content);
        let ended = Process::run(&["run", text(&path), "--out", text(&out)]).await;

        assert_eq!(ended.status.code(), Some(2), "{name}: {ended:#?}");
        assert!(ended.said(wrong), "{name}: {ended:#?}");
        assert!(!out.exists(), "{name} left something");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_and_a_scenario_that_is_not_there_are_found_before_anything_starts()
{
    let path = folder("unmade").join("good.toml");
    std::fs::write(&path, GOOD).expect("it can be written");
    for out in [
        path.join("below-a-file"),
        Path::new("/proc/nowhere").to_owned(),
    ] {
        let ended = Process::run(&["run", text(&path), "--out", text(&out)]).await;
        assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
        assert!(ended.said("choose another folder with --out"), "{ended:#?}");
    }
    let ended = Process::run(&["run", "flaping"]).await;
    assert!(ended.said("did you mean `flapping`?"), "{ended:#?}");
}

#[tokio::test]
async fn a_result_is_never_overwritten() {
    let folder = folder("twice");
    let scenario = scenario(&folder, "1s", "");
    std::fs::write(folder.join("result.json"), "{}").expect("it can be written");

    let ended = Process::run(&["run", text(&scenario), "--out", text(&folder)]).await;

    assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
    assert!(ended.said("already holds a result"), "{ended:#?}");
    let ended = Process::run(&["compare", text(&folder)]).await;
    assert!(ended.said("schema: none is not allowed"), "{ended:#?}");
}

#[tokio::test]
async fn every_shipped_scenario_is_listed_valid_and_printed_as_its_file() {
    let listed = Process::run(&["scenarios"]).await.stdout;
    let names: Vec<&str> = listed
        .iter()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() >= 13, "{listed:#?}");
    for name in names {
        let folder = repository().join("scenarios");
        let file = folder.join(format!("{name}.toml"));
        let folders = ["coordination", "gedcb"].map(|within| folder.join(within));
        let others = folders.map(|folder| folder.join(format!("{name}.toml")));
        let file = others.into_iter().find(|it| it.is_file()).unwrap_or(file);
        let written = std::fs::read_to_string(&file).expect("it is a file");
        let printed = Process::run(&["scenarios", name]).await.stdout.join("\n");
        assert_eq!(printed.trim_end(), written.trim_end());
        let ended = Process::run(&["run", name, "--check"]).await;
        let said = match name {
            "herd" => "not allowed in a live run",
            "prober-crash" | "rolling-restart" => "cannot pause or restart",
            "sick-clock" | "scale-in" | "gossip-split" => "only in virtual time",
            _ => "valid: ",
        };
        assert!(ended.said(said), "{name}: {ended:#?}");
        assert_eq!(ended.status.success(), said == "valid: ", "{ended:#?}");
    }
}

#[tokio::test]
async fn a_fleet_that_an_operator_has_opened_is_open_from_the_start() {
    let folder = folder("operated");
    let path = scenario(
        &folder,
        "1s",
        r#""open_share(A) > 0.99", "state_divergence_share > 0.9", "fast_fail_ratio(A) == 1""#,
    );
    let text_of = std::fs::read_to_string(&path).expect("it is there");
    let operated = format!("{text_of}\n[instance.A]\nmode = \"forced_open\"\n");
    std::fs::write(&path, operated).expect("it can be written");

    let ended = Process::run(&["run", text(&path), "--out", text(&folder.join("out"))]).await;

    assert!(ended.status.success(), "{ended:#?}");
}

#[tokio::test]
async fn a_plan_that_loops_and_a_replayed_rate_can_be_a_scenario() {
    let folder = folder("loops");
    std::fs::write(folder.join("rates.csv"), "seconds,rate\n0,300\n1,300\n").expect("written");
    let path = folder.join("loops.toml");
    let content = r#"
title = "up and down"
duration = "1s"
expectations = ["planned > 200", "ok_ratio(phase=down) < 0.5", "ok_ratio(phase=up) > 0.5"]

[fleet]
mode = "disabled"

[load]
shape = "replay:rates.csv"
lateness_limit = "30s"

[faults]
loop = true
phases = [{ name = "up", for_ms = 200 }, { name = "down", for_ms = 200, failure_ratio = 1 }]
"#;
    std::fs::write(&path, content).expect("written");
    let out = folder.join("out");

    let ended = Process::run(&["run", text(&path), "--out", text(&out), "--seed", "7"]).await;

    let kept = std::fs::read_to_string(out.join("scenario.toml")).expect("kept");
    assert!(kept.starts_with("# Run with --seed 7"), "{kept}");
    let verdicts = result(&out)["repetitions"][0]["verdicts"].clone();
    for verdict in verdicts.as_array().expect("verdicts") {
        assert_eq!(verdict["held"], true, "{ended:#?}");
    }
}

#[tokio::test]
async fn a_run_that_was_cut_short_passes_neither_here_nor_in_a_comparison() {
    let folder = folder("cut-expected");
    let out = folder.join("out");
    let scenario = scenario(&folder, "10m", "\"ok_ratio >= 0\"");
    let process = Process::start(&["run", text(&scenario), "--out", text(&out)]);
    eventually("the run is under way", async || {
        let lines = process.lines();
        lines.iter().any(|it| it.contains("calls")).then_some(())
    })
    .await;

    process.signal(Signal::Interrupt);
    let ended = process.ended(Duration::from_secs(30)).await;
    let compared = Process::run(&["compare", text(&out), text(&out)]).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let why = ended.stderr.last().expect("a reason");
    assert!(why.contains("a run was stopped before its end"), "{why}");
    assert_eq!(compared.status.code(), Some(1), "{compared:#?}");
    let why = compared.stderr.last().expect("a reason");
    assert!(why.contains("run 1 was stopped after"), "{why}");
    assert!(compared.stdout.iter().any(|it| it.starts_with("ok_p50")));
}
