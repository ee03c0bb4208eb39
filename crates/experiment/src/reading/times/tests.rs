//! Tests of times as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::load::SecondOfTarget;
use crate::reading::{parse_json, parse_toml};

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Read {
    for_ms: u64,
    most_ms: Option<f64>,
    values_ms: Vec<f64>,
    each_ms: BTreeMap<String, u64>,
    retry_after_s: Option<u32>,
    bytes_per_s: u64,
    one: Option<One>,
    named: BTreeMap<String, u64>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum One {
    Fixed { ms: f64 },
    Mean { mean_ms: f64 },
}

#[test]
fn a_time_is_written_with_a_unit_or_as_a_number_whose_name_has_one() {
    let with_units = r#"{"for": "1s", "most": "1500us", "values": ["1ms", "2s"], "each": {"A": "3ms"},
        "retry_after": "1m", "bytes_per_s": 7, "one": {"mean": {"mean": "2ms"}}, "named": {"x_ms": 1}}"#;
    let numbers = r#"{"for_ms": 1000, "most_ms": 1.5, "values_ms": [1, 2000], "each_ms": {"A": 3},
        "retry_after_s": 60, "bytes_per_s": 7, "one": {"mean": {"mean_ms": 2}}, "named": {"x_ms": 1}}"#;

    let read: Read = parse_json(with_units.as_bytes()).unwrap();
    assert_eq!(read, parse_json(numbers.as_bytes()).unwrap());
    assert_eq!(read.for_ms, 1000);
    assert_eq!(read.most_ms, Some(1.5));
    assert_eq!(read.retry_after_s, Some(60));

    let toml: Read =
        parse_toml("for = \"1s\"\none.fixed = \"20ms\"\nvalues = [\"1ms\"]\n").unwrap();
    assert_eq!(toml.one, Some(One::Fixed { ms: 20.0 }));
    assert_eq!((toml.for_ms, toml.values_ms), (1000, vec![1.0]));
    let table: Read = parse_toml("one.fixed.ms = 20").unwrap();
    assert_eq!(table.one, toml.one);
    let nothing: Read = parse_json(br#"{"most": null, "retry_after_s": null}"#).unwrap();
    assert_eq!(nothing, Read::default());
}

#[test]
fn a_second_in_which_an_answer_never_came_reads_back_as_it_was_written() {
    let never = SecondOfTarget {
        p50_s: Some(0.25),
        p99_s: Some(f64::INFINITY),
        ..SecondOfTarget::default()
    };
    let written = serde_json::to_vec(&never).unwrap();

    assert_eq!(parse_json::<SecondOfTarget>(&written).unwrap(), never);
    // What is always finite says so.
    let error = parse_json::<Read>(br#"{"for_ms": "inf"}"#).unwrap_err();
    assert!(error.contains("inf"), "{error}");
}

#[test]
fn a_time_whose_unit_is_not_to_be_seen_is_refused_with_what_to_write() {
    for (text, said) in [
        (
            "for = 1000",
            "1:7: for: `1000` has no unit: write for as \"1000s\" or \"1000ms\", or for_ms as 1000",
        ),
        ("for = 1.5", "`1.5` has no unit: write for as \"1.5s\""),
        ("for = -5", "`-5` is not a duration"),
        ("for = \"1000\"", "`1000` is not a duration"),
        (
            "for_ms = \"1s\"",
            "1:10: for_ms: `1s` is not a number of milliseconds: write for = \"500ms\"",
        ),
        (
            "for = true",
            "expected a time with a unit, such as for = \"500ms\"",
        ),
        (
            "for_ms = true",
            "expected a number of milliseconds; or write for = \"500ms\"",
        ),
        ("for_ms = -1", "invalid value: integer `-1`"),
        (
            "for = \"1us\"",
            "`1us` is not allowed: write a whole number of milliseconds",
        ),
        (
            "retry_after = 5",
            "write retry_after as \"5s\", or retry_after_s as 5",
        ),
        ("retry_after = \"5ms\"", "write a whole number of seconds"),
        (
            "values = [1]",
            "write values as \"1s\" or \"1ms\", or values_ms as 1",
        ),
        ("each.A = 5", "`5` has no unit"),
        (
            "one.fixed = 20",
            "`20` has no unit: write one, such as \"20ms\"",
        ),
        (
            "one.mean.mean = 20",
            "write mean as \"20s\" or \"20ms\", or mean_ms as 20",
        ),
        (
            "for = \"1s\"\nfor_ms = 5",
            "`for` and `for_ms` are the same: leave one of the two out",
        ),
        (
            "fors = \"1s\"",
            "1:1: unknown key `fors`; did you mean `for`?",
        ),
    ] {
        let error = parse_toml::<Read>(text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
    let error = parse_json::<Read>(br#"{"one": {"mean": {"mean": 20}}}"#).unwrap_err();
    assert!(
        error.starts_with("one.mean.mean: `20` has no unit"),
        "{error}"
    );
}

/// A struct is not a list of its values: it would not be visible which is which, and `[]` would be all defaults.
#[test]
fn keys_with_values_are_not_written_as_a_list_nor_a_list_as_keys() {
    for (json, words) in [
        ("[]", "a list is not allowed here"),
        ("[7]", "a list is not allowed here"),
        (r#"{"one": {"fixed": []}}"#, "expected a time with a unit"),
        (r#"{"values": 5.0, "named": 1}"#, "has no unit"),
        ("null", "expected keys with their values"),
    ] {
        let said = parse_json::<Read>(json.as_bytes()).unwrap_err();
        assert!(said.contains(words), "{json}: {said}");
        assert!(!said.contains("struct"), "{json}: {said}");
    }
    for text in ["[phases]\nfor = \"1s\"\n", "phases = 5\n"] {
        let said = parse_toml::<BTreeMap<String, Vec<Read>>>(text).unwrap_err();
        assert!(said.contains("a list"), "{text}: {said}");
        assert!(!said.contains("settings are missing"), "{text}: {said}");
    }
}
