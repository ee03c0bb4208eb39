//! The counters of series that ended.

use std::collections::VecDeque;
use std::sync::Arc;

use super::counts::Counts;

/// The sum of what ended series had shown, and the last of them one by one. A key that comes back
/// continues where its series ended: `rate` compares with earlier samples, and would miss what a
/// series that starts anew had counted by its first sample.
pub(super) struct Ended {
    sum: Counts,
    /// The oldest is first.
    last: VecDeque<(Arc<str>, Counts)>,
    capacity: usize,
}

impl Ended {
    /// Remembers at most `capacity` series one by one.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            sum: Counts::zero(),
            last: VecDeque::new(),
            capacity,
        }
    }

    pub(super) fn sum(&self) -> &Counts {
        &self.sum
    }

    pub(super) fn end(&mut self, name: &Arc<str>, shown: Counts) {
        self.sum.add(&shown);
        self.last.push_back((Arc::clone(name), shown));
        if self.last.len() > self.capacity {
            self.last.pop_front();
        }
    }

    /// What the series of `name` showed when they ended; zero if that is forgotten or there were
    /// none.
    pub(super) fn resume(&mut self, name: &str) -> Counts {
        let place = self.last.iter().position(|(ended, _)| &**ended == name);
        let Some((_, shown)) = place.and_then(|place| self.last.remove(place)) else {
            return Counts::zero();
        };
        self.sum.subtract(&shown);
        shown
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{Breaker, Config};

    use super::*;

    #[test]
    fn the_oldest_is_forgotten_one_by_one_and_stays_in_the_sum() {
        let breaker = Breaker::new("a", Config::default());
        breaker.force_open();
        let shown = Counts::of(&breaker.snapshot().totals);
        let mut ended = Ended::new(1);
        for name in ["a", "b"] {
            ended.end(&name.into(), shown.clone());
        }

        assert_eq!(ended.resume("a"), Counts::zero());
        assert_eq!(ended.resume("b"), shown);
        assert_eq!(ended.resume("b"), Counts::zero());
        assert_eq!(ended.sum(), &shown);
    }
}
