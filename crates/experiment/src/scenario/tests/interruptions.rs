//! Tests of interruptions of instances as they are written.

use super::*;

fn interrupted(lines: &str) -> Result<Vec<(usize, u64, u64, bool)>, String> {
    let text = format!("{HEAD}\n{lines}\n");
    let scenario = Scenario::parse(&text)?;
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
    let all = scenario
        .interruptions()
        .map(|it| (it.instance, millis(it.from), millis(it.until), it.restarts));
    Ok(all.collect())
}

#[test]
fn pauses_and_restarts_are_read_in_every_way_that_toml_has() {
    let tables = "[[instance.B.pause]]\nat = \"1s\"\nfor = \"500ms\"\n\
                  [[instance.B.pause]]\nat = \"4s\"\nfor = \"1m\"\n\
                  [[instance.A.restart]]\nat = \"0s\"\nfor = \"1ms\"\n";
    let lists = "[instance.B]\npause = [{ at = \"1s\", for = \"500ms\" }, { at = \"4s\", for = \"1m\" }]\n\
                 [instance.A]\nrestart = [{ at = \"0s\", for = \"1ms\" }]\n";
    // Those of one instance after those of another, and what begins may end after the run.
    let expected = vec![
        (0, 0, 1, true),
        (1, 1_000, 1_500, false),
        (1, 4_000, 64_000, false),
    ];

    assert_eq!(interrupted(tables), Ok(expected.clone()));
    assert_eq!(interrupted(lists), Ok(expected));
    assert_eq!(interrupted(""), Ok(Vec::new()));
}

#[test]
fn one_interruption_may_begin_when_another_ends() {
    let lines = "[instance.A]\nrestart = [{ at = \"3s\", for = \"1s\" }]\n\
                 pause = [{ at = \"1s\", for = \"2s\" }, { at = \"4s\", for = \"1s\" }]\n";

    assert_eq!(interrupted(lines).map(|all| all.len()), Ok(3));
}

#[test]
fn interruptions_that_cannot_be_are_named_with_what_is_allowed() {
    for (list, words) in [
        (
            "pause = [{ at = \"1s\", for = \"0s\" }]",
            ["pause: for = 0", "above zero"],
        ),
        (
            "restart = [{ at = \"10s\", for = \"1s\" }]",
            ["restart: at = 10s", "the run ends after 10s"],
        ),
        (
            "pause = [{ at = \"1s\", for = \"2s\" }]\nrestart = [{ at = \"2s\", for = \"1s\" }]",
            ["restart: at = 2s", "the interruption at 1s is not over"],
        ),
        (
            "pause = [{ at = \"5s\", for = \"1s\" }, { at = \"1s\", for = \"4500ms\" }]",
            ["pause: at = 5s", "the interruption at 1s is not over"],
        ),
        (
            "pause = [{ at = \"1s\", fro = \"2s\" }]",
            ["unknown key `fro`", "known keys are: at, for"],
        ),
        ("pause = [{ at = \"1s\" }]", ["for", "missing"]),
        (
            "pause = [{ at = 1, for = \"1s\" }]",
            ["`1` has no unit", "\"1s\""],
        ),
        (
            "pauses = []",
            ["unknown key `pauses`", "did you mean `pause`?"],
        ),
    ] {
        let error = interrupted(&format!("[instance.C]\n{list}\n")).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{list}: {word}: {error}");
        }
        assert!(!error.contains('\n'), "{error}");
    }
    let error = interrupted("[instance.D]\npause = [{ at = \"1s\", for = \"1s\" }]").unwrap_err();
    assert!(error.contains("there are A, B, C"), "{error}");
}
