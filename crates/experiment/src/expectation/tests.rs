//! Tests of expectations: each is read as it is meant, and senseless ones are refused.

use super::*;

struct Fixed(Option<f64>);

impl Figures for Fixed {
    fn value(&self, _figure: &Figure) -> Option<f64> {
        self.0
    }
}

fn read(text: &str) -> Expectation {
    text.parse().unwrap()
}

#[test]
fn figures_targets_phases_and_units_are_read() {
    for (text, name, target, phase, limit) in [
        ("p99(B) < 250ms", "p99", Some("B"), None, 0.25),
        ("p99.9 <= 1.5 s", "p99.9", None, None, 1.5),
        (
            "fast_fail_ratio(A, phase=outage) >= 90%",
            "fast_fail_ratio",
            Some("A"),
            Some("outage"),
            0.9,
        ),
        (
            "ok_ratio(phase=\"partial failure\")>0.5",
            "ok_ratio",
            None,
            Some("partial failure"),
            0.5,
        ),
        ("shed == 0", "shed", None, None, 0.0),
        ("goodput > 80/s", "goodput", None, None, 80.0),
        ("amplification < 1.1", "amplification", None, None, 1.1),
        (
            "every instance closed within 10 s of recovery",
            "recovery_delay_max",
            None,
            None,
            10.0,
        ),
        (
            "instance B closed within 500ms of recovery",
            "recovery_delay_max",
            Some("B"),
            None,
            0.5,
        ),
    ] {
        let expectation = read(text);
        let figure = expectation.figure();
        assert_eq!(figure.definition.name, name, "{text}");
        assert_eq!(figure.target.as_deref(), target, "{text}");
        assert_eq!(figure.phase.as_deref(), phase, "{text}");
        assert!((expectation.limit() - limit).abs() < 1e-12, "{text}");
        assert_eq!(expectation.to_string(), text);
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_way_out() {
    for (text, why) in [
        ("", "write FIGURE OP LIMIT"),
        ("p99", "write FIGURE OP LIMIT"),
        ("p98 < 1s", "did you mean `p99`?"),
        ("fastfail_ratio > 0.1", "did you mean `fast_fail_ratio`?"),
        (
            "detection_delay < 1s",
            "any more; write detection_delay_p50 or detection_delay_p90",
        ),
        ("p99 < 250", "a time with a unit, such as 250ms"),
        ("p99 < soon", "must begin with a number"),
        ("p99(B < 1s", "the parenthesis is not closed"),
        ("p99(B, C) < 1s", "must be given once"),
        ("p99(shard=3) < 1s", "a target, or phase=NAME"),
        ("ok_ratio > 90", "a share from 0 to 1"),
        ("ok_ratio > 120 %", "a share from 0 to 1"),
        ("shed < 1s", "a number without a unit"),
        (
            "some instance closed within 3 s of recovery",
            "every instance",
        ),
    ] {
        let error = text.parse::<Expectation>().unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn parts_that_are_not_there_are_named_before_the_run() {
    let known = Known {
        targets: vec!["A", "B"],
        ..Known::default()
    };
    let refused = |text: &str| read(text).check(&known).unwrap_err();

    assert!(read("p99(B) < 1s").check(&known).is_ok());
    assert!(refused("p99(D) < 1s").ends_with("no target `D`; there are A, B"));
    assert!(refused("p99(phase=x) < 1s").ends_with("no phase `x`; there are none"));
    assert!(refused("flaps > 1").contains("is a figure of breakers"));
}

#[test]
fn times_of_one_of_many_targets_are_refused_before_the_run_as_they_are_kept_for_all_together() {
    let checked = |text: &str, times_together| {
        let known = Known {
            targets: vec!["A", "B"],
            fleet: true,
            times_together,
            ..Known::default()
        };
        read(text).check(&known)
    };

    assert!(checked("p99(B) < 1s", false).is_ok());
    let refusal = checked("p99(B) < 1s", true).unwrap_err();
    assert!(refusal.contains("leave the target out"), "{refusal}");
    for held in ["p99 < 1s", "ok_ratio(B) > 0", "detection_delay_p50(B) < 1s"] {
        assert!(checked(held, true).is_ok(), "{held}");
    }
}

#[test]
fn every_comparison_is_exact_at_its_limit() {
    for (sign, below, at, above) in [
        ("<", true, false, false),
        ("<=", true, true, false),
        (">", false, false, true),
        (">=", false, true, true),
        ("==", false, true, false),
        ("!=", true, false, true),
    ] {
        let expectation = read(&format!("shed {sign} 5"));
        let held = |value| expectation.judge(&Fixed(Some(value))).held;
        assert_eq!(
            (held(4.0), held(5.0), held(6.0)),
            (below, at, above),
            "{sign}"
        );
    }
}

#[test]
fn what_was_not_measured_does_not_hold() {
    for text in ["p99 < 1s", "p99 > 1s", "p99 != 1s"] {
        for value in [None, Some(f64::NAN)] {
            let verdict = read(text).judge(&Fixed(value));
            assert!(!verdict.held);
            assert_eq!(verdict.shown, "not measured");
        }
    }
}

#[test]
fn figures_are_shown_with_three_digits_and_a_unit() {
    for (unit, value, shown) in [
        (Unit::Seconds, 0.000_123, "123 µs"),
        (Unit::Seconds, 0.012_34, "12.3 ms"),
        (Unit::Seconds, 0.0, "0 s"),
        (Unit::Seconds, 1.234, "1.23 s"),
        (Unit::Seconds, 9.999, "10.0 s"),
        (Unit::Share, 0.125, "12.5 %"),
        (Unit::Count, 12.0, "12"),
        (Unit::Factor, 2.961, "2.96"),
        (Unit::PerSecond, 299.7, "300/s"),
        (Unit::Seconds, f64::INFINITY, "never"),
        (Unit::Delay, f64::INFINITY, "not reached"),
        (Unit::Delay, 1.234, "1.23 s"),
        (Unit::Expected, 12.34, "12.3"),
        (Unit::Expected, 649.2, "649"),
    ] {
        assert_eq!(unit.show(value), shown);
    }
}

#[test]
fn a_figure_alone_reads_back_as_it_is_shown() {
    for text in [
        "p99",
        "p99(B)",
        "flaps(phase=outage)",
        "p99.9(A, phase=outage)",
    ] {
        assert_eq!(text.parse::<Figure>().unwrap().to_string(), text);
    }
}

/// The rows that the documentation must have for the figures of one source.
fn rows(source: Source) -> String {
    let of = CATALOGUE.iter().filter(|known| known.source == source);
    let rows = of.map(|known| {
        let unit = match known.unit {
            Unit::Seconds => "seconds",
            Unit::Delay => "seconds, or not reached",
            Unit::Share => "share",
            Unit::Expected => "expected count",
            Unit::Count => "count",
            Unit::Factor => "factor",
            Unit::PerSecond => "per second",
        };
        format!("| `{}` | {unit} | {} |", known.name, known.about)
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_documentation_lists_every_figure() {
    let page = include_str!("../../../../docs/experiments.md");

    for source in [Source::Load, Source::Fleet, Source::Coordination] {
        let rows = rows(source);
        assert!(page.contains(&rows), "docs/experiments.md needs:\n{rows}");
    }
}

#[test]
fn a_figure_has_no_part_that_it_is_not_measured_of() {
    for (text, why) in [
        ("divergence_share(A) < 0.5", "leave the instance out"),
        ("state_divergence_share(A) < 0.5", "leave the instance out"),
        ("mixed_seconds_share(A) < 0.5", "leave the instance out"),
        ("mixed_seconds_share(phase=b) < 0.5", "leave the phase out"),
        ("downstream_calls(phase=b) > 5", "leave the phase out"),
    ] {
        let error = text.parse::<Expectation>().unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
    assert!(
        "divergence_share(phase=b) < 0.5"
            .parse::<Expectation>()
            .is_ok()
    );
    assert!("downstream_calls(A) > 5".parse::<Expectation>().is_ok());
}

#[test]
fn a_recovery_within_less_than_no_time_is_refused() {
    let error = "every instance closed within -3 s of recovery".parse::<Expectation>();
    assert!(error.unwrap_err().contains("never"));
}
