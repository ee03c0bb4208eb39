//! The spread of a figure over the repetitions of one result: smallest, middle and largest.

use crate::expectation::Unit;

/// A figure over the repetitions of one result, in its base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The smallest.
    pub min: f64,
    /// The middle value; for an even number of values the mean of the two middle ones.
    pub median: f64,
    /// The largest.
    pub max: f64,
    /// How many values there are.
    pub count: usize,
}

impl Spread {
    /// The spread of `values`; `None` when there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) && sorted[middle - 1].is_finite() {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
        Some(Self {
            min,
            median,
            max,
            count: sorted.len(),
        })
    }

    /// Returns `12.5 % (11.0 % … 14.2 %)`, or the value alone.
    pub fn show(&self, unit: Unit) -> String {
        let median = unit.show(self.median);
        if self.count == 1 {
            return median;
        }
        format!(
            "{median} ({} … {})",
            unit.show(self.min),
            unit.show(self.max)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_shows_its_middle_and_its_ends() {
        let spread = Spread::of(&[0.3, 0.1, 0.2]).unwrap();

        assert_eq!(spread.show(Unit::Share), "20.0 % (10.0 % … 30.0 %)");
        assert_eq!(Spread::of(&[0.5]).unwrap().show(Unit::Share), "50.0 %");
        assert_eq!(Spread::of(&[]), None);
        let never = Spread::of(&[1.0, f64::INFINITY]).unwrap();
        assert_eq!(never.show(Unit::Seconds), "never (1.00 s … never)");
    }
}
