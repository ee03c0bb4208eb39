//! Delays of which some were cut off: their number, and their quantiles by Kaplan and Meier.

use serde::{Deserialize, Serialize};

use crate::statistics::survival::{Delay, Survival};

/// Times until something came, and times for which it was waited in vain.
///
/// A wait that was cut off says only that the delay was longer. Its length is never taken for the delay: the
/// quantiles are those of the product-limit estimate (Kaplan and Meier, 1958).
///
/// # Examples
///
/// ```
/// use experiment::fleet::Delays;
///
/// // Two came after 1 s and 3 s; one was cut off after 2 s.
/// let delays = Delays { seen_s: vec![1.0, 3.0], cut_off_s: vec![2.0] };
/// assert_eq!(delays.quantile(0.5), Some(3.0)); // after 1 s 2/3 are left, after 3 s none
///
/// let none_came = Delays { seen_s: vec![], cut_off_s: vec![2.0] };
/// assert_eq!(none_came.quantile(0.5), Some(f64::INFINITY)); // not reached
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Delays {
    /// After which time it came, in seconds.
    pub seen_s: Vec<f64>,
    /// For how long it had not come when the wait was cut off, in seconds.
    pub cut_off_s: Vec<f64>,
}

impl Delays {
    /// How many waits there were.
    pub fn count(&self) -> usize {
        self.seen_s.len() + self.cut_off_s.len()
    }

    /// Adds all waits of another.
    pub fn merge(&mut self, other: &Self) {
        self.seen_s.extend_from_slice(&other.seen_s);
        self.cut_off_s.extend_from_slice(&other.cut_off_s);
    }

    /// The time after which it had come in this share of the cases (0 < `share` < 1), in seconds; infinite when
    /// the waits were cut off before so many came, `None` when there was nothing to wait for.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let came = self.seen_s.iter().map(|&time| Delay::Came(time));
        let cut_off = self.cut_off_s.iter().map(|&time| Delay::CutOff(time));
        let all: Vec<Delay> = came.chain(cut_off).collect();
        (!all.is_empty()).then(|| Survival::of(&all).quantile(share).unwrap_or(f64::INFINITY))
    }

    /// A bound for all of them, in seconds: the longest that is known, whether it came or was cut off; `None` when
    /// there was nothing to wait for.
    pub fn longest(&self) -> Option<f64> {
        let all = self.seen_s.iter().chain(&self.cut_off_s);
        all.copied().reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(seen_s: &[f64], cut_off_s: &[f64]) -> Delays {
        Delays {
            seen_s: seen_s.to_vec(),
            cut_off_s: cut_off_s.to_vec(),
        }
    }

    #[test]
    fn without_cuts_quantiles_are_those_of_the_sorted_values() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();

        assert_eq!(delays(&ten, &[]).quantile(0.5), Some(5.0));
        assert_eq!(delays(&ten, &[]).quantile(0.9), Some(9.0));
        assert_eq!(delays(&[], &[]).quantile(0.5), None);
    }

    /// The classic example: remission times of 21 leukaemia patients treated with 6-MP (Freireich et al., 1963),
    /// of whom 12 were cut off. The published median of the product-limit estimate is 23 weeks, and S(10) = 0.7529.
    #[test]
    fn the_textbook_example_has_its_published_median() {
        let seen = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let cut = [
            6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0,
        ];
        let treated = delays(&seen, &cut);

        assert_eq!(treated.count(), 21);
        assert_eq!(treated.quantile(0.5), Some(23.0));
        // S falls to 0.7529 at 10 and to 0.6902 at 13.
        assert_eq!(treated.quantile(1.0 - 0.753), Some(10.0));
        assert_eq!(treated.quantile(1.0 - 0.752), Some(13.0));
        // S(23) = 0.4482 is the last step: nine tenths are never reached.
        assert_eq!(treated.quantile(0.9), Some(f64::INFINITY));
    }

    #[test]
    fn a_time_at_which_a_wait_was_cut_off_is_never_a_quantile() {
        // Of four, three were cut off early: the one that came at 8 s stands for all that were left.
        let few = delays(&[8.0], &[1.0, 2.0, 3.0]);

        assert_eq!(few.quantile(0.5), Some(8.0));
        assert_eq!(
            delays(&[1.0], &[5.0, 5.0]).quantile(0.5),
            Some(f64::INFINITY)
        );
        assert_eq!(few.longest(), Some(8.0));
    }
}
