//! The comparison of results: figures side by side, the differences between them, and whether chance explains these.
//!
//! A figure of one run is one draw; repetitions show how far draws vary. Each further result is compared with the
//! first one:
//!
//! - **Paired by seed** if both have the seed. The runs of a pair met the same arrivals and the same faults, so the
//!   differences within pairs reveal smaller effects than the spread over seeds would. The interval is Student's for
//!   the differences; the test is the signed-rank test.
//! - **Without pairs** otherwise: Welch's interval and the rank-sum test.
//!
//! The tests work on ranks, so a delay that never ended counts as later than all others. All p-values are corrected
//! for the number of figures (Holm): if a scenario is compared with itself, *any* figure is marked in at most one of
//! twenty comparisons. A figure that is the same in all runs cannot differ and does not count.
//!
//! A run that is void or was cut short is left out ([`Side`]). Other obstacles to a fair comparison are reported
//! ([`Comparison::cautions`]), not refused: different builds, versions, machines, performers. Counts of runs that
//! lasted for different times are compared per minute.

mod caution;
mod side;
mod spread;

use std::collections::BTreeMap;

pub use side::Side;
pub use spread::Spread;

use crate::expectation::{Figure, Unit};
use crate::result::RunResult;
use crate::statistics::family::holm;
use crate::statistics::rank::{Test, rank_sums, signed_ranks};
use crate::statistics::{Difference, Estimate, paired_difference, unpaired_difference};

/// The largest corrected p at which a figure is marked.
pub const LEVEL: f64 = 0.05;

/// Runs whose lengths differ by more than this share have different counts for that reason alone.
const SAME_LENGTH: f64 = 0.01;

/// The figures that are compared unless others are requested.
pub const USUAL: &[&str] = &[
    "ok_ratio",
    "fast_fail_ratio",
    "failed_ratio",
    "goodput",
    "amplification",
    "ok_p50",
    "ok_p99",
    "fast_fail_p99",
    "p50",
    "p99",
    "openings",
    "flaps",
    "closed_share",
    "divergence_share",
    "mixed_seconds_share",
    "unhealthy_share",
    "detection_delay_p50",
    "recovery_delay_p50",
    "wrongly_open_share",
    "wrongly_closed_share",
    "wasted_calls",
    "wrongly_rejected_ratio",
    "downstream_calls",
];

/// A comparison of several results with the first one.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison<'a> {
    /// The results.
    pub sides: Vec<Side<'a>>,
    /// How each further result is paired with the first one.
    pub pairings: Vec<Pairing>,
    /// The figures, except those that no result has.
    pub rows: Vec<Row>,
    /// The number of tests for which every p is corrected.
    pub tests: usize,
}

/// The pairing of the runs of two results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// Runs with the same seed, by their places among the runs of each result that count.
    BySeed(Vec<[usize; 2]>),
    /// No pairs: all runs of the first result against all runs of the second.
    None,
}

/// One figure of several results.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The figure.
    pub figure: Figure,
    /// Whether it is a count that is given per minute, because the runs lasted for different times.
    pub per_minute: bool,
    /// Its value in each result, over all runs that count; `None` where it was not measured.
    pub estimates: Vec<Option<Estimate>>,
    /// The difference of each further result from the first; `None` where one of the two has no value, or runs that
    /// cannot be trusted.
    pub contrasts: Vec<Option<Contrast>>,
}

/// The difference of a figure between a further result and the first one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// The difference of the means with its 95 % interval, which is not corrected; `None` if it is infinite in some
    /// runs.
    pub difference: Option<Difference>,
    /// The test.
    pub test: Test,
    /// The p of the test, corrected for the number of figures.
    pub corrected: f64,
    /// How many values each result has; the same number if they are paired.
    pub runs: [usize; 2],
    /// The estimates from these values, for the first result and the further one. If runs are paired, those without a
    /// partner are left out.
    pub estimates: [Estimate; 2],
    /// Whether there is anything to test: not all values are the same.
    pub varies: bool,
}

impl Contrast {
    /// Returns whether chance alone does not explain the difference.
    pub fn is_marked(&self) -> bool {
        self.corrected <= LEVEL
    }
}

impl Row {
    /// Returns the name, such as `openings/min` for a count that is given per minute.
    pub fn name(&self) -> String {
        let rate = if self.per_minute { "/min" } else { "" };
        format!("{}{rate}", self.figure)
    }
}

impl<'a> Comparison<'a> {
    /// Compares the further results with the first one.
    pub fn of(results: &[&'a RunResult], figures: &[Figure]) -> Self {
        let sides: Vec<Side<'a>> = results.iter().map(|result| Side::of(result)).collect();
        let rest = sides.get(1..).unwrap_or_default();
        let pairings: Vec<Pairing> = rest
            .iter()
            .map(|side| Pairing::of(&sides[0], side))
            .collect();
        let rates = !same_length(&sides);
        let rows = figures
            .iter()
            .map(|figure| row(figure, &sides, &pairings, rates));
        let mut rows: Vec<Row> = rows
            .filter(|row| row.estimates.iter().any(Option::is_some))
            .collect();
        let tests = correct(&mut rows);
        Self {
            sides,
            pairings,
            rows,
            tests,
        }
    }

    /// Returns how many runs each result needs before the smallest possible p of a comparison of two could be marked;
    /// `None` if there are enough, or nothing to test.
    pub fn needed(&self, further: usize) -> Option<usize> {
        let contrasts = self
            .rows
            .iter()
            .filter_map(|row| row.contrasts.get(further)?.as_ref());
        let least = contrasts
            .filter(|it| it.varies)
            .map(|it| it.test.least)
            .reduce(f64::min)?;
        #[expect(clippy::cast_precision_loss, reason = "a few figures")]
        let tests = self.tests as f64;
        if least * tests <= LEVEL {
            return None;
        }
        let paired = matches!(self.pairings[further], Pairing::BySeed(_));
        let mut least = 2.0;
        (1..=1_000_u16).find_map(|runs| {
            let n = f64::from(runs);
            least *= if paired {
                0.5
            } else {
                n * n / (2.0 * n * (2.0 * n - 1.0))
            };
            (least * tests <= LEVEL).then_some(runs.into())
        })
    }
}

impl Pairing {
    /// Pairs by seed if at least half of the runs of the smaller result have a partner.
    fn of(first: &Side<'_>, second: &Side<'_>) -> Self {
        let seeds: BTreeMap<u64, usize> = first
            .runs
            .iter()
            .enumerate()
            .map(|(place, run)| (run.seed, place))
            .collect();
        let pairs = second.runs.iter().enumerate();
        let pairs = pairs.filter_map(|(place, run)| Some([*seeds.get(&run.seed)?, place]));
        let pairs: Vec<[usize; 2]> = pairs.collect();
        let smaller = first.runs.len().min(second.runs.len());
        if pairs.is_empty() || pairs.len() * 2 < smaller {
            Self::None
        } else {
            Self::BySeed(pairs)
        }
    }
}

/// Whether all runs were planned equally long; how long the last answers took does not matter.
fn same_length(sides: &[Side<'_>]) -> bool {
    let lengths = || {
        sides
            .iter()
            .flat_map(|side| side.runs.iter().map(|run| run.load.duration_s))
    };
    let (least, most) = (lengths().reduce(f64::min), lengths().reduce(f64::max));
    most.unwrap_or(0.0) <= least.unwrap_or(0.0) * (1.0 + SAME_LENGTH)
}

fn row(figure: &Figure, sides: &[Side<'_>], pairings: &[Pairing], rates: bool) -> Row {
    let counts = matches!(figure.definition.unit, Unit::Count | Unit::Expected);
    let per_minute = rates && counts;
    let values: Vec<Vec<Option<f64>>> = sides
        .iter()
        .map(|side| side.values(figure, per_minute))
        .collect();
    let measured = |values: &[Option<f64>]| values.iter().copied().flatten().collect::<Vec<f64>>();
    let contrasts = pairings.iter().enumerate().map(|(further, pairing)| {
        let (first, second) = (&sides[0], &sides[further + 1]);
        let trusted = first.is_trusted() && second.is_trusted();
        trusted
            .then(|| contrast(pairing, &values[0], &values[further + 1]))
            .flatten()
    });
    Row {
        figure: figure.clone(),
        per_minute,
        contrasts: contrasts.collect(),
        estimates: values
            .iter()
            .map(|values| Estimate::of(&measured(values)))
            .collect(),
    }
}

fn contrast(pairing: &Pairing, first: &[Option<f64>], second: &[Option<f64>]) -> Option<Contrast> {
    let (difference, test, values) = match pairing {
        Pairing::BySeed(places) => {
            let pairs = places
                .iter()
                .filter_map(|[a, b]| Some((first[*a]?, second[*b]?)));
            let pairs: Vec<(f64, f64)> = pairs.collect();
            let values: [Vec<f64>; 2] = pairs
                .iter()
                .copied()
                .unzip::<f64, f64, Vec<_>, Vec<_>>()
                .into();
            (paired_difference(&pairs), signed_ranks(&pairs), values)
        }
        Pairing::None => {
            let values = [first, second]
                .map(|values| values.iter().copied().flatten().collect::<Vec<f64>>());
            (
                unpaired_difference(&values[0], &values[1]),
                rank_sums(&values[0], &values[1]),
                values,
            )
        }
    };
    let runs = [values[0].len(), values[1].len()];
    let [Some(one), Some(other)] = [Estimate::of(&values[0]), Estimate::of(&values[1])] else {
        return None;
    };
    let varies = match pairing {
        Pairing::BySeed(_) => values[0] != values[1],
        Pairing::None => {
            let first = values[0][0].to_bits();
            values
                .iter()
                .flatten()
                .any(|value| value.to_bits() != first)
        }
    };
    Some(Contrast {
        difference,
        test,
        corrected: test.p,
        runs,
        estimates: [one, other],
        varies,
    })
}

/// Corrects every p for the number of tests, and returns that number.
fn correct(rows: &mut [Row]) -> usize {
    let contrasts = rows
        .iter_mut()
        .flat_map(|row| row.contrasts.iter_mut().flatten());
    let mut tested: Vec<&mut Contrast> = contrasts.filter(|it| it.varies).collect();
    let p: Vec<f64> = tested.iter().map(|it| it.test.p).collect();
    for (contrast, corrected) in tested.iter_mut().zip(holm(&p)) {
        contrast.corrected = corrected;
    }
    tested.len()
}

#[cfg(test)]
mod tests;
