//! A sweep that is continued by one process at a time, with trials of the same inputs and the same program, each
//! once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{Ended, Process, Signal, eventually, read, text};

use crate::{folder, scenario};

/// A sweep of this scenario into this folder.
fn asked<'a>(scenario: &'a Path, out: &'a Path, repeat: &'a str, vary: &'a str) -> [&'a str; 10] {
    [
        "sweep",
        text(scenario),
        "--jobs",
        "1",
        "--out",
        text(out),
        "--repeat",
        repeat,
        "--vary",
        vary,
    ]
}

const TWO: &str = "breaker.open_for=500ms,2s";

/// A sweep of two settings with two seeds each that has been performed, and its folder.
async fn performed(name: &str) -> (PathBuf, PathBuf) {
    let folder = folder(name);
    let (scenario, out) = (scenario(&folder, ""), folder.join("out"));
    let ended = Process::run(&asked(&scenario, &out, "2", TWO)).await;
    assert!(ended.status.success(), "{ended:#?}");
    (scenario, out)
}

/// The same once more.
async fn again(scenario: &Path, out: &Path) -> Ended {
    Process::run(&asked(scenario, out, "2", TWO)).await
}

fn assert_refused(ended: &Ended, why: &str) {
    assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
    assert!(ended.said(why), "{why}: {ended:#?}");
}

#[tokio::test]
async fn a_folder_belongs_to_one_sweep_at_a_time_and_is_free_when_that_is_gone() {
    let folder = folder("locked");
    let (scenario, out) = (scenario(&folder, ""), folder.join("out"));
    let first = Process::start(&asked(&scenario, &out, "10000", TWO));
    let trials = out.join("trials.jsonl");
    eventually("the first one has trials", async || {
        (fs::metadata(&trials).ok()?.len() > 1000).then_some(())
    })
    .await;

    let second = again(&scenario, &out).await;
    first.signal(Signal::Kill);
    first.ended(Duration::from_secs(30)).await;
    let third = again(&scenario, &out).await;

    assert_refused(&second, "another process sweeps into it");
    assert!(third.status.success(), "{third:#?}");
}

#[tokio::test]
async fn trials_of_other_rates_or_of_another_build_are_not_mixed() {
    let folder = folder("other-inputs");
    let (scenario, out) = (scenario(&folder, ""), folder.join("out"));
    let rates = folder.join("rates.csv");
    fs::write(&rates, "0,90\n").expect("a file");
    let replayed = read(&scenario).replace("rate = 90", "shape = \"replay:rates.csv\"");
    fs::write(&scenario, replayed).expect("a file");
    let ended = again(&scenario, &out).await;
    assert!(ended.status.success(), "{ended:#?}");

    fs::write(&rates, "0,30\n").expect("a file");
    let other_rates = again(&scenario, &out).await;
    fs::write(&rates, "0,90\n").expect("a file");
    let plan = out.join("sweep.json");
    let of_now = read(&plan);
    let line = of_now.lines().find(|line| line.contains("\"commit\""));
    let line = line.expect("the plan says the commit");
    fs::write(
        &plan,
        of_now.replace(line, "  \"commit\": \"0123456789ab\","),
    )
    .expect("a file");
    let other_build = again(&scenario, &out).await;
    fs::write(&plan, of_now).expect("a file");
    let same = again(&scenario, &out).await;

    assert_refused(&other_rates, "rates.csv");
    assert_refused(&other_build, "0123456789ab");
    assert!(same.status.success(), "{same:#?}");
}

#[tokio::test]
async fn a_smaller_sweep_says_what_it_leaves_out() {
    let (scenario, out) = performed("smaller").await;

    let fewer = Process::run(&asked(&scenario, &out, "1", "breaker.open_for=2s")).await;
    let all = again(&scenario, &out).await;

    assert!(fewer.status.success(), "{fewer:#?}");
    assert!(
        fewer.said("3 trials of other values or seeds"),
        "{fewer:#?}"
    );
    assert!(
        all.status.success() && !all.said("other values or seeds"),
        "{all:#?}"
    );
    assert_eq!(read(&out.join("sweep.csv")).lines().count(), 3);
}

#[tokio::test]
async fn a_trial_that_is_there_twice_counts_once_and_two_that_differ_are_refused() {
    let (scenario, out) = performed("twice").await;
    let trials = out.join("trials.jsonl");
    let (table, lines) = (read(&out.join("sweep.csv")), read(&trials));
    let first = lines.lines().next().expect("a trial");

    fs::write(&trials, format!("{lines}{first}\n")).expect("a file");
    let same = again(&scenario, &out).await;
    let counted = read(&out.join("sweep.csv"));
    let other = first.replace("\"failed\":0", "\"failed\":1");
    fs::write(&trials, format!("{lines}{other}\n")).expect("a file");
    let differs = again(&scenario, &out).await;

    assert!(same.status.success(), "{same:#?}");
    assert_eq!(counted, table);
    assert_refused(
        &differs,
        "line 5: it differs from an earlier line for the same trial",
    );
}

#[tokio::test]
async fn a_torn_line_is_performed_again_and_a_broken_one_is_refused_whatever_its_bytes() {
    let (scenario, out) = performed("torn").await;
    let trials = out.join("trials.jsonl");
    let lines = fs::read(&trials).expect("a file");

    fs::write(&trials, [&lines[..lines.len() - 9], &[0xc3]].concat()).expect("a file");
    let torn = again(&scenario, &out).await;
    let mended = fs::read(&trials).expect("a file");
    fs::write(&trials, [&lines[..], &[0xc3, b'\n']].concat()).expect("a file");
    let broken = again(&scenario, &out).await;

    assert!(torn.status.success(), "{torn:#?}");
    assert_eq!(mended, lines);
    assert_refused(&broken, "line 5: it is not UTF-8 text");
}

#[tokio::test]
async fn another_flag_than_the_sweep_was_begun_with_is_named() {
    let (scenario, out) = performed("flags").await;

    let asked = asked(&scenario, &out, "2", TWO);
    let ended = Process::run(&[&asked[..], &["--seed", "9"]].concat()).await;

    assert_refused(
        &ended,
        "started with no --seed and no --set and is now given --seed 9",
    );
}
