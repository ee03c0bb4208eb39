//! The calm period in closed that takes levels off the back-off.

use std::time::Duration;

use crate::backoff::level;

/// The beginning of the calm, and how much had lasted before.
///
/// Two times and not one, because the calm may be older than the clock: a saved breaker brings it
/// along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    /// The time from which calm adds up. It lies in the future during a ramp.
    since: Duration,
    /// What had added up before.
    before: Duration,
}

impl Calm {
    /// Calm that begins at `since`.
    pub(super) fn beginning(since: Duration) -> Self {
        Self::with(since, Duration::ZERO)
    }

    /// Calm that goes on at `since` after it has lasted for `before`.
    pub(super) fn with(since: Duration, before: Duration) -> Self {
        Self { since, before }
    }

    /// How long it has lasted at `now`; `None` before it begins.
    pub(super) fn lasted(self, now: Duration) -> Option<Duration> {
        let more = now.checked_sub(self.since)?;
        Some(self.before.saturating_add(more))
    }

    /// What is left at `now` of the level `openings`, at which the calm began, and the calm that
    /// counts towards the next step down.
    pub(super) fn settled(
        self,
        openings: u32,
        now: Duration,
        decay: Option<Duration>,
    ) -> (u32, Self) {
        let lasted = self.lasted(now);
        let left = level(openings, lasted, decay);
        match (lasted, decay) {
            (None, _) => (left, self),
            (Some(lasted), Some(decay)) if left > 0 => {
                let steps = openings - left;
                let begun = lasted.saturating_sub(decay.saturating_mul(steps));
                (left, Self::with(now, begun))
            }
            (Some(_), _) => (left, Self::beginning(now)),
        }
    }

    /// The same, but no more of it than takes one level off.
    pub(super) fn at_most(self, decay: Option<Duration>) -> Self {
        let before = decay.map_or(Duration::ZERO, |decay| self.before.min(decay));
        Self { before, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_has_come_off_stays_off_and_the_step_begun_goes_on() {
        let calm = Calm::beginning(SECOND);

        let (left, calm) = calm.settled(5, SECOND * 3 + SECOND / 2, Some(SECOND));

        assert_eq!(left, 3);
        assert_eq!(calm.lasted(SECOND * 4), Some(SECOND));
    }

    #[test]
    fn before_it_begins_nothing_comes_off() {
        let calm = Calm::beginning(SECOND * 9);

        let (left, calm) = calm.settled(5, SECOND, Some(SECOND));

        assert_eq!(left, 5);
        assert_eq!(calm.lasted(SECOND), None);
        assert_eq!(calm.lasted(SECOND * 10), Some(SECOND));
    }

    #[test]
    fn calm_from_before_the_clock_counts() {
        let calm = Calm::with(Duration::ZERO, SECOND * 2);

        assert_eq!(calm.settled(5, Duration::ZERO, Some(SECOND)).0, 3);
    }

    #[test]
    fn without_a_decay_nothing_is_left_once_it_has_begun() {
        let calm = Calm::beginning(SECOND);

        assert_eq!(calm.settled(5, SECOND, None).0, 0);
    }
}
