//! Tests of the record: everything is counted once, in its part and its second.

use super::*;

const FAST: Duration = Duration::from_micros(300);

fn record(targets: &[&str]) -> (Record, Instant) {
    let record = Record::new(targets.iter().map(ToString::to_string).collect());
    let began = Instant::now();
    record.begin(began);
    (record, began)
}

fn end(outcome: Outcome) -> End {
    End {
        outcome,
        response: FAST,
        service: Some(FAST),
        lateness: Some(FAST),
        attempts: 1,
    }
}

#[test]
fn a_second_is_mixed_when_one_instance_rejects_and_another_serves() {
    let (record, began) = record(&["A", "B", "C"]);
    for (target, outcome, second) in [
        (0, Outcome::FastFail, 0),
        (0, Outcome::Ok, 0),
        (1, Outcome::FastFail, 1),
        (2, Outcome::Ok, 1),
        (2, Outcome::DownstreamError, 2),
        (1, Outcome::FastFail, 2),
    ] {
        let now = began + Duration::from_secs(second);
        record.end(target, 0, &end(outcome), now);
    }

    let mixed = record.mixed_seconds();

    assert_eq!(mixed.count, 1);
    assert_eq!(mixed.first, Some((1, 1, 2)));
}

#[test]
fn every_request_is_counted_once_in_all_places() {
    let (record, began) = record(&["A"]);
    for outcome in Outcome::ALL {
        record.plan(0, 0, began);
        record.end(0, 0, &end(outcome), began);
    }

    let (planned, targets, seconds) = record.results();

    assert_eq!(planned, Outcome::ALL.len() as u64);
    let part = &targets[0].parts[0];
    for outcomes in [
        &part.outcomes,
        &seconds[0].targets[0].outcomes,
        &record.figures(0),
    ] {
        outcomes.check().unwrap();
        assert!(Outcome::ALL.iter().all(|&outcome| outcomes[outcome] == 1));
    }
    let never = Outcome::ALL.into_iter().filter(|it| it.never_came());
    assert_eq!(part.response.count(), Outcome::ALL.len() as u64);
    assert_eq!(part.response.never(), never.count() as u64);
    assert_eq!((part.ok.count(), part.fast_fail.count()), (1, 1));
    let second = &seconds[0].targets[0];
    assert_eq!(second.p99_s, Some(f64::INFINITY), "what never came");
    assert!(second.p50_s.unwrap().is_finite());
    assert!(second.ok_p99_s.unwrap() < 0.01);
}

#[test]
fn quiet_seconds_are_there_and_only_an_hour_is_kept() {
    let (record, began) = record(&["A"]);
    for second in [0, 3, 100_000] {
        record.plan(0, 0, began + Duration::from_secs(second));
    }

    let (_, _, seconds) = record.results();

    assert_eq!(seconds.len(), 3600);
    assert_eq!(seconds.last().unwrap().second, 100_000);
    assert!(
        seconds
            .windows(2)
            .all(|pair| pair[0].second + 1 == pair[1].second)
    );
}
