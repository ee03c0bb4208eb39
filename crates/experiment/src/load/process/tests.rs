//! Tests of arrival processes, whose gaps must follow their laws.

use std::f64::consts::{LN_2, LN_10};

use super::*;
use crate::chance::stream;

fn gaps(text: &str, seed: u64) -> Gaps {
    let process: ArrivalProcess = text.parse().unwrap();
    process.check().unwrap();
    Gaps::new(process, stream(seed, "arrivals"))
}

/// Variance over mean of the counts in intervals of `length` units.
fn dispersion(text: &str, length: f64, intervals: u32) -> f64 {
    let mut gaps = gaps(text, 11);
    let mut at = gaps.next();
    let counts = (1..=intervals).map(|interval| {
        let mut count = 0.0;
        while at < f64::from(interval) * length {
            count += 1.0;
            at += gaps.next();
        }
        count
    });
    let counts: Vec<f64> = counts.collect();
    let mean = counts.iter().sum::<f64>() / f64::from(intervals);
    assert!((mean / length - 1.0).abs() < 0.03, "{text}: mean {mean}");
    let variance = counts
        .iter()
        .map(|count| (count - mean) * (count - mean))
        .sum::<f64>();
    variance / f64::from(intervals) / mean
}

#[test]
fn counts_are_dispersed_as_theory_has_it() {
    // Long intervals: constant 0, Poisson 1, gamma 1 / shape.
    for (text, expected, tolerance) in [
        ("constant", 0.0, 1e-9),
        ("poisson", 1.0, 0.05),
        ("gamma:0.5", 2.0, 0.15),
        ("gamma:4", 0.25, 0.02),
        ("gamma:1", 1.0, 0.05),
    ] {
        let found = dispersion(text, 100.0, 20_000);
        assert!((found - expected).abs() <= tolerance, "{text}: {found}");
    }
}

#[test]
fn bursts_disperse_as_a_markov_modulated_poisson_process_does() {
    let (factor, share, requests) = (4.0, 0.1, 40.0);
    let found = dispersion("bursty:factor=4,share=0.1,requests=40", 5000.0, 4000);

    // Fischer and Meier-Hellstern, The MMPP cookbook (1993), for long intervals and a mean rate of 1.
    let calm = (1.0 - share * factor) / (1.0 - share);
    let leave_burst = factor / requests;
    let enter_burst = leave_burst * share / (1.0 - share);
    let all: f64 = leave_burst + enter_burst;
    let expected =
        1.0 + 2.0 * leave_burst * enter_burst * libm::pow(factor - calm, 2.0) / libm::pow(all, 3.0);
    assert!(expected > 5.0, "{expected}");
    assert!(
        (found / expected - 1.0).abs() < 0.08,
        "{found}, not {expected}"
    );
}

#[test]
fn gaps_have_the_quantiles_of_their_distribution() {
    for (text, quantiles) in [
        // −ln(1 − q).
        (
            "poisson",
            [(0.1, 0.105_36), (0.5, LN_2), (0.9, LN_10), (0.99, 4.605_17)],
        ),
        // Half of χ² with one degree of freedom, over 1/2.
        (
            "gamma:0.5",
            [
                (0.1, 0.015_79),
                (0.5, 0.454_94),
                (0.9, 2.705_54),
                (0.99, 6.634_90),
            ],
        ),
        // χ² with eight degrees of freedom, over 8.
        (
            "gamma:4",
            [
                (0.1, 0.436_19),
                (0.5, 0.918_01),
                (0.9, 1.670_20),
                (0.99, 2.511_28),
            ],
        ),
    ] {
        let mut gaps = gaps(text, 3);
        let mut found: Vec<f64> = (0..200_000).map(|_| gaps.next()).collect();
        found.sort_by(f64::total_cmp);
        for (quantile, expected) in quantiles {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an index below 200,000"
            )]
            let at = found[(quantile * 200_000.0) as usize];
            assert!(
                (at / expected - 1.0).abs() < 0.03,
                "{text} {quantile}: {at}"
            );
        }
    }
}

#[derive(Debug, Deserialize)]
struct File {
    process: ArrivalProcess,
}

#[test]
fn processes_read_back_as_they_are_shown_and_as_tables() {
    for text in [
        "constant",
        "poisson",
        "gamma:shape=0.25",
        "bursty:factor=5,requests=200,share=0.1",
    ] {
        let process: ArrivalProcess = text.parse().unwrap();
        assert_eq!(process.to_string(), text);
        let json = serde_json::to_string(&process).unwrap();
        assert_eq!(
            serde_json::from_str::<ArrivalProcess>(&json).unwrap(),
            process
        );
    }
    let table: ArrivalProcess = serde_json::from_str(r#"{"gamma": {"shape": 2}}"#).unwrap();
    assert_eq!(table, ArrivalProcess::Gamma { shape: 2.0 });
    let file: File = crate::reading::parse_toml("process = { bursty = { factor = 2 } }").unwrap();
    assert_eq!(
        file.process.to_string(),
        "bursty:factor=2,requests=100,share=0.1"
    );
}

#[test]
fn what_is_no_process_is_refused_with_what_is_meant_or_allowed() {
    let error = |text: &str| text.parse::<ArrivalProcess>().unwrap_err();
    assert!(
        error("poison").contains("did you mean `poisson`?"),
        "{}",
        error("poison")
    );
    assert!(
        error("gamma").contains("the key `shape` is missing"),
        "{}",
        error("gamma")
    );
    assert!(error("bursty:factr=2").contains("did you mean `factor`?"));
    assert!(error("").contains("write constant, poisson"));
    for text in [
        "gamma:0",
        "gamma:NaN",
        "bursty:factor=0.5",
        "bursty:factor=5,share=0.5",
    ] {
        let refused = text
            .parse::<ArrivalProcess>()
            .and_then(|it| it.check())
            .unwrap_err();
        assert!(
            refused.contains("shape") || refused.contains("must be"),
            "{refused}"
        );
    }
}
