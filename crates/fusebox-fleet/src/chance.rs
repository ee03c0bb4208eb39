//! The source of random numbers, passed in so that a run can be repeated.

/// A source of random numbers. Every closure that returns numbers from 0 up to, but not including, 1 is one.
///
/// # Examples
/// ```
/// use fusebox_fleet::Chance;
///
/// let mut random = fastrand::Rng::with_seed(7);
/// let mut chance = || random.f64();
/// assert!((0.0..1.0).contains(&chance.share()));
/// ```
pub trait Chance {
    /// Returns a number from 0 up to, but not including, 1, uniformly distributed.
    fn share(&mut self) -> f64;
}

impl<F: FnMut() -> f64> Chance for F {
    fn share(&mut self) -> f64 {
        self()
    }
}

/// A uniform share of `most`. A source that breaks its bounds cannot make it longer.
pub(crate) fn part_of(most: std::time::Duration, chance: &mut dyn Chance) -> std::time::Duration {
    let share = chance.share();
    if share > 0.0 {
        most.mul_f64(share.min(1.0))
    } else {
        std::time::Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_source_out_of_bounds_is_cut_to_them() {
        let most = Duration::from_secs(2);

        assert_eq!(part_of(most, &mut || 7.0), most);
        assert_eq!(part_of(most, &mut || -1.0), Duration::ZERO);
        assert_eq!(part_of(most, &mut || f64::NAN), Duration::ZERO);
        assert_eq!(part_of(most, &mut || 0.25), Duration::from_millis(500));
    }
}
