//! Tests of the messages about a value that is not allowed: the key, the value, and what to write instead.

use crate::scenario::Scenario;

/// The message about a scenario in which one key was set.
fn said(set: &str) -> String {
    let text = "title = \"t\"\nduration = \"9s\"\n[faults]\nphases = [{ name = \"calm\" }]\n";
    let error = Scenario::parse_with_sets(text, &[set.parse().unwrap()]).unwrap_err();
    error.replace(&format!(" --set {set}: "), "")
}

fn rule(rule: &str) -> String {
    said(&format!("faults.rules={{ r = {{ {rule} }} }}"))
}

#[test]
fn a_value_that_is_not_known_is_no_key() {
    for (set, expected) in [
        (
            "fleet.mode=disbled",
            "fleet.mode: `disbled` is not known; did you mean `disabled`?",
        ),
        (
            "fleet.mode=xyz",
            "fleet.mode: `xyz` is not known: write one of auto, disabled, metrics_only, forced_open",
        ),
        (
            "coordination.mode=global",
            "coordination.mode: `global` is not known; did you mean `local`?",
        ),
        (
            "fleet.siez=4",
            "fleet: unknown key `siez`; did you mean `size`?",
        ),
    ] {
        assert_eq!(said(set), expected);
    }
    let said = rule("effects = [{ truncaet = {} }]");
    assert_eq!(
        said,
        "faults.rules.r.effects[0]: `truncaet` is not known; did you mean `truncate`?"
    );
}

#[test]
fn no_name_of_a_type_is_shown() {
    for (written, expected) in [
        (
            "effects = [{ status = 503 }]",
            "faults.rules.r.effects[0].status: invalid type: integer `503`, expected keys with their values",
        ),
        (
            "effects = [{ delay = {} }]",
            "faults.rules.r.effects[0].delay: none is given: write one of fixed, uniform, exp, ",
        ),
        (
            "effects = [{ delay = { fixed = \"1ms\", uniform = { max = \"2ms\" } } }]",
            "faults.rules.r.effects[0].delay: several are given: write one of fixed, uniform, exp, ",
        ),
        (
            "effects = [{}]",
            "faults.rules.r.effects[0]: none is given: write one of delay, stall, bandwidth, ",
        ),
        (
            "effects = [3]",
            "faults.rules.r.effects[0]: expected a name, or keys with their values",
        ),
        (
            "effects = 3",
            "faults.rules.r.effects: invalid type: integer `3`, expected a list",
        ),
        (
            "gate = { markov = { states = { a = { dwell = { fixed = \"1s\" }, next = [\"a\"] } } } }, \
             effects = [{ reset = {} }]",
            "faults.rules.r.gate.markov.states.a.next: a list is not allowed here: write keys with their values",
        ),
    ] {
        let said = rule(written);
        assert!(said.starts_with(expected), "{written}: {said}");
    }
}

#[test]
fn of_keys_that_exclude_each_other_those_that_are_there_are_named() {
    for (written, expected) in [
        (
            "effects = [{ status = {} }]",
            "effects[0].status.code: it is missing: write code or codes",
        ),
        (
            "effects = [{ status = { code = 500, codes = { 503 = 1 } } }]",
            "effects[0].status.codes: not allowed together with code: leave one of the two out",
        ),
        (
            "effects = [{ slow_body = {} }]",
            "effects[0].slow_body.over: it is missing: write over or bytes_per_s",
        ),
        (
            "effects = [{ slow_body = { over = \"1s\", bytes_per_s = 5 } }]",
            "effects[0].slow_body.bytes_per_s: not allowed together with over: leave one of the two out",
        ),
        (
            "gate = { bernoulli = 0.5, every_nth = 2 }, effects = [{ reset = {} }]",
            "gate.every_nth: not allowed together with bernoulli: leave one of the two out",
        ),
        (
            "gate = { always = true, first_n = 2 }, effects = [{ reset = {} }]",
            "gate.first_n: not allowed together with always: leave one of the two out",
        ),
    ] {
        assert_eq!(rule(written), format!("faults.rules.r.{expected}"));
    }
}

#[test]
fn a_time_is_told_as_it_is_written() {
    for (set, expected) in [
        (
            "faults.phases=[{ name = \"a\" }, { name = \"b\" }]",
            "faults.phases[0].for: it is missing, and only the last phase of a plan without loop may have \
             no end: write its length, such as for = \"10s\"",
        ),
        (
            "faults.phases=[{ name = \"a\", for = \"2days\" }]",
            "faults.phases[0].for: 2days is not allowed: it must be from 1ms to 1day",
        ),
        (
            "faults.phases=[{ name = \"a\", latency = \"2m\" }]",
            "faults.phases[0].latency: 2m is not allowed: it must be from 0s to 1m",
        ),
        (
            "faults.phases=[{ name = \"a\", hang_ms = 120000 }]",
            "faults.phases[0].hang: 2m is not allowed: it must be from 0s to 1m",
        ),
        (
            "faults.deadline=11m",
            "faults.deadline: 11m is not allowed: it must be from 1ms to 10m",
        ),
        (
            "faults.patience={ A = \"0s\" }",
            "faults.patience.A: 0s is not allowed: it must be from 1ms to 10m",
        ),
        (
            "faults.limits={ max_hang = \"1h\" }",
            "faults.limits.max_hang: 1h is not allowed: it must be from 1ms to 10m",
        ),
        (
            "faults.ttl=0s",
            "faults.ttl: 0s is not allowed: it must be from 1ms to 1day",
        ),
    ] {
        assert_eq!(said(set), expected);
    }
    assert_eq!(
        rule("effects = [{ hang = { max = \"700s\" } }]"),
        "faults.rules.r.effects[0].hang.max: 11m 40s is not allowed: it must be from 1ms to 10m"
    );
}

#[test]
fn what_can_be_no_time_gets_no_unit() {
    for (set, expected) in [
        (
            "duration=5",
            "duration: `5` has no unit: write one, such as \"5ms\" or \"5s\"",
        ),
        (
            "duration=inf",
            "duration: `inf` is not a duration: write a number with a unit, such as 500ms, 2s or 1m",
        ),
        (
            "duration=-5",
            "duration: `-5` is not a duration: write a number with a unit, such as 500ms, 2s or 1m",
        ),
        (
            "faults.deadline=nan",
            "faults.deadline: `NaN` is not a duration: write a number with a unit, such as 500ms, 2s or 1m",
        ),
    ] {
        assert_eq!(said(set), expected);
    }
}

#[test]
fn more_phases_than_are_told_apart_are_refused() {
    let of = |duration: &str| {
        let text = format!(
            "title = \"t\"\nduration = \"{duration}\"\n[faults]\nloop = true\n\
             phases = [{{ name = \"a\", for = \"50ms\" }}, {{ name = \"b\", for = \"50ms\" }}]\n"
        );
        Scenario::parse(&text)
    };

    assert!(of("500s").is_ok());
    let refusal = of("501s").unwrap_err();
    assert_eq!(
        refusal.trim(),
        "faults.phases: the first 10000 phases end after 8m 20s, and no more are recorded in the 8m 21s of \
         a run: write \
         longer phases or a shorter duration"
    );
}
