//! The refusal of a simulation or a sweep before anything starts, with what to write instead.

use std::path::Path;

use crate::assert_refusal;

/// What a sweep may vary.
const OPEN_FOR: &str = "breaker.open_for=1s";

#[tokio::test]
async fn flags_of_a_simulation_are_refused_with_what_to_write() {
    for (flags, words) in [
        (
            &["--instances", "0"][..],
            ["--instances: `0`", "from 1 to 100000"],
        ),
        (
            &["--instances", "100001"],
            ["--instances: `100001`", "from 1 to 100000"],
        ),
        (
            &["--instances", "-3"],
            ["--instances: `-3`", "not negative"],
        ),
        (&["--repeat", "0"], ["--repeat: `0`", "from 1 to 10000"]),
        (&["--jobs", "0"], ["--jobs: `0`", "from 1 to 256"]),
        (&["--jobs", "two"], ["--jobs: `two`", "whole number"]),
        (&["--seed", "x"], ["--seed: `x`", "whole number"]),
        (
            &["--events", "."],
            ["--events .: it is not the name", "the name of a file"],
        ),
        (
            &["--events", "/no/such/folder/x.csv"],
            ["--events: cannot write", "choose another file"],
        ),
        (
            &["--out", "/proc/nowhere"],
            ["cannot make the folder", "--out"],
        ),
        (
            &["--plain"],
            ["`--plain` is not a flag of this command", "leave it out"],
        ),
    ] {
        assert_refusal(&[&["simulate", "flapping"][..], flags].concat(), &words).await;
    }
    assert_refusal(
        &["simulate"],
        &["<SCENARIO> is missing", "write breaker-lab simulate"],
    )
    .await;
    assert_refusal(&["simulate", "flaping"], &["did you mean `flapping`?"]).await;
}

#[tokio::test]
async fn keys_that_a_simulation_sets_are_refused_with_what_to_write() {
    for (flags, words) in [
        (
            &["--set", "breaker"][..],
            [
                "--set: `breaker` has no value",
                "KEY=VALUE, such as breaker.open_for=2s",
            ],
        ),
        (
            &["--set", "breaker.open_fro=1s"],
            [
                "--set breaker.open_fro=1s: breaker: unknown key",
                "did you mean `open_for`?",
            ],
        ),
        (
            &["--set", "breaker.open_for=2"],
            ["--set breaker.open_for=2:", "\"2ms\" or \"2s\""],
        ),
        (
            &["--set", "faults.phases.9.for=1s"],
            ["has no element 9", "from 0 to 2"],
        ),
        (
            &["--set", "load.rate=0"],
            ["--set load.rate=0: load.rate = 0", "from 0.001"],
        ),
        (
            &["--set", "load.choose=weighted:A=0,B=0,C=0"],
            ["choose weighted:", "one target must have a weight above 0"],
        ),
        (
            &["--set", "seed=3", "--seed", "4"],
            ["--set seed=3", "leave one of the two out"],
        ),
        (
            &["--set", "fleet.size=3", "--instances", "4"],
            ["--set fleet.size=3", "leave one of the two out"],
        ),
    ] {
        assert_refusal(&[&["simulate", "flapping"][..], flags].concat(), &words).await;
    }
}

#[tokio::test]
async fn what_a_sweep_varies_is_refused_with_what_to_write() {
    for (flags, words) in [
        (
            &[][..],
            [
                "--vary <KEY=VALUES> is missing",
                "breaker-lab sweep flapping",
            ],
        ),
        (
            &["--vary", "breaker"],
            [
                "--vary: `breaker` has no values",
                "such as breaker.open_for=1s,2s,4s",
            ],
        ),
        (
            &["--vary", ""],
            ["--vary: no value is given", "write one after it"],
        ),
        (
            &["--vary", "breaker.open_for="],
            [
                "--vary: `breaker.open_for=` has no values",
                "such as breaker.open_for=1s,2s,4s",
            ],
        ),
        (
            &["--vary", "breaker.open_for=1s,"],
            ["an empty value", "one comma between them"],
        ),
        (
            &["--vary", "breaker.open_for=1s,1s"],
            ["`1s` is given twice", "each value once"],
        ),
        (
            &["--vary", OPEN_FOR, "--vary", OPEN_FOR],
            ["breaker.open_for is varied twice", "after one key"],
        ),
        (
            &["--vary", "breaker.open_fro=1s"],
            [
                "--vary: breaker.open_fro=1s: breaker: unknown key",
                "`open_for`?",
            ],
        ),
        (
            &["--vary", "breaker.open_for=1s,soon"],
            ["--vary: breaker.open_for=soon", "500ms, 2s or 1m"],
        ),
        (
            &["--vary", "fleet.size=3,0"],
            ["--vary: fleet.size=0", "from 1 to 100000"],
        ),
        (
            &["--vary", "seed=1,2"],
            ["--vary seed is not allowed", "--repeat"],
        ),
    ] {
        assert_refusal(&[&["sweep", "flapping"][..], flags].concat(), &words).await;
    }
}

#[tokio::test]
async fn flags_of_a_sweep_are_refused_with_what_to_write() {
    for (flags, words) in [
        (
            &["--set", "breaker.open_for=500ms"][..],
            ["with --set and with --vary", "leave one of the two out"],
        ),
        (
            &["--figure", "flpas"],
            ["--figure: there is no figure `flpas`", "`flaps`?"],
        ),
        (
            &["--figure", "p99(Z)"],
            ["there is no target `Z`", "there are A, B, C"],
        ),
        (&["--repeat", "0"], ["--repeat: `0`", "from 1 to 10000"]),
        (&["--jobs", "0"], ["--jobs: `0`", "from 1 to 256"]),
        (
            &["--set", "flet.size=3"],
            ["--set flet.size=3: unknown key", "did you mean `fleet`?"],
        ),
        (
            &["--instances", "3"],
            ["`--instances` is not a flag", "leave it out"],
        ),
    ] {
        let asked = ["sweep", "flapping", "--vary", OPEN_FOR];
        assert_refusal(&[&asked[..], flags].concat(), &words).await;
    }
    let unmade = Path::new("/proc/nowhere");
    let out = unmade.to_str().expect("the path is text");
    let asked = [
        "sweep", "flapping", "--vary", OPEN_FOR, "--out", out, "--quiet",
    ];
    assert_refusal(
        &asked,
        &["cannot make the folder", "choose another folder with --out"],
    )
    .await;
}
