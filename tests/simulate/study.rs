//! The study of coordination: its files, which are the same for any number of threads, and its continuation where it
//! stopped.

use std::fs;
use std::path::Path;
use std::time::Duration;

use end_to_end::{Process, Signal, eventually, read, text};
use serde_json::Value;

use crate::{contents, folder};

/// One scenario under every policy.
fn asked<'a>(out: &'a Path, seeds: &'a str, jobs: &'a str) -> Vec<&'a str> {
    let asked = ["study", "coordination", "--only", "six-bad", "--quiet"];
    let more = ["--seeds", seeds, "--jobs", jobs, "--out", text(out)];
    [&asked[..], &more].concat()
}

#[tokio::test]
async fn a_study_is_laid_out_the_same_for_any_number_of_threads() {
    let folder = folder("study");
    let outs = ["one", "two"].map(|name| folder.join(name));
    for (out, jobs) in outs.iter().zip(["1", "2"]) {
        let ended = Process::run(&asked(out, "2", jobs)).await;
        assert!(ended.status.success(), "{ended:#?}");
        assert!(
            ended.said("9 cells, 2 seeds each, 18 of 18 runs to do"),
            "{ended:#?}"
        );
    }

    let [mut one, mut two] =
        outs.map(|out| contents(&out).into_iter().map(named).collect::<Vec<_>>());
    // Trials are kept in the order in which they end.
    for files in [&mut one, &mut two] {
        for (name, bytes) in files.iter_mut().filter(|(name, _)| name == "trials.jsonl") {
            let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
            lines.sort_unstable();
            *bytes = lines.concat();
            assert!(!name.is_empty());
        }
    }
    assert!(one == two, "the files differ");
    let of = |wanted: &str| {
        let found = one.iter().find(|(name, _)| name == wanted);
        String::from_utf8_lossy(&found.expect(wanted).1).into_owned()
    };
    let page = of("table.md");
    for words in [
        "## What clients get",
        "| scenario | local | advisory | quorum | pooled | any-open | pooled-naive | none | adaptive-throttling | adaptive-throttling-10s |",
        "**`messages_expected`**",
        "| six-bad | ",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(of("study.csv").contains("\r\nmatrix,six-bad,none,goodput,per second,"));
    assert!(of("goodput.svg").starts_with("<svg"));
    let summary: Value = serde_json::from_str(&of("summary.json")).expect("JSON");
    assert_eq!(summary["cells"].as_array().map(Vec::len), Some(9));
    assert_eq!(
        (&summary["trials"], &summary["void"]),
        (&18.into(), &0.into())
    );
}

/// A file by its name alone.
fn named((path, bytes): (std::path::PathBuf, Vec<u8>)) -> (String, Vec<u8>) {
    let name = path.file_name().expect("a file").to_string_lossy();
    (name.into_owned(), bytes)
}

#[tokio::test]
async fn a_study_that_was_ended_keeps_its_table_and_goes_on() {
    let out = folder("study-ended").join("out");
    let process = Process::start(&asked(&out, "40", "2"));
    let trials = out.join("trials.jsonl");
    let some = async || {
        let lines = fs::read_to_string(&trials).ok()?;
        (lines.lines().count() >= 3).then_some(())
    };
    eventually("three trials", some).await;

    process.signal(Signal::Interrupt);
    let ended = process.ended(Duration::from_secs(60)).await;
    let kept = read(&trials).lines().count();
    let page = read(&out.join("table.md"));
    let again = Process::run(&asked(&out, "1", "2")).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(ended.said("the same command with --out"), "{ended:#?}");
    assert!(page.contains("runs are missing"), "{page}");
    assert!(again.status.success(), "{again:#?}");
    let all = read(&trials).lines().count();
    assert!((kept..=kept + 9).contains(&all), "{kept} then {all}");
}

#[tokio::test]
async fn what_cannot_be_studied_is_refused_with_what_to_write() {
    let folder = folder("study-refused");
    let (out, file) = (folder.join("out"), folder.join("sweep.json"));
    fs::write(&file, "{}").expect("a file");
    for (arguments, words) in [
        (&["study"][..], "<STUDY> is missing"),
        (&["study", "coordnation"], "coordination"),
        (&["study", "coordination", "--seeds", "0"], "--seeds: `0`"),
        (
            &["study", "coordination", "--only", "six-bda"],
            "did you mean `six-bad`?",
        ),
        (
            &["study", "coordination", "--out", text(&folder)],
            "holds sweep.json, but no study.json",
        ),
    ] {
        let ended = Process::run(arguments).await;
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {ended:#?}");
        assert!(ended.said(words), "{arguments:?}: {ended:#?}");
    }
    let ended = Process::run(&asked(&out, "1", "2")).await;
    assert!(ended.status.success(), "{ended:#?}");
    let plan = out.join("study.json");
    fs::write(
        &plan,
        read(&plan).replace("\"digest\": \"", "\"digest\": \"0"),
    )
    .expect("a file");
    let other = Process::run(&asked(&out, "1", "2")).await;
    assert_eq!(other.status.code(), Some(2), "{other:#?}");
    assert!(other.said("the digest of the scenarios was"), "{other:#?}");
}

#[tokio::test]
async fn a_folder_belongs_to_one_study_at_a_time() {
    let out = folder("study-in-use").join("out");
    let first = Process::start(&asked(&out, "200", "1"));
    let begun = async || {
        let lines = fs::read_to_string(out.join("trials.jsonl")).ok()?;
        (!lines.is_empty()).then_some(())
    };
    eventually("a trial", begun).await;

    let second = Process::run(&asked(&out, "1", "1")).await;
    first.signal(Signal::Kill);
    first.ended(Duration::from_secs(30)).await;

    assert_eq!(second.status.code(), Some(2), "{second:#?}");
    assert!(
        second.said("another process studies into it"),
        "{second:#?}"
    );
}
