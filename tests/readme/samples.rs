//! Sample outputs that name a seed: what the seed decides is exact, all else is marked.

use std::path::Path;

use end_to_end::{Process, empty_folder, repository};
use experiment::expectation::Expectation;

use crate::markdown::Page;
use crate::{TURN, read, root};

/// How many requests a seed plans, for each of A, B and C, by the program's own plan.
async fn planned(seed: &str, seconds: &str, flags: &[&str]) -> [u64; 3] {
    let duration = format!("{seconds}s");
    let base = ["load", "--dry-run", "--seed", seed, "--duration", &duration];
    let plan = Process::run(&[&base, flags].concat()).await;
    let rows = plan
        .stdout
        .iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = rows.filter(|row| row.len() == 6 && row[1] == "s" && row[0].parse::<f64>().is_ok());
    let counts =
        rows.map(|row| [row[3], row[4], row[5]].map(|cell| cell.parse::<u64>().unwrap_or(0)));
    counts.fold([0; 3], |sum, row| {
        [sum[0] + row[0], sum[1] + row[1], sum[2] + row[2]]
    })
}

/// The sample output that has this line in it.
fn sample(page: &str, line: &str) -> String {
    let text = read(&root().join(page));
    let blocks = text.split("```text\n").skip(1);
    let mut blocks = blocks.filter_map(|rest| rest.split("```").next());
    let found = blocks.find(|block| block.contains(line));
    found.unwrap_or_else(|| panic!("{page}: {line}")).to_owned()
}

/// Rows of A, B and C begin with what the seed decides; all else is marked as what it is, about so much.
fn assert_rows(sample: &str, planned: [u64; 3]) {
    for (name, planned) in ["A ", "B ", "C "].iter().zip(planned) {
        let rows = sample.lines().filter(|line| line.starts_with(name));
        let mut exact = Vec::new();
        for cell in rows.flat_map(|row| row.split_whitespace().skip(1).collect::<Vec<_>>()) {
            if cell.starts_with(|letter: char| letter.is_ascii_digit()) {
                exact.push(cell.replace(',', ""));
            }
        }
        assert!(!exact.is_empty(), "{sample}");
        assert!(
            exact.iter().all(|cell| *cell == planned.to_string()),
            "{planned}: {exact:?} in {sample}"
        );
    }
}

#[tokio::test]
async fn samples_that_name_a_seed_show_as_exact_only_what_the_seed_decides() {
    let summary = sample("docs/lab.md", "Summary of 60.0 s, seed 1");
    assert_rows(&summary, planned("1", "60", &[]).await);

    let report = sample("docs/load.md", "requests planned in 30.0 s, seed 1");
    let planned = planned("1", "30", &["--rate", "200"]).await;
    assert_rows(&report, planned);
    let all: u64 = planned.iter().sum();
    let said = format!("{},{:03} requests planned", all / 1000, all % 1000);
    assert!(report.contains(&said), "{said}");
}

/// The lines of a sample, without what leads up to its first one in an output.
async fn assert_printed(page: &str, line: &str, arguments: &[&str]) {
    let printed = Process::run(arguments).await.stdout;
    let mut rest = printed.iter();
    for wanted in sample(page, line).lines() {
        let found = rest.any(|printed| printed.trim_end() == wanted);
        assert!(found, "{page}: not printed, or not in this place: {wanted}");
    }
}

#[tokio::test]
async fn samples_of_the_simulator_are_what_it_prints_to_the_letter() {
    let _turn = TURN.lock().await;
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "readme-samples");
    let out = |name: &str| folder.join(name).display().to_string();
    let flapping = ["simulate", "flapping", "--seed", "1", "--out", &out("f")];
    assert_printed("docs/experiments.md", "Belief beside truth", &flapping).await;

    let folders = ["shared", "independent"].map(out);
    for (name, out) in ["shared-bursts", "independent-bursts"].iter().zip(&folders) {
        Process::run(&[
            "simulate", name, "--repeat", "30", "--seed", "1", "--out", out,
        ])
        .await;
    }
    let compare = ["compare", &folders[0], &folders[1]];
    assert_printed("docs/comparing.md", "figure, mean", &compare).await;
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}

/// Why no test checks a sample.
const UNCHECKED: [&str; 3] = [
    "a drawing",
    "a live run, no two of which are alike",
    "it takes minutes, and the command before it makes it anew",
];

/// A sample says which test checks it, or why none does. That test names the page.
#[test]
fn every_sample_of_every_page_is_checked_by_a_test_or_says_why_not() {
    let tests = ["crates", "tests"].map(|folder| code(&repository().join(folder)));
    let tests = tests.concat();
    let mut wrong = Vec::new();
    let pages = Page::all();
    let pages = pages.iter().filter(|page| !page.is_generated());
    for block in pages.flat_map(Page::blocks) {
        if block.language != "text" {
            continue;
        }
        let file = block.page.rsplit('/').next().unwrap_or_default().to_owned();
        let mut comments = block.comments.iter();
        let is_told = comments.any(|comment| {
            let test = comment.strip_prefix("checked by: ");
            let reason = comment.strip_prefix("not checked: ");
            let is_test = test.is_some_and(|name| {
                let name = format!("fn {name}()");
                tests
                    .iter()
                    .any(|code| code.contains(&name) && code.contains(&file))
            });
            is_test || reason.is_some_and(|reason| UNCHECKED.contains(&reason))
        });
        if !is_told {
            let comments = &block.comments;
            wrong.push(format!(
                "{}: no such test or reason: {comments:?}",
                block.place()
            ));
        }
    }

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The text of all files of Rust in a folder.
fn code(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            all.extend(code(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(read(&path));
        }
    }
    all
}

#[test]
fn every_assertion_that_the_page_about_load_shows_is_one() {
    let text = sample("docs/load.md", "p99(B) < 250ms");

    let read: Vec<_> = text.lines().map(str::parse::<Expectation>).collect();

    assert!(
        read.len() >= 3 && read.iter().all(Result::is_ok),
        "{read:?}"
    );
}
