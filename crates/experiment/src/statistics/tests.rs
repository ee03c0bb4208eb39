//! Tests of every function against published values, or values that scipy 1.17.1 and lifelines computed.

#![expect(
    clippy::approx_constant,
    clippy::float_cmp,
    clippy::excessive_precision,
    reason = "values as they were published or computed, some of them exact"
)]

use super::distance::kolmogorov_smirnov;
use super::family::holm;
use super::rank::{rank_sums, signed_ranks};
use super::survival::{Delay, Survival};
use super::*;
use crate::chance::Draw;

#[track_caller]
fn assert_near(value: f64, expected: f64, error: f64) {
    assert!(
        (value - expected).abs() <= error,
        "{value} is not {expected} ± {error}"
    );
}

/// Draws of the standard normal distribution (Box and Muller, 1958).
fn normals(seed: u64, count: usize) -> Vec<f64> {
    let draw = Draw::new(seed);
    let one = |number: u64| {
        let radius = (-2.0 * libm::log(1.0 - draw.with("r").number(number).share())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * draw.with("a").number(number).share())
    };
    (0..count as u64).map(one).collect()
}

#[test]
fn quantiles_of_students_distribution_are_those_of_the_tables() {
    // scipy.stats.t.ppf; the first six are also in any printed table.
    let known = [
        (0.975, 1.0, 12.706_204_736_174_694),
        (0.975, 2.0, 4.302_652_729_749_462),
        (0.975, 4.0, 2.776_445_105_197_793_4),
        (0.975, 9.0, 2.262_157_162_798_205),
        (0.975, 19.0, 2.093_024_054_408_308_7),
        (0.975, 29.0, 2.045_229_642_132_703),
        (0.975, 120.0, 1.979_930_405_082_440_2),
        (0.995, 7.5, 3.421_422_688_124_044),
        (0.975, 3.3, 3.024_874_461_840_807),
        (0.95, 1000.0, 1.646_378_817_285_464_3),
    ];
    for (probability, freedom, quantile) in known {
        let relative = t_quantile(probability, freedom) / quantile;
        assert_near(relative, 1.0, 1e-9);
    }
    assert_near(normal_two_sided(1.959_963_984_540_054), 0.05, 1e-12);
}

#[test]
fn a_mean_and_its_interval_are_those_of_a_worked_example() {
    // Student's own data (1908): additional hours of sleep of ten patients with two drugs; the textbook's interval
    // of the mean difference is 0.70 to 2.46.
    let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let pairs: Vec<_> = first.into_iter().zip(second).collect();

    let difference = paired_difference(&pairs).unwrap();
    let interval = difference.interval.unwrap();

    assert_near(difference.mean, 1.58, 1e-12);
    assert_near(interval.low, 0.700_114_2, 1e-6);
    assert_near(interval.high, 2.459_885_8, 1e-6);
    assert_near(Summary::of(&first).unwrap().sd, 1.789_010, 1e-6);
}

#[test]
fn a_difference_without_pairs_has_the_interval_of_welch() {
    // scipy.stats.ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    let first = [3.1, 2.7, 3.6, 2.9, 3.3, 4.0, 2.2];
    let second = [3.9, 4.4, 3.7, 5.1, 4.8];

    let difference = unpaired_difference(&first, &second).unwrap();
    let interval = difference.interval.unwrap();

    assert_near(difference.mean, 1.265_714_285_714_286_5, 1e-12);
    assert_near(interval.low, 0.480_762_167_133_134_24, 1e-9);
    assert_near(interval.high, 2.050_666_404_295_439_8, 1e-9);
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    assert_eq!(Summary::of(&[]), None);
    assert_eq!(Summary::of(&[1.0, f64::INFINITY]), None);
    assert_eq!(Summary::of(&[1.0]).unwrap().interval(), None);
    assert_eq!(paired_difference(&[(1.0, 3.0)]).unwrap().interval, None);
    assert_eq!(
        unpaired_difference(&[1.0], &[3.0, 4.0]).unwrap().interval,
        None
    );
    assert_eq!(median(&[]), None);
    assert_eq!(
        median(&[f64::INFINITY, 1.0, f64::INFINITY]),
        Some(f64::INFINITY)
    );
    assert_eq!(median(&[1.0, 2.0, 4.0, f64::INFINITY]), Some(3.0));
    assert_eq!(signed_ranks(&[]).p, 1.0);
    assert_eq!(rank_sums(&[], &[1.0]).p, 1.0);
}

#[test]
fn an_interval_holds_the_true_mean_in_95_of_100_samples() {
    let samples = 2_000_u16;
    let held = (0..samples).filter(|seed| {
        let sample = normals(u64::from(*seed), 6);
        Summary::of(&sample)
            .unwrap()
            .interval()
            .unwrap()
            .contains(0.0)
    });

    let share = number(held.count()) / f64::from(samples);

    // Three standard errors: 3 · √(0.95 · 0.05 / 2000) = 0.0146.
    assert_near(share, 0.95, 0.0146);
}

#[test]
fn signed_ranks_give_the_published_probability() {
    // Hollander and Wolfe (1973), p. 29: depression scale factor of nine patients before and after a tranquillizer.
    let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
    let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    let pairs: Vec<_> = before.into_iter().zip(after).collect();

    // One-sided 0.019 there; scipy.stats.wilcoxon(method="exact") gives 0.0390625.
    assert_eq!(signed_ranks(&pairs).p, 0.039_062_5);

    // With ties, over all 256 signs: scipy.stats.permutation_test gives 0.0625.
    let tied: Vec<_> = [-1.0, 2.0, 2.0, 3.0, -2.0, 4.0, 4.0, 5.0]
        .map(|it| (0.0, it))
        .into();
    assert_near(signed_ranks(&tied).p, 0.0625, 1e-12);
}

#[test]
fn rank_sums_give_the_published_probability() {
    // Hollander and Wolfe (1973), p. 69: permeability of membranes at term and earlier; one-sided 0.127 there,
    // scipy.stats.mannwhitneyu(method="exact") gives 0.2544 for both sides.
    let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    let earlier = [1.15, 0.88, 0.90, 0.74, 1.21];
    assert_near(rank_sums(&term, &earlier).p, 0.254_412_254_412_254_4, 1e-12);

    // With ties, over all 1716 choices: scipy.stats.permutation_test gives 0.10023.
    let (first, second) = (
        [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0],
        [2.0, 3.0, 4.0, 4.0, 5.0, 5.0],
    );
    assert_near(
        rank_sums(&first, &second).p,
        0.100_233_100_233_100_24,
        1e-12,
    );
}

/// 80 and 70 values, with ties, that scipy was given, too.
fn large_samples() -> [Vec<f64>; 2] {
    let first = (0..80_u16).map(|it| f64::from((it * 37) % 101) / 10.0);
    let second = (0..70_u16).map(|it| f64::from((it * 53) % 97) / 10.0 + 1.0);
    [first.collect(), second.collect()]
}

#[test]
fn beyond_the_exact_count_the_normal_approximation_is_that_of_scipy() {
    let [first, second] = large_samples();
    let pairs: Vec<_> = first.iter().map(|value| (5.5, *value)).collect();

    let (unpaired, paired) = (rank_sums(&first, &second), signed_ranks(&pairs));

    assert!(!unpaired.exact && !paired.exact);
    assert_near(unpaired.p, 0.186_689_062_513_466_3, 1e-9);
    assert_near(paired.p, 0.148_691_764_607_084_05, 1e-9);
}

#[test]
fn what_never_came_is_later_than_all_that_did_and_no_later_than_itself() {
    let never = f64::INFINITY;
    let pairs = [
        (1.0, never),
        (never, never),
        (2.0, never),
        (3.0, 3.0),
        (1.0, 9.0),
    ];

    // Three of five pairs differ, all in one direction: 2 of 8.
    assert_eq!(signed_ranks(&pairs).p, 0.25);
    let test = rank_sums(&[1.0, 2.0, 3.0], &[4.0, never, never]);
    assert_near(test.p, 0.1, 1e-12);
}

#[test]
fn the_least_probability_says_what_so_few_values_can_show() {
    let five: Vec<f64> = (0..5_u8).map(f64::from).collect();
    let pairs: Vec<_> = five.iter().map(|it| (*it, it + 1.0)).collect();

    assert_near(signed_ranks(&pairs).least, 2.0 / 32.0, 1e-12);
    assert_near(rank_sums(&five, &five).least, 2.0 / 252.0, 1e-12);
    assert_eq!(rank_sums(&[1.0], &[2.0]).least, 1.0);
}

#[test]
fn tests_of_the_same_source_find_a_difference_in_at_most_one_of_twenty_cases() {
    let cases = 1_000_u16;
    let found = |test: &dyn Fn(u64) -> f64| {
        let found = (0..u64::from(cases)).filter(|seed| test(*seed) <= 0.05);
        number(found.count()) / f64::from(cases)
    };
    let paired = found(&|seed| {
        let pairs: Vec<_> = normals(2 * seed, 12)
            .into_iter()
            .zip(normals(2 * seed + 1, 12))
            .collect();
        signed_ranks(&pairs).p
    });
    let unpaired = found(&|seed| rank_sums(&normals(2 * seed, 9), &normals(2 * seed + 1, 7)).p);

    // Discrete tests stay below the level: for twelve pairs 0.042 at most. Three standard errors are 0.02.
    for share in [paired, unpaired] {
        assert!((0.02..=0.065).contains(&share), "{paired} {unpaired}");
    }
}

#[test]
fn the_correction_of_holm_is_that_of_a_worked_example() {
    // Holm's procedure on 0.01, 0.04, 0.03, 0.005, as in R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
    let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
    for (value, expected) in corrected.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
        assert_near(value, expected, 1e-12);
    }
    assert_eq!(holm(&[0.5, 0.9]), [1.0, 1.0]);
    assert_eq!(holm(&[]), [0.0; 0]);
}

/// Weeks of remission of 21 patients with 6-MP (Freireich et al., 1963), of whom 12 were cut off.
fn remissions() -> Vec<Delay> {
    let came = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0].map(Delay::Came);
    let cut_off = [
        6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0,
    ]
    .map(Delay::CutOff);
    cut_off.into_iter().chain(came).collect()
}

#[test]
fn the_estimate_of_kaplan_and_meier_is_the_published_one() {
    let survival = Survival::of(&remissions());

    assert_eq!((survival.count(), survival.cut_off()), (21, 12));
    // Cox and Oakes (1984), table 4.1, and lifelines.
    let known = [
        (5.9, 1.0),
        (6.0, 0.857_143),
        (7.0, 0.806_723),
        (10.0, 0.752_941),
        (13.0, 0.690_196),
    ];
    for (time, share) in
        known
            .into_iter()
            .chain([(16.0, 0.627_451), (22.0, 0.537_815), (35.0, 0.448_179)])
    {
        assert_near(survival.beyond(time), share, 1e-6);
    }
    assert_eq!(survival.median(), Some(23.0));
    assert_eq!(survival.quantile(0.2), Some(10.0));
    assert_eq!(survival.quantile(0.9), None);
    // Greenwood's standard error after ten weeks: 0.0963 (Collett, 2003, and R's survfit).
    assert_near(survival.error(10.0), 0.0963, 5e-5);
}

#[test]
fn without_cut_off_delays_the_estimate_is_the_share_of_longer_ones() {
    let delays = [4.0, 1.0, 3.0, 2.0, 3.0].map(Delay::Came);
    let survival = Survival::of(&delays);

    for (time, share) in [(0.5, 1.0), (1.0, 0.8), (2.5, 0.6), (3.0, 0.2), (4.0, 0.0)] {
        assert_near(survival.beyond(time), share, 1e-12);
    }
    assert_eq!(survival.median(), Some(3.0));
    assert_eq!(Survival::of(&[]).median(), None);
    assert_eq!(Survival::of(&[Delay::CutOff(1.0)]).median(), None);
}

#[test]
fn the_distance_of_two_samples_is_that_of_scipy() {
    // scipy.stats.ks_2samp(..., method="exact")
    let first: Vec<f64> = (1..=7_u8).map(f64::from).collect();
    let second: Vec<f64> = (3..=10_u8).map(|it| f64::from(it) + 0.5).collect();
    let distance = kolmogorov_smirnov(&first, &second).unwrap();
    assert_eq!((distance.gap, distance.exact), (0.5, true));
    assert_near(distance.p, 0.192_540_792_540_792_57, 1e-12);

    let [first, second] = large_samples().map(|sample| sample.repeat(2));
    let distance = kolmogorov_smirnov(&first, &second).unwrap();
    assert_near(distance.gap, 0.1, 1e-12);
    assert_near(distance.p, 0.413_591_551_436_645_3, 1e-9);
    assert_eq!(kolmogorov_smirnov(&[], &first), None);
    let same = kolmogorov_smirnov(&first, &first).unwrap();
    assert_eq!((same.gap, same.p), (0.0, 1.0));
}

#[test]
fn for_large_samples_the_distance_has_its_limit_distribution() {
    let first = normals(1, 4_000);
    let second = normals(2, 4_000);

    let distance = kolmogorov_smirnov(&first, &second).unwrap();

    assert!(!distance.exact);
    assert!(distance.p > 0.01, "{distance:?}");
    let shifted: Vec<f64> = second.iter().map(|it| it + 0.1).collect();
    let apart = kolmogorov_smirnov(&first, &shifted).unwrap();
    assert!(apart.p < 0.01, "{apart:?}");
    // λ = gap · √(n m / (n + m)) = 1.36 is the tabled limit for 5 %.
    let gap = 1.358_1 / f64::sqrt(2_000.0);
    assert_near(super::distance::limit(gap * f64::sqrt(2_000.0)), 0.05, 1e-4);
}
