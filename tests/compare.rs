//! `compare` shows figures, and says when they must not be believed.

use std::path::Path;

use end_to_end::{Ended, Process};

#[tokio::test]
async fn a_run_that_is_not_valid_is_named_with_status_3_by_run_and_by_compare() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare-invalid");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let scenario = |name: &str, limit: &str| {
        let path = folder.join(format!("{name}.toml"));
        let text = format!(
            "title = \"{name}\"\nduration = \"1s\"\n\
             [load]\nrate = 50\nlateness_limit = \"{limit}\"\n\
             [faults]\nphases = [{{ name = \"calm\" }}]\n"
        );
        std::fs::write(&path, text).expect("the scenario can be written");
        path.to_str().expect("paths of tests are plain").to_owned()
    };
    let out = |name: &str| {
        let path = folder.join(name);
        path.to_str().expect("paths of tests are plain").to_owned()
    };
    let (valid, late) = (out("valid"), out("late"));

    let ran = Process::run(&["run", &scenario("fine", "1h"), "--out", &valid]).await;
    let ran_late = Process::run(&["run", &scenario("late", "1ns"), "--out", &late]).await;
    let compared = Process::run(&["compare", &valid, &late]).await;
    let with_itself = Process::run(&["compare", &valid, &valid]).await;

    assert_eq!(ran.status.code(), Some(0), "{ran:#?}");
    assert_eq!(with_itself.status.code(), Some(0), "{with_itself:#?}");
    for (ended, words) in [(ran_late, ""), (compared, "late, run 1 is not valid: ")] {
        assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
        let why = ended.stderr.last().expect("a reason");
        assert!(
            why.contains(words) && why.contains("lateness_limit = 1ns"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn two_scenarios_take_turns_with_the_same_seeds_and_are_compared() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare-turns");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let text = |path: &Path| path.to_str().expect("paths of tests are plain").to_owned();
    let said = |ended: &Ended, what: &str| {
        let mut lines = ended.stdout.iter().chain(&ended.stderr);
        lines.any(|line| line.contains(what))
    };
    let write = |name: &str, seed: u64, rate: u64| {
        let path = folder.join(format!("{name}.toml"));
        let text = format!(
            "title = \"{name}\"\nseed = {seed}\nduration = \"1s\"\n[load]\nrate = {rate}\nlateness_limit = \"1h\"\n\
             [faults]\nphases = [{{ name = \"calm\" }}]\n"
        );
        std::fs::write(&path, text).expect("the scenario can be written");
        path
    };
    let (few, many) = (write("few", 7, 30), write("many", 1, 90));
    let out = folder.join("out");

    let (few, many, out_text) = (text(&few), text(&many), text(&out));
    let arguments = [
        "run", &few, &many, "--repeat", "2", "--out", &out_text, "--quiet",
    ];
    let ended = Process::run(&arguments).await;

    assert!(ended.status.success(), "{ended:#?}");
    let lines = ended.stdout.iter().map(String::as_str);
    let order: Vec<&str> = lines
        .filter(|line| ["few:", "many:"].contains(line))
        .collect();
    assert_eq!(order, ["few:", "many:", "many:", "few:"], "{ended:#?}");
    for name in ["few", "many"] {
        let bytes = std::fs::read(out.join(name).join("result.json")).expect("there is a result");
        let result: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
        let runs = result["repetitions"].as_array().expect("runs");
        let seeds: Vec<_> = runs.iter().map(|run| run["seed"].clone()).collect();
        assert_eq!(seeds, [7, 8], "{name}");
        assert!(out.join(name).join("scenario.toml").exists(), "{name}");
    }
    assert!(said(&ended, "in 2 pairs of one seed each"), "{ended:#?}");
    assert!(
        said(&ended, "Too few runs: nothing can be marked"),
        "{ended:#?}"
    );
    let table = ended
        .stdout
        .iter()
        .filter(|line| line.starts_with("goodput"));
    assert_eq!(table.count(), 1, "{ended:#?}");

    let with_events = ["run", &few, &many, "--events", "events.csv"];
    let refused = Process::run(&with_events).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
    assert!(
        said(
            &refused,
            "--events events.csv is not allowed with several scenarios"
        ),
        "{refused:#?}"
    );
}
