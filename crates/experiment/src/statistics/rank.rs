//! Tests by ranks: whether two samples can come from the same source, whatever its distribution.
//!
//! Both are permutation tests: they count in how many of the equally likely arrangements the ranks would lie at least
//! as far apart. Ranks of equal values are shared (midranks), and the count uses the actual ranks, so ties need no
//! correction. The count is exact up to [`EXACT`] values. Beyond that, the normal approximation with the correction
//! for ties is used, which is then within 0.002 of the exact count where p is below 0.05.

use super::{normal_two_sided, number, square};

/// Up to this many values in all, the count is exact.
pub const EXACT: usize = 60;

/// The result of a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// How likely it is that chance alone puts the ranks at least this far apart, in either direction.
    pub p: f64,
    /// The smallest p that this number of values can give. If it is above the level of a test, nothing can be found.
    pub least: f64,
    /// Whether p was counted, or approximated.
    pub exact: bool,
}

/// The signed-rank test for pairs (Wilcoxon, 1945): under the hypothesis that both values of a pair come from the
/// same source, each difference is equally likely to have the other sign.
///
/// Pairs without a difference are left out; two values that are both infinite do not differ.
///
/// # Examples
///
/// ```
/// use experiment::statistics::rank::signed_ranks;
///
/// // All of ten differences have the same sign: 2 of 1,024 arrangements are as extreme.
/// let pairs: Vec<(f64, f64)> = (1..=10).map(|n| (0.0, f64::from(n))).collect();
/// assert_eq!(signed_ranks(&pairs).p, 2.0 / 1024.0);
/// ```
pub fn signed_ranks(pairs: &[(f64, f64)]) -> Test {
    let differences: Vec<f64> = pairs
        .iter()
        .map(|(first, second)| second - first)
        .filter(|difference| *difference != 0.0 && !difference.is_nan())
        .collect();
    let sizes: Vec<f64> = differences.iter().map(|it| it.abs()).collect();
    let ranks = doubled_ranks(&sizes);
    let positive = ranks
        .iter()
        .zip(&differences)
        .filter(|(_, difference)| **difference > 0.0);
    let sum: usize = positive.map(|(rank, _)| rank).sum();
    let least = 2.0 * libm::pow(0.5, number(pairs.len()));
    if ranks.is_empty() {
        return Test::nothing(least);
    }
    let (p, exact) = if ranks.len() <= EXACT {
        (two_sided(&sums_of_subsets(&ranks), sum), true)
    } else {
        (subset_by_normal(&ranks, sum), false)
    };
    Test {
        p,
        least: least.min(1.0),
        exact,
    }
}

/// The rank-sum test without pairs (Mann and Whitney, 1947): under the hypothesis that both samples come from the
/// same source, each choice of as many ranks is equally likely.
///
/// # Examples
///
/// ```
/// use experiment::statistics::rank::rank_sums;
///
/// // Five against five that lie wholly apart: 2 of 252 choices are as extreme.
/// let test = rank_sums(&[1.0, 2.0, 3.0, 4.0, 5.0], &[6.0, 7.0, 8.0, 9.0, f64::INFINITY]);
/// assert!((test.p - 2.0 / 252.0).abs() < 1e-12);
/// ```
pub fn rank_sums(first: &[f64], second: &[f64]) -> Test {
    let all: Vec<f64> = first.iter().chain(second).copied().collect();
    let ranks = doubled_ranks(&all);
    let sum: usize = ranks[..first.len()].iter().sum();
    let least = 2.0 / choices(first.len(), second.len());
    if first.is_empty() || second.is_empty() {
        return Test::nothing(1.0);
    }
    let (p, exact) = if all.len() <= EXACT {
        (two_sided(&sums_of_choices(&ranks, first.len()), sum), true)
    } else {
        (choice_by_normal(&ranks, first.len(), sum), false)
    };
    Test {
        p,
        least: least.min(1.0),
        exact,
    }
}

impl Test {
    fn nothing(least: f64) -> Self {
        Self {
            p: 1.0,
            least: least.min(1.0),
            exact: true,
        }
    }
}

/// Twice the rank of each value, from 2; equal values share the mean of their ranks, which is whole when doubled.
fn doubled_ranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let same = |place: &&usize| values[**place].total_cmp(&values[order[from]]).is_eq();
        let count = order[from..].iter().take_while(same).count();
        for place in &order[from..from + count] {
            // Ranks from + 1 to from + count: twice their mean.
            ranks[*place] = 2 * from + count + 1;
        }
        from += count;
    }
    ranks
}

/// The share of all subsets of `ranks` that has each sum.
fn sums_of_subsets(ranks: &[usize]) -> Vec<f64> {
    let mut shares = vec![0.0; ranks.iter().sum::<usize>() + 1];
    shares[0] = 1.0;
    let mut reached = 0;
    for rank in ranks {
        reached += rank;
        for sum in (0..=reached).rev() {
            let without = if sum >= *rank {
                shares[sum - rank]
            } else {
                0.0
            };
            shares[sum] = f64::midpoint(shares[sum], without);
        }
    }
    shares
}

/// The share of all choices of `count` of `ranks` that has each sum.
fn sums_of_choices(ranks: &[usize], count: usize) -> Vec<f64> {
    let total: usize = ranks.iter().sum();
    // The small ones first, so that few sums are possible for long.
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let mut reached = 0;
    // The number of ways to choose `count` with this sum: up to 60 over 30, which a double holds.
    let mut ways = vec![vec![0.0; total + 1]; count + 1];
    ways[0][0] = 1.0;
    for (taken, rank) in sorted.iter().enumerate() {
        reached += rank;
        for chosen in (1..=count.min(taken + 1)).rev() {
            let (fewer, these) = ways.split_at_mut(chosen);
            let fewer = &fewer[chosen - 1];
            for sum in *rank..=reached {
                these[0][sum] += fewer[sum - rank];
            }
        }
    }
    let all: f64 = ways[count].iter().sum();
    ways[count].iter().map(|ways| ways / all).collect()
}

/// How likely the sum of a subset of `ranks` lies at least this far from its middle: the sum of n independent parts,
/// each of which is a rank or nothing.
fn subset_by_normal(ranks: &[usize], sum: usize) -> f64 {
    let total: usize = ranks.iter().sum();
    let squares: f64 = ranks.iter().map(|rank| number(*rank * *rank)).sum();
    normal(sum, number(total) / 2.0, squares / 4.0)
}

/// How likely the sum of `count` of `ranks` lies at least this far from its middle: a choice without replacement, in
/// which the variance of the ranks themselves contains the correction for ties.
fn choice_by_normal(ranks: &[usize], count: usize, sum: usize) -> f64 {
    let (n, all) = (number(count), number(ranks.len()));
    let mean = number(ranks.iter().sum()) / all;
    let squares: f64 = ranks.iter().map(|rank| square(number(*rank) - mean)).sum();
    normal(sum, n * mean, n * (all - n) / (all * (all - 1.0)) * squares)
}

/// How likely a sum lies at least as far from the middle as `sum`, in either direction: twice the smaller tail.
fn two_sided(shares: &[f64], sum: usize) -> f64 {
    let below: f64 = shares[..=sum].iter().sum();
    let above: f64 = shares[sum..].iter().sum();
    (2.0 * below.min(above)).min(1.0)
}

/// The same by the normal distribution, corrected for sums being even numbers at least one doubled rank apart.
fn normal(sum: usize, mean: f64, variance: f64) -> f64 {
    if variance <= 0.0 {
        return 1.0;
    }
    let distance = ((number(sum) - mean).abs() - 1.0).max(0.0);
    normal_two_sided(distance / variance.sqrt())
}

/// The binomial coefficient n + m over n.
fn choices(n: usize, m: usize) -> f64 {
    (1..=n)
        .map(|place| number(m + place) / number(place))
        .product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_count_ends_the_approximation_is_close() {
        let close = |exact: f64, normal: f64| {
            let most = if exact < 0.05 { 0.002 } else { 0.02 };
            assert!((exact - normal).abs() < most, "{exact} {normal}");
        };
        // All sums of 60 ranks, and of 30 of them; ranks with and without ties.
        let plain: Vec<usize> = (1..=EXACT).map(|rank| 2 * rank).collect();
        let tied: Vec<f64> = (0..EXACT).map(|it| number(it / 4)).collect();
        for ranks in [plain, doubled_ranks(&tied)] {
            let subsets = sums_of_subsets(&ranks);
            let choices = sums_of_choices(&ranks, EXACT / 2);
            for sum in (0..subsets.len()).filter(|sum| subsets[*sum] > 0.0) {
                close(two_sided(&subsets, sum), subset_by_normal(&ranks, sum));
            }
            for sum in (0..choices.len()).filter(|sum| choices[*sum] > 0.0) {
                close(
                    two_sided(&choices, sum),
                    choice_by_normal(&ranks, EXACT / 2, sum),
                );
            }
        }
    }
}
