//! A ratio above 0 and up to 1, compared without rounding.
//!
//! Thresholds are compared by cross-multiplying integers. A floating-point comparison such as
//! `success > 1.0 - threshold` is wrong for 9 failures of 10 against 0.9.

use std::fmt;

/// Parts of a whole that make a ratio of 1.
const WHOLE: u32 = 1_000_000;

/// More than the floating-point error of a number of millionths, and far less than one of them.
const FLOAT_ERROR: f64 = 1e-9;

/// A ratio above 0 and up to 1, kept in millionths.
///
/// # Examples
/// ```
/// use fusebox::Ratio;
///
/// let half = Ratio::new(0.5).expect("within range");
/// assert_eq!(half.as_f64(), 0.5);
/// assert!(Ratio::new(0.0).is_none());
/// assert!(Ratio::new(1.5).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio {
    millionths: u32,
}

impl Ratio {
    /// The ratio 1: all of it.
    pub const ONE: Self = Self { millionths: WHOLE };

    /// Makes a ratio of `value`, rounded down to a millionth but never to zero. Rounding down lets
    /// two of three calls reach a ratio written as `2.0 / 3.0`.
    ///
    /// Returns `None` unless `0 < value <= 1`.
    pub fn new(value: f64) -> Option<Self> {
        if !(value > 0.0 && value <= 1.0) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the product lies between 0 and a million"
        )]
        let millionths = (value * f64::from(WHOLE) + FLOAT_ERROR).floor() as u32;
        Some(Self {
            millionths: millionths.max(1),
        })
    }

    /// Returns the ratio as a number above 0 and up to 1.
    pub fn as_f64(self) -> f64 {
        f64::from(self.millionths) / f64::from(WHOLE)
    }

    /// How many failures, added to `part` and to `whole` alike, make `part` reach this ratio of the
    /// `whole`, or of `minimum` if that is larger; `u64::MAX` if no number does. Where the numbers
    /// are too large to compare, the answer errs towards fewer.
    pub(crate) fn failures_to_reach(self, part: u64, whole: u64, minimum: u64) -> u64 {
        // (part + k) * WHOLE >= millionths * max(whole + k, minimum), solved for k on either side.
        let (ratio, one) = (u64::from(self.millionths), u64::from(WHOLE));
        let of_minimum = ratio.saturating_mul(minimum).div_ceil(one);
        let of_whole = ratio
            .saturating_mul(whole)
            .saturating_sub(part.saturating_mul(one));
        let of_whole = match one - ratio {
            0 if of_whole == 0 => 0,
            0 => u64::MAX,
            rest => of_whole.div_ceil(rest),
        };
        of_whole.max(of_minimum.saturating_sub(part))
    }

    /// Whether `part` of `whole` is at least this ratio. Nothing reaches a ratio of nothing.
    pub(crate) fn is_reached_by(self, part: u64, whole: u64) -> bool {
        whole > 0
            && u128::from(part) * u128::from(WHOLE)
                >= u128::from(self.millionths) * u128::from(whole)
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ratio({})", self.as_f64())
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_is_exact_and_inclusive() {
        let ratio = |value| Ratio::new(value).unwrap();

        assert!(ratio(0.9).is_reached_by(9, 10));
        assert!(ratio(0.5).is_reached_by(1, 2));
        assert!(!ratio(0.5).is_reached_by(99, 200));
        assert!(!ratio(0.5).is_reached_by(0, 0));
        assert!(ratio(1.0).is_reached_by(u64::MAX, u64::MAX));
    }

    #[test]
    fn the_failures_that_reach_a_ratio_are_the_first_number_that_does() {
        for ratio in [0.000_001, 0.1, 0.3, 0.5, 0.9, 0.999_999, 1.0].map(Ratio::new) {
            let ratio = ratio.unwrap();
            for (part, whole, minimum) in [
                (0, 0, 1),
                (0, 0, 10),
                (3, 9, 4),
                (0, 5, 20),
                (7, 7, 3),
                (2, 1000, 1),
                (0, 1, 0),
            ] {
                let reached =
                    |more: u64| ratio.is_reached_by(part + more, (whole + more).max(minimum));
                let number = ratio.failures_to_reach(part, whole, minimum);

                if number == u64::MAX {
                    assert!(
                        !reached(1_000_000_000_000),
                        "{ratio} {part} {whole} {minimum}"
                    );
                } else {
                    assert!(reached(number.max(1)), "{ratio} {part} {whole} {minimum}");
                    assert!(
                        number <= 1 || !reached(number - 1),
                        "{ratio} {part} {whole} {minimum}"
                    );
                }
            }
        }
        let half = Ratio::new(0.5).unwrap();
        half.failures_to_reach(u64::MAX, u64::MAX, u64::MAX);
    }

    #[test]
    fn a_ratio_written_as_a_fraction_is_reached_by_that_fraction() {
        let most: u32 = if cfg!(miri) { 20 } else { 1000 };
        for whole in 1..=most {
            for part in 1..=whole {
                let ratio = Ratio::new(f64::from(part) / f64::from(whole)).unwrap();

                assert!(
                    ratio.is_reached_by(part.into(), whole.into()),
                    "{part} of {whole}"
                );
                assert!(
                    whole >= 1000
                        || !ratio
                            .is_reached_by(u64::from(part) * 1000 - 1, u64::from(whole) * 1000),
                    "less than {part} of {whole}"
                );
            }
        }
    }

    #[test]
    fn values_outside_the_range_have_no_ratio() {
        for value in [0.0, -0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            assert_eq!(Ratio::new(value), None, "{value}");
        }
        assert_eq!(Ratio::new(1e-12), Ratio::new(1e-6));
    }
}
