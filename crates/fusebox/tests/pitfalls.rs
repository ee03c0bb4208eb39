//! The coverage of known pitfalls: `docs/pitfalls.md` names a test or a scenario for each, and each
//! name is looked up here.

#![cfg(not(miri))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use fusebox::{Breaker, Config, State, Verdict};

/// The core's pitfalls are numbered from 1 to this; those of fleets follow elsewhere.
const LAST: usize = 47;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of all files under `folder` whose name ends in `end`.
fn read_all(folder: &Path, end: &str) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            text += &read_all(&path, end);
        } else if path.to_string_lossy().ends_with(end) {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

fn is_scenario(word: &str) -> bool {
    let mut letters = word.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && word.len() <= 4
        && letters.next().is_some_and(|second| second.is_ascii_digit())
}

#[test]
fn every_pitfall_names_tests_and_scenarios_that_exist() {
    let list = fs::read_to_string(root().join("docs/pitfalls.md")).unwrap();
    let code = read_all(&root().join("crates"), ".rs") + &read_all(&root().join("tests"), ".rs");
    let scenarios = read_all(&root().join("crates/fusebox/tests/scenarios"), ".txt");
    let mut numbers = Vec::new();

    for row in list.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, here] = cells[..] else {
            panic!("three cells: {row}")
        };
        let Ok(number) = number.parse::<usize>() else {
            continue;
        };
        numbers.push(number);
        assert!(!here.is_empty(), "pitfall {number} has no answer");
        let names = here.split('`').skip(1).step_by(2);
        for name in names.filter(|name| name.contains('_') && !name.contains([' ', '.', '-'])) {
            let test = format!("fn {name}(");
            assert!(code.contains(&test), "pitfall {number}: no test {name}");
        }
        for word in here
            .split([' ', ',', ';', '.'])
            .filter(|word| is_scenario(word))
        {
            let title = format!("== {word} ");
            assert!(
                scenarios.contains(&title),
                "pitfall {number}: no scenario {word}"
            );
        }
    }

    assert_eq!(numbers, (1..=LAST).collect::<Vec<_>>());
}

// pitfall 43
#[test]
fn a_classifier_may_use_the_breaker() {
    let config = Config::builder().consecutive_failures(1).build().unwrap();
    let breaker = Breaker::new("db", config);
    let asked = |result: &Result<(), ()>| {
        assert_eq!(breaker.snapshot().state, State::Closed);
        breaker.try_acquire().unwrap().success();
        Verdict::of(result)
    };

    assert!(breaker.call_with(asked, || Err(())).is_err());

    assert_eq!(breaker.state(), State::Open);
}
