//! Tests of the request: figures of the table, values and keys.

use super::*;

#[test]
fn figures_that_were_asked_for_stand_in_the_table() {
    let mut sweep = sweep(&["breaker.open_for=1s,2s"], 1);
    let names = [
        "planned",
        "fast_fail_ratio",
        "wrongly_rejected_calls",
        "ok_ratio(phase=outage)",
        "p99(A)",
    ];
    sweep.figures = names.map(str::to_owned).into();
    let cells = sweep.grid.cells();
    let mut trials = Vec::new();
    for cell in &cells {
        let mut trial = trial(cell, 7, None, 0.1, 0.2);
        trial.figures = names
            .iter()
            .zip(1..)
            .map(|(name, value)| ((*name).to_owned(), f64::from(value) / 8.0))
            .collect();
        trials.push(trial);
    }

    let lines = Table::of(&sweep, &trials).unwrap().lines();

    let text = lines.join("\n");
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    for words in [
        "planned",
        "fast_fail_ratio",
        "wrongly_rejected",
        "_calls",
        "ok_ratio",
        "(phase=outage)",
        "p99(A)",
        "50.0 %",
        "25.0 %",
        "625 ms",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        !text.contains("detection") && !text.contains(" - "),
        "{text}"
    );
}

#[test]
fn values_that_mean_the_same_are_there_once() {
    for (axis, first) in [
        ("breaker.open_for=1s,1000ms", "1s"),
        ("breaker.open_for=1s,\"1s\"", "1s"),
        ("load.rate=90,90.0", "90"),
        ("load.rate=90,90/s", "90"),
        ("faults.phases.0.failure_ratio=50%,0.5", "50%"),
        ("load.weights=[1, 2],[1,2]", "[1, 2]"),
        ("breaker={ jitter = 0.1 },{jitter=0.1}", "{ jitter = 0.1 }"),
    ] {
        let said = axis.parse::<Axis>().unwrap_err();
        assert!(
            said.contains(&format!("is the same as `{first}`")),
            "{axis}: {said}"
        );
    }
    for axis in [
        "breaker.open_for=1s,1001ms",
        "x=1,1s",
        "x=off,1",
        "x=on,off",
        "x=\"a\",b",
    ] {
        assert!(axis.parse::<Axis>().is_ok(), "{axis}");
    }
}

#[test]
fn a_key_without_end_is_refused() {
    let key = vec!["a"; 10_000].join(".");

    let said = format!("{key}=1,2").parse::<Axis>().unwrap_err();

    assert!(
        said.contains("it has 10000 parts, and none has more than 32"),
        "{said}"
    );
    assert!(said.chars().count() < 200, "{said}");
}
