//! A sweep: its files, its continuation where it stopped, and the folder that belongs to one sweep alone.

use std::path::Path;

use end_to_end::{Process, read, repetitions, text};
use serde_json::Value;

use crate::{contents, folder, scenario};

#[tokio::test]
async fn a_sweep_is_laid_out_and_goes_on_where_it_stopped() {
    let folder = folder("sweep");
    let out = folder.join("out");
    let scenario = scenario(&folder, "");
    let with_seeds = async |repeat: &str| {
        let asked = [
            "sweep",
            text(&scenario),
            "--repeat",
            repeat,
            "--out",
            text(&out),
        ];
        let vary = [
            "--vary",
            "breaker.open_for=500ms,2s",
            "--vary",
            "fleet.size=3,10",
        ];
        let ended = Process::run(&[&asked[..], &vary].concat()).await;
        assert!(ended.status.success(), "{ended:#?}");
        let trials = read(&out.join("trials.jsonl"));
        let trials = trials.lines().map(str::to_owned).collect::<Vec<_>>();
        (ended, trials)
    };

    let (_, two) = with_seeds("2").await;
    let (ended, three) = with_seeds("3").await;

    assert_eq!((two.len(), three.len()), (8, 12));
    assert_eq!(three[..8], two[..], "what was done is not done again");
    assert!(ended.said("fleet.size=10"), "{ended:#?}");
    assert!(ended.said("* 2s"), "{ended:#?}");
    assert!(read(&out.join("sweep.csv")).lines().count() > 4);
    assert!(read(&out.join("pareto.svg")).starts_with("<svg"));
    assert_eq!(read(&out.join("scenario.toml")), read(&scenario));
    assert_trial_is_a_simulation(&three, &scenario, &folder.join("one")).await;
}

/// The same settings give what `simulate` gives.
async fn assert_trial_is_a_simulation(trials: &[String], scenario: &Path, out: &Path) {
    let asked = [
        "simulate",
        text(scenario),
        "--out",
        text(out),
        "--instances",
        "10",
    ];
    let ended = Process::run(&[&asked[..], &["--set", "breaker.open_for=2s"]].concat()).await;
    assert!(ended.status.success(), "{ended:#?}");
    let openings = |run: &Value| {
        let instances = run["fleet"]["instances"]
            .as_array()
            .expect("instances")
            .clone();
        let changes = instances
            .into_iter()
            .flat_map(|one| one["transitions"].as_array().cloned().unwrap_or_default());
        changes
            .filter(|change| change[2] == "open" && change[1] != "open")
            .count()
    };
    let trial = trials.iter().find(|line| {
        line.contains("\"2s\"") && line.contains("\"10\"") && line.contains("\"seed\":1,")
    });
    let trial: Value = serde_json::from_str(trial.expect("the trial")).expect("it is JSON");
    let of_trial = trial["figures"]["openings"].as_f64().expect("a figure");
    #[expect(clippy::cast_precision_loss, reason = "few openings")]
    let of_run = openings(&repetitions(out)[0]) as f64;
    assert!((of_trial - of_run).abs() < 0.5, "{trial} {of_run}");
}

#[tokio::test]
async fn a_folder_of_another_sweep_is_refused_and_left_as_it_is() {
    let folder = folder("other-sweep");
    let out = folder.join("out");
    let scenario = scenario(&folder, "");
    let sweep = async |more: &[&str]| {
        let asked = ["sweep", text(&scenario), "--out", text(&out), "--quiet"];
        Process::run(&[&asked[..], more].concat()).await
    };
    let open_for = ["--vary", "breaker.open_for=500ms", "--repeat", "1"];
    assert!(sweep(&open_for).await.status.success());
    let before = contents(&out);

    for more in [
        &["--vary", "breaker.jitter=0,0.1"][..],
        &["--vary", "breaker.open_for=500ms", "--set", "load.rate=91"],
        &["--vary", "breaker.open_for=500ms", "--seed", "7"],
        &["--vary", "breaker.open_for=500ms", "--figure", "flaps"],
    ] {
        let ended = sweep(more).await;

        assert_eq!(ended.status.code(), Some(2), "{more:?}: {ended:#?}");
        let why = "choose another folder with --out";
        assert!(ended.said(why), "{more:?}: {ended:#?}");
        assert_eq!(contents(&out), before, "{more:?}");
    }
}
