//! The time at which a key was last asked for, stored in a way that is seldom written.
//!
//! Threads that keep asking for the same key must not keep writing the same word. So the time is
//! exact at first; then the word only notes that it is out of date, until it is a 64th of the idle
//! time old. A key never counts as idle too early, and at most that 64th too late.

use std::sync::atomic::{AtomicU64, Ordering};

/// A time in nanoseconds, above, and whether the key was asked for again since, in the lowest bit.
#[derive(Debug)]
pub(super) struct Asked(AtomicU64);

impl Asked {
    const AGAIN: u64 = 1;

    pub(super) fn at(now: u64) -> Self {
        Self(AtomicU64::new(Self::exactly(now)))
    }

    /// The largest time here is 292 years.
    fn exactly(now: u64) -> u64 {
        now.min(u64::MAX >> 1) << 1
    }

    /// For how long the time may be out of date.
    fn grain(idle_for: u64) -> u64 {
        idle_for / 64
    }

    /// Notes that the key is asked for at `now`.
    #[inline]
    pub(super) fn note(&self, now: u64, idle_for: u64) {
        // Relaxed, here and below: the word is all there is to know.
        let seen = self.0.load(Ordering::Relaxed);
        if now.saturating_sub(seen >> 1) >= Self::grain(idle_for) {
            self.raise(Self::exactly(now));
        } else if seen & Self::AGAIN == 0 {
            self.raise(seen | Self::AGAIN);
        }
    }

    /// Of two threads, the one with the later time wins.
    #[cold]
    fn raise(&self, to: u64) {
        self.0.fetch_max(to, Ordering::Relaxed);
    }

    /// Whether the key was not asked for during `idle_for`.
    pub(super) fn is_idle(&self, now: u64, idle_for: u64) -> bool {
        let seen = self.0.load(Ordering::Relaxed);
        let again = match seen & Self::AGAIN {
            0 => 0,
            _ => Self::grain(idle_for),
        };
        now.saturating_sub(seen >> 1) >= idle_for.saturating_add(again)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const IDLE_FOR: u64 = 6400;

    #[test]
    fn a_key_that_was_asked_for_once_is_idle_exactly_when_the_time_is_over() {
        let asked = Asked::at(1000);

        assert!(!asked.is_idle(1000 + IDLE_FOR - 1, IDLE_FOR));
        assert!(asked.is_idle(1000 + IDLE_FOR, IDLE_FOR));
    }

    #[test]
    fn a_key_that_is_asked_for_often_is_idle_never_too_early_and_at_most_a_64th_too_late() {
        for last in 1000..1400 {
            let asked = Asked::at(1000);
            for now in 1001..=last {
                asked.note(now, IDLE_FOR);
            }

            assert!(!asked.is_idle(last + IDLE_FOR - 1, IDLE_FOR), "{last}");
            assert!(asked.is_idle(last + IDLE_FOR + 100, IDLE_FOR), "{last}");
        }
    }

    #[test]
    fn the_word_is_written_twice_in_a_64th_of_the_time() {
        let asked = Asked::at(0);
        let mut writes = 0;
        for now in 0..1000 {
            let before = asked.0.load(Ordering::Relaxed);
            asked.note(now, IDLE_FOR);
            writes += u32::from(asked.0.load(Ordering::Relaxed) != before);
        }

        assert_eq!(writes, 1 + 9 * 2);
    }

    #[test]
    fn a_time_that_steps_back_or_has_no_end_is_harmless() {
        let asked = Asked::at(1000);
        asked.note(500, IDLE_FOR);
        assert!(!asked.is_idle(1000 + IDLE_FOR, IDLE_FOR));

        asked.note(u64::MAX, IDLE_FOR);
        assert!(!asked.is_idle(500, IDLE_FOR));
        assert!(asked.is_idle(u64::MAX, IDLE_FOR));
    }
}
