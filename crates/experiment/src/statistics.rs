//! Statistics for a handful of repetitions: what they say about one figure, and about the difference of two.
//!
//! Everything is exact or has a stated error, needs no random numbers, and works on infinite values wherever ranks
//! suffice: a delay that never ended is larger than any that did.
//!
//! | module | what lives there |
//! |---|---|
//! | this module | mean, standard deviation, standard error, intervals with 95 % confidence, median |
//! | `student` | quantiles and tails of Student's distribution and of the normal one |
//! | [`rank`] | tests of two samples by ranks: signed ranks for pairs, rank sums without pairs |
//! | [`family`] | the correction for many tests at once |
//! | [`survival`] | delays of which some were cut off (Kaplan and Meier) |
//! | [`distance`] | the distance of two distributions (Kolmogorov and Smirnov) |
//!
//! No crate provides this: `statrs` 0.18 has only the quantile of Student's distribution, and 0.19 needs a newer
//! compiler than this workspace. The sources of the formulas stand beside them.

pub mod distance;
pub mod family;
pub mod rank;
mod student;
pub mod survival;

pub use student::{normal_two_sided, t_quantile};

/// The confidence of the intervals: they contain the true value in 95 of 100 samples.
pub const CONFIDENCE: f64 = 0.95;

/// The mean, spread and size of a sample.
///
/// # Examples
///
/// ```
/// use experiment::statistics::Summary;
///
/// let summary = Summary::of(&[4.0, 5.0, 6.0]).unwrap();
/// assert_eq!((summary.mean, summary.sd), (5.0, 1.0));
/// // The quantile of Student's distribution for 2 degrees of freedom is 4.303.
/// let half = summary.half_width().unwrap();
/// assert!((half - 4.303 / 3.0_f64.sqrt()).abs() < 1e-3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The arithmetic mean.
    pub mean: f64,
    /// The standard deviation of the sample, with n − 1 in the denominator; 0 for a single value.
    pub sd: f64,
    /// How many values there are.
    pub count: usize,
}

/// The two ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What a sample says about its source, even if some of it is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean; `None` if a value is infinite.
    pub mean: Option<f64>,
    /// The interval of the mean with 95 % confidence; `None` for a single value, or if there is no mean.
    pub interval: Option<Interval>,
    /// The middle value; infinite if half of the values or more are.
    pub median: f64,
    /// How many values there are.
    pub count: usize,
    /// How many of them are infinite, which means that the event never came.
    pub never: usize,
}

/// A difference of two means, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The second mean minus the first.
    pub mean: f64,
    /// Its interval with 95 % confidence; `None` if there are too few values.
    pub interval: Option<Interval>,
}

impl Summary {
    /// Returns the summary of a sample; `None` if it is empty or contains a value that is not finite.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let count = number(values.len());
        // Around the first value, so that a small spread of large values is not lost in rounding.
        let first = values[0];
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| square(value - mean)).sum();
        let sd = if values.len() > 1 {
            (squares / (count - 1.0)).sqrt()
        } else {
            0.0
        };
        Some(Self {
            mean,
            sd,
            count: values.len(),
        })
    }

    /// Returns the standard error of the mean, sd / √n; `None` for a single value, which says nothing about it.
    pub fn standard_error(&self) -> Option<f64> {
        (self.count > 1).then(|| self.sd / number(self.count).sqrt())
    }

    /// Returns half the width of the interval of the mean with 95 % confidence, by Student's distribution with n − 1
    /// degrees of freedom; `None` for a single value.
    pub fn half_width(&self) -> Option<f64> {
        let quantile = t_quantile(f64::midpoint(1.0, CONFIDENCE), number(self.count) - 1.0);
        self.standard_error().map(|error| quantile * error)
    }

    /// Returns the interval of the mean with 95 % confidence; `None` for a single value.
    pub fn interval(&self) -> Option<Interval> {
        self.half_width()
            .map(|half| Interval::around(self.mean, half))
    }
}

impl Estimate {
    /// Returns the estimate from a sample; `None` if it is empty.
    pub fn of(values: &[f64]) -> Option<Self> {
        let summary = Summary::of(values);
        Some(Self {
            median: median(values)?,
            mean: summary.map(|it| it.mean),
            interval: summary.and_then(|it| it.interval()),
            count: values.len(),
            never: values.iter().filter(|value| value.is_infinite()).count(),
        })
    }
}

impl Interval {
    /// Returns half of its width.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Makes the interval from `half` below the `middle` to `half` above it.
    pub fn around(middle: f64, half: f64) -> Self {
        Self {
            low: middle - half,
            high: middle + half,
        }
    }

    /// Returns whether `value` lies in it, its ends included.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Returns the mean of the differences within pairs (second minus first), by Student's distribution for the
/// differences; `None` if there is no pair or a value is not finite.
pub fn paired_difference(pairs: &[(f64, f64)]) -> Option<Difference> {
    let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
    let summary = Summary::of(&differences)?;
    Some(Difference {
        mean: summary.mean,
        interval: summary.interval(),
    })
}

/// Returns the mean of the second sample minus that of the first, without pairs and with spreads that may differ
/// (Welch, 1947, with the degrees of freedom of Satterthwaite, 1946); `None` if one is empty or a value is not
/// finite.
pub fn unpaired_difference(first: &[f64], second: &[f64]) -> Option<Difference> {
    let (one, two) = (Summary::of(first)?, Summary::of(second)?);
    let mean = two.mean - one.mean;
    let interval = match (one.standard_error(), two.standard_error()) {
        (Some(a), Some(b)) => Some(welch(mean, [(a, one.count), (b, two.count)])),
        _ => None,
    };
    Some(Difference { mean, interval })
}

fn welch(mean: f64, parts: [(f64, usize); 2]) -> Interval {
    let variance: f64 = parts.iter().map(|(error, _)| error * error).sum();
    if variance == 0.0 {
        return Interval::around(mean, 0.0);
    }
    let spent = parts.map(|(error, count)| square(square(error)) / (number(count) - 1.0));
    let freedom = variance * variance / (spent[0] + spent[1]);
    let quantile = t_quantile(f64::midpoint(1.0, CONFIDENCE), freedom);
    Interval::around(mean, quantile * variance.sqrt())
}

/// Returns the middle value, or for an even number of values the mean of the two middle ones; infinite if the middle
/// is. `None` if there are no values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(between(sorted[middle - 1], upper))
}

/// The mean of two values, also of two that are infinite.
fn between(low: f64, high: f64) -> f64 {
    if low.is_finite() && high.is_finite() {
        f64::midpoint(low, high)
    } else {
        high
    }
}

#[expect(clippy::cast_precision_loss, reason = "repetitions are few")]
fn number(count: usize) -> f64 {
    count as f64
}

fn square(value: f64) -> f64 {
    value * value
}

#[cfg(test)]
mod tests;
