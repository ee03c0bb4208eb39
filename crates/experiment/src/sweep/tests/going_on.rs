//! Tests of which trials may be added to a folder, and which of them count.

use super::*;

#[test]
fn a_trial_that_is_there_twice_counts_once_and_one_that_differs_is_refused() {
    let cell = &sweep(&["breaker.open_for=1s"], 1).grid.cells()[0];
    let one = trial(cell, 7, Some(1.0), 0.25, 0.5);
    let other = trial(cell, 7, Some(2.0), 0.25, 0.5);
    let read = |trials: [&Trial; 2]| {
        let text = trials.map(|trial| trial.line() + "\n").concat();
        Trial::parse_lines(text.as_bytes())
    };

    assert_eq!(read([&one, &one]).unwrap(), std::slice::from_ref(&one));
    let refusal = read([&one, &other]).unwrap_err();
    assert!(
        refusal.starts_with(
            "line 2: it differs from an earlier line for the same trial, \
            breaker.open_for=1s with seed 7"
        ),
        "{refusal}"
    );
}

#[test]
fn trials_of_other_rates_or_another_commit_are_not_continued() {
    let with = |digest: &str, commit: &str| Sweep {
        commit: Some(commit.to_owned()),
        replayed: [("rates.csv".to_owned(), digest.to_owned())].into(),
        ..sweep(&["breaker.open_for=1s"], 1)
    };
    let kept = with("1", "a");

    assert_eq!(kept.check_continues(&kept), Ok(()));
    for (now, why) in [
        (with("2", "a"), "rates.csv"),
        (with("1", "b"), "the commit"),
    ] {
        let refusal = now.check_continues(&kept).unwrap_err();
        assert!(refusal.contains(why), "{refusal}");
    }
}
