//! Results of simulations that ended early, and where they lie.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use end_to_end::{Process, Signal, binary, eventually, read, repetitions, text};
use tokio::process::Command;

use crate::{HELD, folder, scenario};

/// A simulation that takes long, of which some runs have been kept.
async fn begun(scenario: &Path, out: &Path) -> Process {
    let asked = [
        "simulate",
        text(scenario),
        "--repeat",
        "10000",
        "--jobs",
        "1",
    ];
    let process = Process::start(&[&asked[..], &["--out", text(out)]].concat());
    eventually("some runs are kept", async || {
        let kept = std::fs::read_to_string(out.join("result.json")).ok()?;
        kept.contains("\"seed\":2,").then_some(())
    })
    .await;
    process
}

#[tokio::test]
async fn a_simulation_that_is_killed_keeps_the_runs_that_have_ended() {
    let folder = folder("killed");
    let out = folder.join("out");
    let process = begun(&scenario(&folder, HELD), &out).await;

    process.signal(Signal::Kill);
    process.ended(Duration::from_secs(30)).await;

    assert!(repetitions(&out).len() >= 2);
    let compared = Process::run(&["compare", text(&out)]).await;
    assert!(compared.status.success(), "{compared:#?}");
}

#[tokio::test]
async fn a_simulation_that_was_ended_says_so_also_without_expectations() {
    let folder = folder("ended");
    let out = folder.join("out");
    let process = begun(&scenario(&folder, ""), &out).await;

    process.signal(Signal::Interrupt);
    let ended = process.ended(Duration::from_secs(30)).await;

    assert_eq!(ended.status.code(), Some(0), "{ended:#?}");
    let done = repetitions(&out).len();
    assert!(
        ended.said(&format!("stopped after {done} of 10000 runs")),
        "{ended:#?}"
    );
}

#[tokio::test]
async fn simulations_that_start_at_once_have_folders_of_their_own() {
    let folder = folder("at-once");
    let seeds: Vec<String> = (100..108).map(|seed| seed.to_string()).collect();
    let started = seeds.iter().map(|seed| {
        let mut command = Command::new(binary());
        command.args(["simulate", "fast-fail", "--quiet", "--seed", seed]);
        command.current_dir(&folder);
        Process::start_other(command, "the lab is built")
    });
    for process in started.collect::<Vec<_>>() {
        let ended = process.ended(Duration::from_secs(60)).await;
        assert_eq!(ended.status.code(), Some(0), "{ended:#?}");
    }

    let runs = std::fs::read_dir(folder.join("runs")).expect("a folder");
    let kept: BTreeSet<String> = runs
        .flat_map(|run| repetitions(&run.expect("a run").path()))
        .map(|run| run["seed"].to_string())
        .collect();
    assert_eq!(kept, seeds.into_iter().collect());
}

#[tokio::test]
async fn one_folder_takes_one_of_two_simulations() {
    let folder = folder("one-folder");
    let scenario = scenario(&folder, HELD);
    let out = folder.join("out");
    let started =
        (0..4).map(|_| Process::start(&["simulate", text(&scenario), "--out", text(&out)]));
    let mut statuses = Vec::new();
    for process in started.collect::<Vec<_>>() {
        let ended = process.ended(Duration::from_secs(60)).await;
        let refused = ended.said("choose another folder with --out");
        assert_eq!(ended.status.success(), !refused, "{ended:#?}");
        statuses.push(ended.status.code());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(0), Some(2), Some(2), Some(2)]);
}

#[tokio::test]
async fn a_seed_of_any_size_is_kept_in_a_file_that_gives_the_same_run() {
    let folder = folder("large-seed");
    let scenario = scenario(&folder, HELD);
    let seed = u64::MAX.to_string();
    for (name, flags) in [
        ("flag", ["--seed", &seed]),
        ("set", ["--set", &format!("seed={seed}")]),
    ] {
        let (out, again) = (folder.join(name), folder.join(format!("{name}-again")));
        let asked = ["simulate", text(&scenario), "--out", text(&out)];
        let ended = Process::run(&[&asked[..], &flags].concat()).await;
        assert!(ended.status.success(), "{ended:#?}");
        assert_eq!(repetitions(&out)[0]["seed"].to_string(), seed);

        let kept = out.join("scenario.toml");
        let asked = ["simulate", text(&kept), "--out", text(&again)];
        let ended = Process::run(&[&asked[..], &["--set", "load.rate=90"]].concat()).await;

        assert!(ended.status.success(), "{}: {ended:#?}", read(&kept));
        assert_eq!(repetitions(&out), repetitions(&again));
    }
}
