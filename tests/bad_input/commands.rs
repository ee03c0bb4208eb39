//! The refusal of commands, words and values on the command line, each with what to write instead.

use crate::{File, assert_refusal, refusal};

#[tokio::test]
async fn other_flags_out_of_range_are_refused() {
    for (arguments, words) in [
        (["--rate", "0"], ["rate = 0", "from 0.001 to 100000"]),
        (["--rate", "fast"], ["--rate", "fast"]),
        (["--duration", "5"], ["--duration", "500ms, 2s or 1m"]),
        (["--duration", "0s"], ["duration = 0s", "above zero"]),
        (
            ["--duration", "9999999999999999999s"],
            ["duration = 3168", "at most 1000000000s"],
        ),
        (
            ["--call-timeout", "0s"],
            ["call_timeout = 0s", "above zero"],
        ),
        (["--seed", "-1"], ["-1", "see --help"]),
        (
            ["--max-connections", "0"],
            ["max_connections = 0", "from 1"],
        ),
        (["--raet", "5"], ["--raet", "`--rate`"]),
    ] {
        assert_refusal(&arguments, &words).await;
    }
}

#[tokio::test]
async fn words_that_are_missing_unknown_or_too_many_are_refused() {
    assert_refusal(&["bogus"], &["bogus"]).await;
    for (arguments, words) in [
        (
            ["instance"].as_slice(),
            ["<NAME> is missing", "write breaker-lab instance <NAME>"],
        ),
        (
            &["compare"],
            ["compare: <RESULT>", "write breaker-lab compare"],
        ),
        (
            &["run"],
            ["<SCENARIO>... is missing", "breaker-lab run <SCENARIO>..."],
        ),
        (&["instance", "A", "B"], ["`B`", "is not expected here"]),
        (
            &["--workers", "5"],
            ["`--workers`", "not a flag of this command"],
        ),
        (
            &["run", "flapping", "--quiet", "--plain"],
            ["--quiet", "leave one of the two out"],
        ),
        (
            &["--listen", "A=127.0.0.1:0", "--listen", "A=127.0.0.1:0"],
            ["--listen A is given twice", "leave one"],
        ),
        (
            &["load", "--choose", "weighted:"],
            ["a weight is missing", "weighted:A=3"],
        ),
        (
            &["load", "--choose", "x"],
            ["`x` is not a valid way", "write random"],
        ),
        (
            &["load", "--retries", "immediate:x"],
            ["expected a whole number from 0", "write none"],
        ),
        (
            &["load", "--target", "A"],
            ["`A` has no name before it", "write NAME=VALUE"],
        ),
        (&["--faults", "nope"], ["nope", "or preset:NAME"]),
        (&["run", ""], ["the scenario ``", "breaker-lab scenarios"]),
    ] {
        assert_refusal(arguments, &words).await;
    }
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused() {
    assert_refusal(&["compare", "nope"], &["cannot read nope", "such as runs/"]).await;
    for (text, why) in [
        ("# no result", "is not JSON"),
        ("[]", "a list is not allowed here"),
        ("{\"schema\": 99}", "schema: invalid type"),
    ] {
        let file = File::new("result.json", text);
        let words = [file.path(), "not a result of `run` or `simulate`", why];
        assert_refusal(&["compare", file.path()], &words).await;
    }
    let file = File::new("old.json", "{\"schema\": \"x/9\"}");
    assert_refusal(
        &["compare", file.path()],
        &["schema: x/9", "this program reads"],
    )
    .await;
}

#[tokio::test]
async fn the_password_of_a_url_is_never_said_even_where_no_url_belongs() {
    let url = "http://user:hunter2@h";
    for arguments in [
        ["instance", url].as_slice(),
        &["run", url],
        &["compare", url],
        &["scenarios", url],
        &["faults", "set", url],
        &["faults", "preset", url],
        &["--faults", url],
        &["--config", url],
        &["load", url],
        &["load", "--json", url],
        &["load", "--listen", url],
        &["load", "--assert", url],
        &["load", "--shape", url],
    ] {
        let said = refusal(arguments).await;
        assert!(!said.contains("hunter2"), "{arguments:?}: {said}");
    }
}
