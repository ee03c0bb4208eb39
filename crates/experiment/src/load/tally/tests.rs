//! Tests of the tally: everything is counted once, in its part and its second.

use super::*;

const FAST: Duration = Duration::from_micros(300);

fn tally(targets: &[&str], detail: Detail) -> Tally {
    let names = targets.iter().map(ToString::to_string).collect();
    Tally::new(names, &Phases::default(), detail)
}

fn end(outcome: ClientOutcome) -> End {
    End {
        outcome,
        response: FAST,
        service: Some(FAST),
        lateness: Some(FAST),
        attempts: 1,
    }
}

fn result(tally: Tally) -> LoadResult {
    let profile = Profile::default();
    let digest = crate::load::Schedule::new(1, &profile, &["A"]).digest();
    tally.into_result(&Performed {
        seed: 1,
        digest,
        profile: &profile,
        phases: &Phases::default(),
        duration: Duration::from_secs(3),
        cut_short: false,
        own_shortage: None,
    })
}

#[test]
fn a_second_is_mixed_when_one_target_rejects_and_another_serves() {
    for detail in [Detail::EachTarget, Detail::Together] {
        let mut tally = tally(&["A", "B", "C"], detail);
        for (target, outcome, second) in [
            (0, ClientOutcome::FastFail, 0),
            (0, ClientOutcome::Ok, 0),
            (1, ClientOutcome::FastFail, 1),
            (2, ClientOutcome::Ok, 1),
            (2, ClientOutcome::DownstreamError, 2),
            (1, ClientOutcome::FastFail, 2),
        ] {
            tally.end(target, 0, &end(outcome), Duration::from_secs(second));
        }

        let mixed = tally.mixed_seconds();

        assert_eq!((mixed.count, mixed.first), (1, Some((1, 1, 2))));
    }
}

#[test]
fn a_mixed_second_counts_as_one_of_the_whole_seconds_when_it_is_over() {
    let mut tally = tally(&["A", "B"], Detail::EachTarget);
    let at = Duration::from_millis(1_200);
    tally.end(0, 0, &end(ClientOutcome::FastFail), at);
    tally.end(1, 0, &end(ClientOutcome::Ok), at);

    let mut whole = |millis| tally.whole_mixed_seconds(Duration::from_millis(millis));

    assert_eq!(whole(1_999).count, 0);
    assert_eq!(whole(2_000).count, 1);
    assert_eq!(whole(2_000).first, Some((1, 0, 1)));
}

/// The last answers come after the time of the run, and the rest of a second at its end is none.
#[test]
fn a_second_that_was_not_whole_when_the_time_was_up_is_never_a_mixed_one() {
    let mut tally = tally(&["A", "B"], Detail::EachTarget);
    let at = Duration::from_millis;
    for millis in [1_200, 2_200] {
        tally.end(0, 0, &end(ClientOutcome::FastFail), at(millis));
        tally.end(1, 0, &end(ClientOutcome::Ok), at(millis));
    }

    tally.close(at(2_500));
    tally.end(0, 0, &end(ClientOutcome::FastFail), at(3_100));
    tally.end(1, 0, &end(ClientOutcome::Ok), at(3_100));

    assert_eq!(tally.whole_mixed_seconds(at(4_200)).count, 1);
}

/// The pair by its definition: the first target that rejects beside another one that serves.
fn pair(rejecting: &[usize], serving: &[usize]) -> Option<(usize, usize)> {
    let (mut rejecting, mut serving) = (rejecting.to_vec(), serving.to_vec());
    rejecting.sort_unstable();
    serving.sort_unstable();
    rejecting.iter().find_map(|one| {
        let other = serving.iter().find(|other| *other != one)?;
        Some((*one, *other))
    })
}

proptest::proptest! {
    #[test]
    fn the_pair_of_a_mixed_second_is_the_first_one_in_any_order(
        rejecting in proptest::collection::vec(0_usize..5, 0..6),
        serving in proptest::collection::vec(0_usize..5, 0..6),
    ) {
        let mut tally = tally(&["A", "B", "C", "D", "E"], Detail::Together);
        for (targets, outcome) in [(&rejecting, ClientOutcome::FastFail), (&serving, ClientOutcome::Ok)] {
            for target in targets {
                tally.end(*target, 0, &end(outcome), Duration::ZERO);
            }
        }

        let found = tally.mixed_seconds().first.map(|(_, one, other)| (one, other));

        proptest::prop_assert_eq!(found, pair(&rejecting, &serving));
    }
}

#[test]
fn every_request_is_counted_once_in_all_places() {
    let mut tally = tally(&["A"], Detail::EachTarget);
    for outcome in ClientOutcome::ALL {
        tally.plan(0, 0, Duration::ZERO);
        tally.end(0, 0, &end(outcome), Duration::ZERO);
    }
    let outcomes = tally.outcomes(0);

    let result = result(tally);

    result.check().unwrap();
    assert_eq!(result.planned, ClientOutcome::ALL.len() as u64);
    let part = &result.targets[0].parts[0];
    let second = &result.seconds[0].targets[0];
    for outcomes in [&part.outcomes, &second.outcomes, &outcomes] {
        outcomes.check().unwrap();
        assert!(
            ClientOutcome::ALL
                .iter()
                .all(|&outcome| outcomes[outcome] == 1)
        );
    }
    let never = ClientOutcome::ALL.into_iter().filter(|it| it.never_came());
    assert_eq!(part.response.count(), ClientOutcome::ALL.len() as u64);
    assert_eq!(part.response.never(), never.count() as u64);
    assert_eq!((part.ok.count(), part.fast_fail.count()), (1, 1));
    assert_eq!(second.p99_s, Some(f64::INFINITY), "what never came");
    assert!(second.p50_s.unwrap().is_finite());
    assert!(second.ok_p99_s.unwrap() < 0.01);
}

#[test]
fn targets_together_have_the_figures_of_targets_one_by_one() {
    let [each, together] = [Detail::EachTarget, Detail::Together].map(|detail| {
        let mut tally = tally(&["A", "B", "C"], detail);
        for number in 0..300_u32 {
            let outcome = ClientOutcome::ALL[number as usize % ClientOutcome::ALL.len()];
            let (target, at) = (number as usize % 3, Duration::from_millis(10) * number);
            let end = End {
                response: Duration::from_micros(u64::from(number * number)),
                ..end(outcome)
            };
            if number == 200 {
                tally.close(at);
            }
            tally.plan(target, 0, at);
            tally.end(target, 0, &end, at);
        }
        result(tally)
    });

    together.check().unwrap();
    assert_eq!(together.figures, each.figures);
    assert_eq!(together.part(None, None), each.part(None, None));
    for (one, other) in together.targets.iter().zip(&each.targets) {
        assert_eq!(one.parts[0].outcomes, other.parts[0].outcomes);
        assert_eq!(
            one.figures["planned"].to_bits(),
            other.figures["planned"].to_bits()
        );
        assert!(
            !one.figures.contains_key("p99"),
            "it is not measured for each"
        );
    }
    for (one, other) in together.seconds.iter().zip(&each.seconds) {
        let all = one.all.as_ref().unwrap();
        let planned = other.targets.iter().map(|it| it.outcomes.planned());
        assert_eq!(all.outcomes.planned(), planned.sum::<u64>());
        assert!(one.targets.is_empty() && other.all.is_none());
    }
    assert_eq!(together.seconds.len(), each.seconds.len());
}

#[test]
fn more_than_64_targets_are_kept_together() {
    assert_eq!(Detail::of(1), Detail::EachTarget);
    assert_eq!(Detail::of(64), Detail::EachTarget);
    assert_eq!(Detail::of(65), Detail::Together);
}

#[test]
fn quiet_seconds_are_there_and_only_an_hour_is_kept() {
    let mut tally = tally(&["A"], Detail::EachTarget);
    for second in [0, 3, 100_000] {
        tally.plan(0, 0, Duration::from_secs(second));
    }

    let seconds = result(tally).seconds;

    assert_eq!(seconds.len(), 3600);
    assert_eq!(seconds.last().unwrap().second, 100_000);
    assert!(
        seconds
            .windows(2)
            .all(|pair| pair[0].second + 1 == pair[1].second)
    );
}
