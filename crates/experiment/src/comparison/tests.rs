//! Tests of a comparison, with made-up results.

mod made_up;

use super::*;
use crate::result::{Performer, Versions};
use made_up::{Source, USUAL_SOURCE, result};

fn usual() -> Vec<Figure> {
    USUAL.iter().map(|name| name.parse().unwrap()).collect()
}

fn contrast_of<'a>(comparison: &'a Comparison<'_>, name: &str) -> &'a Contrast {
    let row = comparison.rows.iter().find(|row| row.name() == name);
    let row = row.unwrap_or_else(|| panic!("{name}: {:#?}", comparison.rows));
    row.contrasts[0].as_ref().unwrap()
}

#[test]
fn runs_of_the_same_seeds_are_pairs_and_others_are_not() {
    let first = result(USUAL_SOURCE);
    let same = result(Source {
        luck: 2,
        ..USUAL_SOURCE
    });
    let longer = result(Source {
        luck: 2,
        runs: 30,
        ..USUAL_SOURCE
    });
    let other = result(Source {
        first_seed: 100,
        ..USUAL_SOURCE
    });
    let few_shared = result(Source {
        first_seed: 15,
        ..USUAL_SOURCE
    });

    let comparison = Comparison::of(&[&first, &same, &longer, &other, &few_shared], &usual());

    let pairs: Vec<Option<usize>> = comparison
        .pairings
        .iter()
        .map(|pairing| match pairing {
            Pairing::BySeed(pairs) => Some(pairs.len()),
            Pairing::None => None,
        })
        .collect();
    assert_eq!(pairs, [Some(20), Some(20), None, None]);
    for row in &comparison.rows {
        let runs: Vec<[usize; 2]> = row.contrasts.iter().flatten().map(|it| it.runs).collect();
        assert_eq!(
            runs,
            [[20, 20], [20, 20], [20, 20], [20, 20]],
            "{}",
            row.name()
        );
    }
}

#[test]
fn a_pair_shows_a_difference_that_the_spread_over_seeds_hides() {
    // The delays of one seed have nearly all in common; those of the second are a tenth longer.
    let source = Source {
        common: 0.97,
        ..USUAL_SOURCE
    };
    let (first, longer) = (
        result(source),
        result(Source {
            luck: 2,
            delay_s: 2.2,
            ..source
        }),
    );
    let elsewhere = result(Source {
        luck: 2,
        delay_s: 2.2,
        first_seed: 500,
        ..source
    });
    let figures = usual();

    let paired = Comparison::of(&[&first, &longer], &figures);
    let unpaired = Comparison::of(&[&first, &elsewhere], &figures);

    let contrast = contrast_of(&paired, "detection_delay_p50");
    assert!(contrast.is_marked(), "{contrast:?}");
    let interval = contrast.difference.unwrap().interval.unwrap();
    assert!(interval.low > 0.0 && interval.high < 0.5, "{interval:?}");
    assert!(!contrast_of(&unpaired, "detection_delay_p50").is_marked());
    assert!(!contrast_of(&paired, "downstream_calls").is_marked());
}

#[test]
fn a_scenario_compared_with_itself_is_marked_in_at_most_one_of_twenty_comparisons() {
    let figures = usual();
    for shared in [true, false] {
        let (mut marked, mut any, mut tested) = (0, 0, 0);
        for number in 0..200_u64 {
            let source = Source {
                runs: 10,
                common: 0.5,
                delay_s: 4.0,
                ..USUAL_SOURCE
            };
            let first = result(Source {
                first_seed: 100 * number,
                luck: 2 * number,
                ..source
            });
            let again = 100 * number + if shared { 0 } else { 50 };
            let second = result(Source {
                first_seed: again,
                luck: 2 * number + 1,
                ..source
            });

            let comparison = Comparison::of(&[&first, &second], &figures);

            let contrasts = comparison.rows.iter().map(|row| row.contrasts[0].unwrap());
            let marks = contrasts.filter(Contrast::is_marked).count();
            marked += marks;
            any += usize::from(marks > 0);
            tested += comparison.tests;
        }
        assert!(tested > 200 * 8, "{tested}");
        assert!(marked * 20 <= tested, "{marked} of {tested}");
        // Holm bounds even the comparisons with any mark: 5 %, here with three standard errors.
        assert!(any <= 10 + 9, "{any} of 200");
    }
}

#[test]
fn without_the_correction_far_more_would_be_marked() {
    let figures = usual();
    let mut any = [0, 0];
    for number in 0..60_u64 {
        let source = Source {
            runs: 8,
            luck: number,
            ..USUAL_SOURCE
        };
        let first = result(Source {
            first_seed: 100 * number,
            ..source
        });
        let second = result(Source {
            first_seed: 100 * number + 50,
            ..source
        });

        let comparison = Comparison::of(&[&first, &second], &figures);

        let contrasts = || comparison.rows.iter().map(|row| row.contrasts[0].unwrap());
        any[0] += usize::from(contrasts().any(|it| it.is_marked()));
        any[1] += usize::from(contrasts().any(|it| it.test.p <= LEVEL));
    }
    assert!(any[1] > 3 * any[0] && any[1] > 12, "{any:?}");
}

#[test]
fn what_is_compared_in_pairs_is_shown_of_pairs() {
    // Seeds 1 to 12, and 7 to 18: six pairs.
    let of = |first_seed| {
        result(Source {
            first_seed,
            runs: 12,
            common: 0.5,
            luck: first_seed,
            ..USUAL_SOURCE
        })
    };
    let (first, second) = (of(1), of(7));

    let comparison = Comparison::of(&[&first, &second], &usual());

    for row in &comparison.rows {
        let Some(contrast) = row.contrasts[0] else {
            continue;
        };
        let Some(difference) = contrast.difference else {
            continue;
        };
        let [one, other] = contrast.estimates.map(|it| it.mean.unwrap());
        let apart = (other - one - difference.mean).abs();
        assert!(apart < 1e-9, "{}: {contrast:?}", row.name());
        assert_eq!(contrast.runs, contrast.estimates.map(|it| it.count));
    }
}

#[test]
fn a_delay_that_never_came_is_the_latest_and_has_no_mean() {
    // A mean of 15 s means that two of three outages end before they are noticed.
    let (first, late) = (
        result(USUAL_SOURCE),
        result(Source {
            delay_s: 30.0,
            ..USUAL_SOURCE
        }),
    );

    let comparison = Comparison::of(&[&first, &late], &usual());

    let contrast = contrast_of(&comparison, "detection_delay_p50");
    assert_eq!(contrast.difference, None);
    assert!(contrast.is_marked(), "{contrast:?}");
    let row = comparison
        .rows
        .iter()
        .find(|row| row.name() == "detection_delay_p50")
        .unwrap();
    let estimate = row.estimates[1].unwrap();
    assert_eq!((estimate.mean, estimate.median), (None, f64::INFINITY));
    assert!(estimate.never > 10, "{estimate:?}");
}

#[test]
fn counts_of_runs_that_lasted_differently_long_are_compared_per_minute() {
    let (short, long) = (
        result(USUAL_SOURCE),
        result(Source {
            duration_s: 400.0,
            luck: 2,
            ..USUAL_SOURCE
        }),
    );
    let mut figures = usual();
    figures.push("wasted_calls(A, phase=all)".parse().unwrap());

    let comparison = Comparison::of(&[&short, &long], &figures);

    // Calls grow with the length, so that there are as many per minute.
    for name in [
        "downstream_calls/min",
        "wasted_calls/min",
        "wasted_calls(A, phase=all)/min",
    ] {
        let contrast = contrast_of(&comparison, name);
        assert!(!contrast.is_marked(), "{name}: {contrast:?}");
    }
    // There is one opening in each run: ten times as many per minute in the short ones.
    let row = comparison
        .rows
        .iter()
        .find(|row| row.name() == "openings/min")
        .unwrap();
    let means: Vec<f64> = row
        .estimates
        .iter()
        .map(|it| it.unwrap().mean.unwrap())
        .collect();
    assert!(
        (means[0] - 3.0).abs() < 1e-9 && (means[1] - 0.3).abs() < 1e-9,
        "{means:?}"
    );
    assert!(
        comparison
            .cautions()
            .iter()
            .any(|it| it.contains("per minute"))
    );
    let alike = Comparison::of(&[&short, &short], &usual());
    assert!(alike.rows.iter().all(|row| !row.per_minute));
}

#[test]
fn void_and_cut_short_runs_are_left_out_and_a_result_without_others_is_not_tested() {
    let first = result(USUAL_SOURCE);
    let mut second = result(Source {
        delay_s: 8.0,
        ..USUAL_SOURCE
    });
    second.repetitions[3].invalid = Some("nobody looked".to_owned());
    second.repetitions[7].cut_short = true;
    let mut void = second.clone();
    void.repetitions
        .iter_mut()
        .for_each(|run| run.cut_short = true);

    let comparison = Comparison::of(&[&first, &second, &void], &usual());

    assert_eq!(comparison.sides[1].left_out, [4, 8]);
    assert_eq!(contrast_of(&comparison, "openings").runs, [18, 18]);
    assert!(comparison.sides[1].is_trusted() && !comparison.sides[2].is_trusted());
    for row in &comparison.rows {
        assert!(
            row.estimates[2].is_some() && row.contrasts[1].is_none(),
            "{}",
            row.name()
        );
    }
}

#[test]
fn what_may_explain_a_difference_beside_the_scenario_is_said() {
    let first = result(USUAL_SOURCE);
    let mut second = first.clone();
    assert_eq!(
        Comparison::of(&[&first, &second], &usual()).cautions(),
        [""; 0]
    );

    second.versions = Versions {
        breaker_lab: "0.2.0".to_owned(),
        build: "debug".to_owned(),
        commit: None,
    };
    second.machine.cores = 64;
    second
        .repetitions
        .iter_mut()
        .for_each(|run| run.performer = Performer::Live);

    let cautions = Comparison::of(&[&first, &second], &usual())
        .cautions()
        .join("\n");
    for words in [
        "a debug build ran [2]",
        "the commit of [2] is unknown",
        "[2] 0.2.0 (",
        "[1] simulated, [2] live",
        "[2] any, 64 cores",
    ] {
        assert!(cautions.contains(words), "{words}: {cautions}");
    }
}

#[test]
fn too_few_runs_are_told_how_many_it_takes() {
    let source = Source {
        runs: 5,
        ..USUAL_SOURCE
    };
    let (first, pairs) = (result(source), result(Source { luck: 2, ..source }));
    let others = result(Source {
        first_seed: 50,
        ..source
    });

    let comparison = Comparison::of(&[&first, &pairs, &others], &usual());

    // 2 · 0.5^n and 2 / (2n over n), times the number of tests, must reach 0.05.
    let tests = f64::from(u32::try_from(comparison.tests).unwrap());
    let paired = comparison.needed(0).unwrap();
    let unpaired = comparison.needed(1).unwrap();
    let exponent = f64::from(u32::try_from(paired).unwrap());
    assert!(2.0 * libm::pow(0.5, exponent) * tests <= LEVEL);
    assert!(2.0 * libm::pow(0.5, exponent - 1.0) * tests > LEVEL);
    assert!((6..=8).contains(&unpaired), "{unpaired}");

    // A single figure takes fewer.
    let single = Comparison::of(&[&first, &others], &["downstream_calls".parse().unwrap()]);
    assert_eq!((single.tests, single.needed(0)), (1, None));
}

#[test]
fn figures_that_are_the_same_in_all_runs_are_not_counted() {
    let first = result(USUAL_SOURCE);

    let comparison = Comparison::of(&[&first, &first], &usual());

    assert_eq!(comparison.tests, 0);
    assert!(
        comparison
            .rows
            .iter()
            .all(|row| !row.contrasts[0].unwrap().is_marked())
    );
    assert_eq!(comparison.needed(0), None);
}
