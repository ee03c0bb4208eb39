//! The command `report`, which writes what a folder of results contains, replaces only its own files, and says what
//! it cannot read.

use std::fs;
use std::path::{Path, PathBuf};

use end_to_end::{Ended, Process, empty_folder, read, repository, result, text};

/// A folder of this test alone, with a result of one run in `out`.
async fn simulated(name: &str) -> PathBuf {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("report-of-{name}"));
    let out = folder.join("out");
    let ended = Process::run(&["simulate", "flapping", "--quiet", "--out", text(&out)]).await;
    assert!(ended.status.success(), "{ended:#?}");
    let said = format!("report in {}", out.join("report.html").display());
    assert!(ended.said(&said), "{ended:#?}");
    out
}

fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
    let why = ended.stderr.last().expect("a reason");
    for word in words {
        assert!(why.contains(word), "{word}: {why}");
    }
}

async fn report(of: &Path) -> Ended {
    Process::run(&["report", text(of)]).await
}

#[tokio::test]
async fn a_report_can_be_written_again_and_elsewhere_and_is_the_same() {
    let out = simulated("again").await;
    let first = read(&out.join("report.html"));
    for name in ["report.md", "timeline.svg"] {
        assert!(read(&out.join(name)).starts_with("<!-- breaker-lab report -->"));
    }
    fs::remove_file(out.join("report.html")).expect("it can be removed");

    let again = report(&out).await;
    let of_file = report(&out.join("result.json")).await;
    let elsewhere = out.join("sent.html");
    let asked = ["report", text(&out), "--out", text(&elsewhere)];
    let sent = Process::run(&asked).await;

    for ended in [again, of_file, sent] {
        assert!(ended.status.success(), "{ended:#?}");
    }
    assert_eq!(read(&out.join("report.html")), first);
    assert_eq!(read(&elsewhere), first);
}

#[tokio::test]
async fn a_report_takes_the_place_of_reports_alone() {
    let out = simulated("own").await;
    for name in ["report.html", "report.md", "timeline.svg"] {
        let path = out.join(name);
        let written = read(&path);
        fs::write(&path, "mine").expect("it can be written");

        let ended = report(&out).await;

        refused(
            &ended,
            &[name, "not a report of breaker-lab", "move it away"],
        );
        assert_eq!(read(&path), "mine");
        fs::write(&path, written).expect("it can be written");
    }
    assert!(report(&out).await.status.success());
}

#[tokio::test]
async fn what_cannot_be_read_is_named_with_what_to_do() {
    let out = simulated("broken").await;
    let path = out.join("result.json");
    let whole = read(&path);
    let broken = |content: &str| fs::write(&path, content).expect("it can be written");

    let nowhere = out.join("nowhere");
    refused(
        &report(&nowhere).await,
        &["cannot read", "nowhere", "such as runs/flapping-1"],
    );

    broken(&whole[..whole.len() / 2]);
    refused(
        &report(&out).await,
        &["result.json", "line 1", "is not JSON"],
    );
    broken(&whole.replacen("breaker-lab-result/3", "breaker-lab-result/4", 1));
    refused(
        &report(&out).await,
        &[
            "schema: breaker-lab-result/4",
            "newer version of the lab",
            "reads breaker-lab-result/3",
        ],
    );
    broken(&whole.replacen("breaker-lab-result/3", "breaker-lab/result/1", 1));
    refused(
        &report(&out).await,
        &["schema: breaker-lab/result/1", "run the scenario again"],
    );

    fs::remove_file(&path).expect("it can be removed");
    refused(
        &report(&out).await,
        &["cannot read", "result.json", "such as runs/flapping-1"],
    );
}

#[tokio::test]
async fn a_failed_run_and_one_without_its_scenario_have_a_report_too() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "report-of-failed");
    let out = folder.join("out");
    let set = "expectations=[\"ok_ratio > 0.999\"]";
    let ended = Process::run(&["simulate", "flapping", "--set", set, "--out", text(&out)]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let html = read(&out.join("report.html"));
    assert!(
        html.contains("data-verdict=\"failed\"") && html.contains("The expectation did not hold.")
    );

    fs::remove_file(out.join("scenario.toml")).expect("it can be removed");
    assert!(report(&out).await.status.success());
    assert!(read(&out.join("report.html")).contains("The folder has no scenario.toml."));
}

/// A report without the part that says on what, and when, it was made: that differs from machine to machine.
fn told(report: &Path) -> String {
    let html = read(report);
    let (before, made) = html
        .split_once("<section class=\"made\">")
        .expect("it says how it was made");
    let (_, after) = made.split_once("</section>").expect("that ends");
    format!("{before}{after}")
}

/// The same of its Markdown: the line of the program and the machine is left out.
fn told_in_words(report: &Path) -> Vec<String> {
    let text = read(report);
    let lines = text.lines().filter(|line| !line.contains(". breaker-lab "));
    lines.map(str::to_owned).collect()
}

/// Everything of them: what they draw, and the modules and the style by which they do.
#[tokio::test]
async fn the_examples_of_the_docs_are_what_the_same_scenarios_give_now() {
    let again = "make the examples again with scripts/examples.sh";
    for name in ["flapping", "total-outage"] {
        let folder = empty_folder(
            env!("CARGO_TARGET_TMPDIR"),
            &format!("report-example-{name}"),
        );
        let out = folder.join("out");
        let asked = ["simulate", name, "--seed", "1", "--quiet", "--out"];
        let ended = Process::run(&[&asked[..], &[text(&out)]].concat()).await;
        assert!(ended.status.success(), "{ended:#?}");

        let kept = repository().join("docs/examples").join(name);

        let [old, new] = [&kept, &out].map(|folder| told(&folder.join("report.html")));
        // Too long to be printed.
        assert!(old == new, "{name}/report.html: {again}");
        let [old, new] = [&kept, &out].map(|folder| told_in_words(&folder.join("report.md")));
        assert_eq!(old, new, "{name}/report.md: {again}");
        let [old, new] = [&kept, &out].map(|folder| read(&folder.join("timeline.svg")));
        assert!(old == new, "{name}/timeline.svg: {again}");
    }
}

/// What the version before has left has no course and no orders, and is read all the same.
#[tokio::test]
async fn a_result_of_the_version_before_has_a_report_without_what_it_lacks() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "report-of-before");
    let out = folder.join("out");
    let asked = ["simulate", "total-outage", "--quiet", "--out", text(&out)];
    let ended = Process::run(&asked).await;
    assert!(ended.status.success(), "{ended:#?}");
    let mut result = result(&out);
    result["schema"] = "breaker-lab-result/2".into();
    let record = result["repetitions"][0]["coordination"].as_object_mut();
    let course = record.expect("they decide together").remove("course");
    assert!(course.is_some());
    let path = out.join("result.json");
    fs::write(&path, result.to_string()).expect("it can be written");

    let again = report(&out).await;
    let compared = Process::run(&["compare", text(&out)]).await;

    assert!(again.status.success(), "{again:#?}");
    assert!(compared.status.success(), "{compared:#?}");
    let html = read(&out.join("report.html"));
    assert!(html.contains("This result is of an earlier version of the lab"));
    assert!(!html.contains("What operators did"));
    let markdown = read(&out.join("report.md"));
    assert!(
        !markdown.contains("What happened in the fleet"),
        "{markdown}"
    );
    assert!(
        markdown.contains("The fleet (mode quorum) opened together once"),
        "{markdown}"
    );
}
