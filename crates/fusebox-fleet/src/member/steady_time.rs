//! A time that never goes back, made from a clock that may.

use std::time::Duration;

/// Follows a clock. If the clock steps back, this time stands still for a moment and goes on from there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Steady {
    read: Duration,
    lost: Duration,
}

impl Steady {
    pub(super) fn follow(&mut self, read: Duration) -> Duration {
        self.lost = self.lost.saturating_add(self.read.saturating_sub(read));
        self.read = read;
        self.now()
    }

    pub(super) fn now(&self) -> Duration {
        self.read.saturating_add(self.lost)
    }

    /// The time when the clock reads this.
    #[cfg(feature = "tokio")]
    pub(super) fn of_reading(&self, reading: Duration) -> Duration {
        reading.saturating_add(self.lost)
    }

    /// What the clock will read at that time.
    pub(super) fn reading(&self, time: Duration) -> Duration {
        time.saturating_sub(self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_costs_no_more_than_the_step_itself() {
        let [one, two, ten] = [1, 2, 10].map(Duration::from_secs);
        let mut time = Steady::default();
        assert_eq!(time.follow(ten), ten);

        assert_eq!(time.follow(one), ten);
        assert_eq!(time.follow(two), ten + one);
        assert_eq!(time.reading(ten + two), one + two);
    }
}
