//! The target that served last, by which the fast failure of another target counts as partial degradation.

use std::time::Duration;

/// A target counts as serving for this long after each success.
const SERVING: Duration = Duration::from_secs(1);

/// The last successes of the two targets that served last, as the clients saw them. That is enough to know whether
/// any target other than a given one is serving.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::load::Served;
///
/// let mut served = Served::default();
/// served.note(1, Duration::from_secs(5));
/// assert!(served.elsewhere(0, Duration::from_secs(6)));
/// assert!(!served.elsewhere(1, Duration::from_secs(6)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Served {
    last: Option<Success>,
    /// The last success of any other target.
    before: Option<Success>,
}

#[derive(Clone, Copy, Debug)]
struct Success {
    target: usize,
    at: Duration,
}

impl Served {
    /// Notes a success of `target` at an instant of the run. Successes may come out of order.
    pub fn note(&mut self, target: usize, at: Duration) {
        let new = Success { target, at };
        match self.last {
            Some(last) if last.target == target => self.last = Some(last.later(new)),
            Some(last) if at < last.at => {
                let before = self.before.filter(|before| before.at > at);
                self.before = Some(before.unwrap_or(new));
            }
            last => {
                self.before = last;
                self.last = Some(new);
            }
        }
    }

    /// Returns whether any target other than `target` served in the second before `now`.
    pub fn elsewhere(&self, target: usize, now: Duration) -> bool {
        let mut successes = [self.last, self.before].into_iter().flatten();
        let other = successes.find(|success| success.target != target);
        other.is_some_and(|success| now.saturating_sub(success.at) <= SERVING)
    }
}

impl Success {
    fn later(self, other: Self) -> Self {
        if other.at > self.at { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_serves_for_a_second_after_its_last_success_and_never_for_itself() {
        let mut served = Served::default();
        let after = Duration::from_millis;
        assert!(!served.elsewhere(0, after(0)));

        served.note(1, after(0));
        served.note(1, after(500));
        // Answers may be noted out of order.
        served.note(1, after(400));

        assert!(served.elsewhere(0, after(500)));
        assert!(served.elsewhere(2, after(1500)));
        assert!(!served.elsewhere(2, after(1501)));
        assert!(!served.elsewhere(1, after(500)));
    }

    proptest::proptest! {
        #[test]
        fn two_targets_are_enough_to_know_of_all(
            notes in proptest::collection::vec((0_usize..4, 0_u64..3000), 0..12),
        ) {
            let mut served = Served::default();
            let mut last = [None; 4];
            for (target, at) in notes {
                let at = Duration::from_millis(at);
                served.note(target, at);
                last[target] = last[target].max(Some(at));
            }
            let now = Duration::from_secs(3);
            for target in 0..4 {
                let expected = (0..4).any(|other| {
                    other != target && last[other].is_some_and(|at| now.saturating_sub(at) <= SERVING)
                });
                proptest::prop_assert_eq!(served.elsewhere(target, now), expected);
            }
        }
    }
}
