//! Tests of results: figures follow from the parts, and losses are noticed.

use std::time::Duration;

use super::*;
use crate::expectation::{CATALOGUE, Expectation, Figure, Figures, Source};
use crate::load::Phases;

fn profile(text: &str) -> Profile {
    crate::reading::parse_toml(text).unwrap()
}

/// Two targets, a warm-up and a phase. In each part `n` requests succeed in `n` ms, and one of B fails.
fn result() -> LoadResult {
    let windows = vec!["outage=4s..6s".parse().unwrap()];
    let phases = Phases::new(Duration::from_secs(2), windows).unwrap();
    let mut planned = 0;
    let mut target = |name: &str| {
        let parts = phases.names().into_iter().zip(1..).map(|(phase, n)| {
            let mut part = Part::new(phase);
            for _ in 0..n {
                part.outcomes.plan();
                part.outcomes.count(ClientOutcome::Ok);
                part.time(ClientOutcome::Ok, Duration::from_millis(n), None);
            }
            if name == "B" && phase == "outage" {
                part.outcomes.plan();
                part.outcomes.count(ClientOutcome::FastFail);
                part.time(ClientOutcome::FastFail, Duration::from_micros(200), None);
            }
            part.sent = part.outcomes.planned();
            part.attempts = part.sent + 1;
            planned += part.sent;
            part
        });
        TargetResult {
            name: name.to_owned(),
            reached: true,
            figures: BTreeMap::new(),
            parts: parts.collect(),
        }
    };
    let targets = vec![target("A"), target("B")];
    let mut result = LoadResult {
        schema: SCHEMA.to_owned(),
        seed: 1,
        digest: "0".repeat(16),
        profile: Profile::default(),
        cut_short: false,
        duration_s: 12.0,
        warm_up_s: 2.0,
        planned,
        own_shortage: None,
        figures: BTreeMap::new(),
        phases: phases.windows().to_vec(),
        all: Vec::new(),
        targets,
        seconds: Vec::new(),
        verdicts: Vec::new(),
    };
    result.summarise();
    result
}

#[test]
fn figures_are_those_of_the_target_and_the_phase_that_is_asked_for() {
    let result = result();
    result.check().unwrap();
    for text in [
        "planned == 11",
        "planned(A) == 5",
        "planned(phase=outage) == 5",
        "planned(B, phase=outage) == 3",
        "planned(phase=warm-up) == 2",
        "ok == 10",
        "p50(A, phase=outage) <= 2.01ms",
        "max >= 3ms",
        "ok_p50(A, phase=outage) <= 2.01ms",
        "ok_max >= 3ms",
        "ok_mean(B, phase=warm-up) >= 0.99ms",
        "fast_fail_ratio(B, phase=outage) > 33%",
        "fast_fail_p99(B) <= 201us",
        "goodput == 1/s",
        "goodput(phase=outage) == 2/s",
        "goodput(phase=rest) == 0.75/s",
        "goodput(phase=warm-up) == 1/s",
        "throughput == 1.1/s",
        "amplification(A) == 1.4",
        "failed == 0",
    ] {
        let expectation: Expectation = text.parse().unwrap();
        let verdict = expectation.judge(&result);
        assert!(verdict.held, "{verdict:?}");
    }
    for text in [
        "p99(phase=nowhere) > 0s",
        "service_p50 >= 0s",
        "planned(D) >= 0",
    ] {
        let verdict = text.parse::<Expectation>().unwrap().judge(&result);
        assert_eq!(verdict.shown, "not measured", "{text}");
    }
}

#[test]
fn every_figure_of_the_catalogue_that_the_load_has_is_known() {
    let mut result = result();
    for part in result
        .targets
        .iter_mut()
        .flat_map(|target| &mut target.parts)
    {
        part.service.record(Duration::from_millis(1));
        part.lateness.record(Duration::from_micros(30));
    }
    for definition in CATALOGUE.iter().filter(|it| it.source == Source::Load) {
        let figure = Figure {
            definition,
            target: None,
            phase: None,
        };
        assert!(result.value(&figure).is_some(), "{}", definition.name);
    }
}

#[test]
fn what_never_came_is_in_every_figure_but_those_of_answers() {
    let never = ClientOutcome::ALL.into_iter().filter(|it| it.never_came());
    assert_eq!(never.clone().count(), 4);
    for outcome in never {
        let mut result = result();
        let part = &mut result.targets[1].parts[1];
        part.outcomes.plan();
        part.outcomes.count(outcome);
        part.time(outcome, Duration::from_millis(1), Some(Duration::ZERO));
        result.planned += 1;
        result.summarise();

        for text in ["p99 < 250ms", "p99.9(B) < 1m", "max < 60m", "mean < 60m"] {
            let verdict = text.parse::<Expectation>().unwrap().judge(&result);
            assert!(!verdict.held && verdict.shown == "never", "{verdict:?}");
        }
        for text in ["service_p99 < 1m", "service_max < 1m"] {
            let verdict = text.parse::<Expectation>().unwrap().judge(&result);
            assert_eq!((verdict.held, &*verdict.shown), (false, "never"), "{text}");
        }
        for text in [
            "ok_p99 < 250ms",
            "fast_fail_p99 < 1ms",
            "p50 < 250ms",
            "p99(A) < 4ms",
        ] {
            let verdict = text.parse::<Expectation>().unwrap().judge(&result);
            assert!(verdict.held, "{verdict:?}");
        }
        let text = serde_json::to_string(&result).unwrap();
        assert!(text.contains(r#""max":"inf""#), "{text}");
        let read: LoadResult = serde_json::from_str(&text).unwrap();
        assert!(read.figures["max"].is_infinite());
        assert_eq!(read.part(None, None), result.part(None, None));
    }
}

#[test]
fn a_request_that_is_lost_is_noticed_in_its_part_and_in_all() {
    let mut lost = result();
    lost.targets[1].parts[1].outcomes.plan();
    assert!(
        lost.check()
            .unwrap_err()
            .starts_with("target B, phase outage: 4 requests")
    );

    let mut lost = result();
    lost.planned += 1;
    assert!(
        lost.check()
            .unwrap_err()
            .contains("14 requests were planned, but 13")
    );
}

#[test]
fn what_the_generator_did_not_keep_and_whom_it_did_not_reach_is_said() {
    let mut result = result();
    assert_eq!((result.shortfall(), result.unreachable().len()), (None, 0));

    result.targets[0].reached = false;
    result.targets[0].parts[2]
        .lateness
        .record(Duration::from_millis(80));
    assert!(result.shortfall().unwrap().contains("late by 80"));
    assert_eq!(result.unreachable(), ["A"]);

    result.profile = profile("lateness_limit = \"1s\"");
    result.targets[0].parts[2].outcomes.plan();
    result.targets[0].parts[2]
        .outcomes
        .count(ClientOutcome::Shed);
    assert!(
        result
            .shortfall()
            .unwrap()
            .contains("shed 1 of 12 requests")
    );
    result.profile = profile("lateness_limit = \"1s\"\nshed_limit = 0.1");
    assert_eq!(result.shortfall(), None);
}

#[test]
fn a_shortage_of_the_generator_is_its_own_fault_and_blames_no_target() {
    let mut result = result();
    result.targets[0].reached = false;
    for part in &mut result.targets[0].parts {
        part.outcomes = Outcomes::default();
        part.outcomes.plan();
        part.outcomes.count(ClientOutcome::OwnShortage);
        part.sent = 1;
    }
    result.own_shortage = Some("too many open files".to_owned());

    assert!(result.unreachable().is_empty());
    let shortfall = result.shortfall().unwrap();
    assert!(
        shortfall.ends_with("could not send 2 of 8 requests: too many open files"),
        "{shortfall}"
    );
}

#[test]
fn a_result_reads_back_as_it_is_written() {
    let result = result();
    let text = serde_json::to_string(&result).unwrap();
    let mut read: LoadResult = serde_json::from_str(&text).unwrap();
    // JSON costs figures their last bit; they follow from the parts, which it does not touch.
    read.summarise();
    assert_eq!(read, result);
}
