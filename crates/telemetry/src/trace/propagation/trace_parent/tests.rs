//! Tests of the header `traceparent`.

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// What is read of `header`, as it is written again.
fn read(header: &str) -> Option<String> {
    let header = header.replace("TRACE", TRACE).replace("SPAN", SPAN);
    let written = TraceParent::parse(header.as_bytes())?.header();
    Some(written.to_str().unwrap().to_owned())
}

/// The grammar of version 00: what is wrong, and a header that has it wrong.
const INVALID: [(&str, &str); 38] = [
    ("nothing at all", ""),
    ("only space", " \t "),
    ("no dash", "00"),
    ("no ids", "00---01"),
    ("version of one digit", "0-TRACE-SPAN-01"),
    ("version of three digits", "000-TRACE-SPAN-01"),
    ("version of four digits", "0000-TRACE-SPAN-01"),
    ("version in capitals", "CC-TRACE-SPAN-01"),
    ("version that is no number", "0x-TRACE-SPAN-01"),
    ("version with a sign", "+0-TRACE-SPAN-01"),
    ("no version", "-TRACE-SPAN-01"),
    ("version ff", "ff-TRACE-SPAN-01"),
    ("version ff with more behind", "ff-TRACE-SPAN-01-more"),
    (
        "trace of 31 digits",
        "00-4bf92f3577b34da6a3ce929d0e0e473-SPAN-01",
    ),
    ("trace of 33 digits", "00-TRACE0-SPAN-01"),
    (
        "trace in capitals",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-SPAN-01",
    ),
    (
        "one capital in the trace",
        "00-4bf92f3577b34da6a3ce929d0e0E4736-SPAN-01",
    ),
    (
        "trace that is no number",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-SPAN-01",
    ),
    (
        "trace of nothing but zeros",
        "00-00000000000000000000000000000000-SPAN-01",
    ),
    ("parent of 15 digits", "00-TRACE-00f067aa0ba902b-01"),
    ("parent of 17 digits", "00-TRACE-SPAN0-01"),
    ("parent in capitals", "00-TRACE-00F067AA0BA902B7-01"),
    ("parent that is no number", "00-TRACE-00f067aa0ba902b.-01"),
    (
        "parent of nothing but zeros",
        "00-TRACE-0000000000000000-01",
    ),
    ("no flags", "00-TRACE-SPAN"),
    ("a dash and no flags", "00-TRACE-SPAN-"),
    ("flags of one digit", "00-TRACE-SPAN-1"),
    ("flags of three digits", "00-TRACE-SPAN-001"),
    ("flags in capitals", "00-TRACE-SPAN-0A"),
    ("flags that are no number", "00-TRACE-SPAN-0."),
    ("a dash behind", "00-TRACE-SPAN-01-"),
    ("more behind", "00-TRACE-SPAN-01-more"),
    ("space in front of the flags", "00-TRACE-SPAN- 1"),
    ("an underscore for a dash", "00_TRACE-SPAN-01"),
    ("an underscore for the second dash", "00-TRACE_SPAN-01"),
    ("an underscore for the third dash", "00-TRACE-SPAN_01"),
    (
        "two parents in one line",
        "00-TRACE-SPAN-01,00-TRACE-SPAN-01",
    ),
    ("letters of more than one byte", "00-TRACE-SPAN-\u{e9}"),
];

#[test]
fn a_header_that_breaks_the_grammar_of_version_00_is_none() {
    for (what, header) in INVALID {
        assert_eq!(read(header), None, "{what}: {header}");
    }
}

#[test]
fn a_header_of_version_00_is_read_and_space_around_it_is_not_part_of_it() {
    for header in [
        "00-TRACE-SPAN-01",
        " 00-TRACE-SPAN-01",
        "\t 00-TRACE-SPAN-01 \t",
    ] {
        let expected = format!("00-{TRACE}-{SPAN}-01");
        assert_eq!(read(header), Some(expected), "{header:?}");
    }
    let least = "00-00000000000000000000000000000001-0000000000000001-00";
    assert_eq!(read(least).as_deref(), Some(least));
}

#[test]
fn two_flags_are_read_and_all_others_are_set_to_zero() {
    for flags in 0..=255_u8 {
        let written = read(&format!("00-TRACE-SPAN-{flags:02x}"));
        let expected = format!("00-{TRACE}-{SPAN}-{:02x}", flags & 3);
        assert_eq!(written, Some(expected), "{flags:02x}");
    }
}

#[test]
fn a_later_version_is_read_as_far_as_it_is_known_and_written_as_version_00() {
    for version in ["01", "0a", "cc", "fe"] {
        for (behind, valid) in [
            ("-01", true),
            ("-01-", true),
            ("-01-what-will-be", true),
            ("-01-\u{e9}", true),
            ("-f1", true),
            ("-01.what-will-be", false),
            ("-011", false),
            ("-01,", false),
            ("-0", false),
            ("-0x-more", false),
            ("-0A", false),
            ("", false),
            (".01", false),
        ] {
            let written = read(&format!("{version}-TRACE-SPAN{behind}"));
            let expected = valid.then(|| format!("00-{TRACE}-{SPAN}-01"));
            assert_eq!(written, expected, "{version} {behind}");
        }
        for ids in [
            "00000000000000000000000000000000-SPAN",
            "TRACE-0000000000000000",
            "4BF92F3577B34DA6A3CE929D0E0E4736-SPAN",
            "TRACE0-SPAN",
            "TRACE_SPAN",
        ] {
            assert_eq!(read(&format!("{version}-{ids}-01-more")), None, "{ids}");
        }
    }
}
