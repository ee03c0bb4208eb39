//! A measurement of how often calls come, so that a prober asks for a lease that outlasts the wait for its next call.

use std::time::Duration;

/// The weight of the newest interval.
const NEWEST: u32 = 8;

/// The mean interval between calls; newer intervals count more.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Arrivals {
    last: Option<Duration>,
    interval: Option<Duration>,
}

impl Arrivals {
    pub(super) fn call(&mut self, now: Duration) {
        if let Some(last) = self.last {
            let interval = now.saturating_sub(last);
            self.interval = Some(match self.interval {
                Some(mean) => (mean.saturating_mul(NEWEST - 1).saturating_add(interval)) / NEWEST,
                None => interval,
            });
        }
        self.last = Some(now);
    }

    /// The mean interval; zero when nothing is known.
    pub(super) fn interval(&self) -> Duration {
        self.interval.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_follows_the_calls() {
        let mut arrivals = Arrivals::default();
        arrivals.call(Duration::from_secs(5));
        assert_eq!(arrivals.interval(), Duration::ZERO);

        for call in 1..100 {
            arrivals.call(Duration::from_secs(5 + 2 * call));
        }

        assert_eq!(arrivals.interval(), Duration::from_secs(2));
    }
}
