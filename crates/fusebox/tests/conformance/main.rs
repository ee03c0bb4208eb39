//! The conformance of the breaker to the shared scenarios.
//!
//! Runs every `*.txt` file of the folder that `CONFORMANCE_DIR` names (default: this crate's
//! `tests/scenarios`) through the public API on a manual clock. All scenarios run before the test
//! fails. `grammar` defines the files, `given` reads a `given` line, and `run` plays a scenario.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod given;
mod grammar;
mod numbers;
mod run;

use std::fs;
use std::path::{Path, PathBuf};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_scenario_holds() {
    let folder = folder();
    let files = files(&folder);
    assert!(!files.is_empty(), "no *.txt file in {}", folder.display());

    let mut failures = Vec::new();
    let mut scenarios = 0;
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        scenarios += play(&file.display().to_string(), &text, &mut failures);
    }

    #[expect(clippy::print_stdout, reason = "says what was covered")]
    {
        println!("{} files, {scenarios} scenarios", files.len());
    }
    assert!(
        failures.is_empty(),
        "{} failures in {scenarios} scenarios of {} files:\n{}",
        failures.len(),
        files.len(),
        failures.join("\n")
    );
}

#[test]
fn a_scenario_that_does_not_hold_says_where_and_how() {
    let text = "== X1 wrong\ngiven consecutive:2\n0 run fail\n5 expect state=open calls=0\n";
    let mut failures = Vec::new();

    play("x.txt", text, &mut failures);

    assert_eq!(
        failures,
        ["x.txt:4: X1 wrong: `5 expect state=open calls=0`: expected state=open, got closed"]
    );
}

#[test]
fn words_outside_the_grammar_are_failures() {
    let given = "== X1 t\ngiven consecutive:1\n";
    for (text, complaint) in [
        (format!("{given}0 jump"), "unknown operation `jump`"),
        (format!("{given}0 run well"), "unknown result `well`"),
        (format!("{given}0 run ok y3"), "unknown word `y3`"),
        (format!("{given}0 expect mood=good"), "unknown key `mood`"),
        (
            format!("{given}0 run ok => maybe"),
            "unknown verdict `maybe`",
        ),
        (
            format!("{given}soon run ok"),
            "`soon` is not a whole number",
        ),
        (format!("{given}0 end a ok"), "no call `a`"),
        (format!("{given}0 reset => admit"), "takes no verdict"),
        ("== X1 t\n0 run ok".to_owned(), "no `given` line"),
        (
            "== X1 t\ngiven magic:1\n0 run ok".to_owned(),
            "unknown word `magic`",
        ),
        ("== X1 t\ngiven open:bas=1".to_owned(), "unknown key `bas`"),
        ("== X1 t\ngiven consecutive:0".to_owned(), "at least 1"),
        ("0 run ok".to_owned(), "outside a scenario"),
        ("# nothing".to_owned(), "no scenario"),
    ] {
        let mut failures = Vec::new();

        play("x.txt", &text, &mut failures);

        assert!(
            failures.iter().any(|failure| failure.contains(complaint)),
            "{text:?} should complain of {complaint:?}: {failures:?}"
        );
    }
}

/// Runs all scenarios of one file and returns how many there are.
fn play(file: &str, text: &str, failures: &mut Vec<String>) -> usize {
    let scenarios = grammar::parse(text);
    if scenarios.is_empty() {
        failures.push(format!("{file}: no scenario"));
    }
    for scenario in &scenarios {
        let faults = if scenario.faults.is_empty() {
            run::run(scenario)
        } else {
            scenario.faults.clone()
        };
        failures.extend(faults.into_iter().map(|fault| {
            format!(
                "{file}:{}: {}: `{}`: {}",
                fault.line, scenario.title, fault.text, fault.complaint
            )
        }));
    }
    scenarios.len()
}

fn folder() -> PathBuf {
    let Some(named) = std::env::var_os("CONFORMANCE_DIR").map(PathBuf::from) else {
        return Path::new(CRATE).join("tests/scenarios");
    };
    // Cargo runs this in the crate's folder; the user named a folder from the workspace's.
    let from_workspace = Path::new(CRATE).join("../..").join(&named);
    if named.is_dir() {
        named
    } else {
        from_workspace
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read folder {}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    files
}
