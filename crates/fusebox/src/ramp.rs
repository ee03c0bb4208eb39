//! The share of the calls that pass just after closing, which grows over a period from a tenth to
//! all.
//!
//! A downstream that has just recovered is cold, and the full load at once can bring it down again.
//! The share grows linearly with time. Which calls pass is not random: every call adds the present
//! share to a credit, and a call passes when the credit covers it (error diffusion). So at a share
//! of a half, every second call passes.

use std::time::Duration;

const WHOLE: u64 = 1_000_000;

/// The share at the beginning, in millionths.
const FIRST_SHARE: u64 = WHOLE / 10;

/// The way the load returns when the fleet lets a breaker close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseRamp {
    /// As after a recovery of its own: by `ramp_up_for`, if that is set.
    #[default]
    AsConfigured,
    /// By a ramp of this length, whatever the settings say. With zero, all calls pass at once.
    Over(Duration),
}

/// A ramp under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    start: Duration,
    period: Duration,
    /// Millionths of a call that may pass.
    credit: u64,
}

impl Ramp {
    pub(crate) fn new(start: Duration, period: Duration) -> Self {
        Self {
            start,
            period,
            // The first call passes.
            credit: WHOLE - FIRST_SHARE,
        }
    }

    /// When all calls pass.
    pub(crate) fn end(&self) -> Duration {
        self.start.saturating_add(self.period)
    }

    /// Whether a call at `now` passes.
    pub(crate) fn admits(&mut self, now: Duration) -> bool {
        self.credit += self.share(now);
        let passes = self.credit >= WHOLE;
        if passes {
            self.credit -= WHOLE;
        }
        passes
    }

    fn share(&self, now: Duration) -> u64 {
        let gone = now.saturating_sub(self.start).as_nanos();
        let share = gone.saturating_mul(WHOLE.into()) / self.period.as_nanos().max(1);
        u64::try_from(share)
            .unwrap_or(WHOLE)
            .clamp(FIRST_SHARE, WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(ramp: &mut Ramp, at_ms: u64, calls: usize) -> usize {
        let at = Duration::from_millis(at_ms);
        (0..calls).filter(|_| ramp.admits(at)).count()
    }

    #[test]
    fn the_share_grows_with_time_and_is_met_exactly() {
        let mut ramp = Ramp::new(Duration::from_secs(1), Duration::from_secs(10));

        assert_eq!(admitted(&mut ramp, 1000, 100), 10);
        assert_eq!(admitted(&mut ramp, 3000, 100), 20);
        assert_eq!(admitted(&mut ramp, 6000, 100), 50);
        assert_eq!(admitted(&mut ramp, 10_000, 100), 90);
        assert_eq!(admitted(&mut ramp, 11_000, 100), 100);
    }

    #[test]
    fn the_first_call_passes_and_the_next_must_wait_their_turn() {
        let mut ramp = Ramp::new(Duration::ZERO, Duration::from_secs(1));

        let passes: Vec<bool> = (0..11).map(|_| ramp.admits(Duration::ZERO)).collect();

        assert!(passes[0] && passes[10]);
        assert!(!passes[1..10].contains(&true));
    }

    #[test]
    fn the_longest_and_the_shortest_ramp_overflow_nothing() {
        for period in [Duration::from_nanos(1), Duration::MAX] {
            let mut ramp = Ramp::new(Duration::from_secs(1), period);

            assert!(ramp.admits(Duration::ZERO), "{period:?}");
            ramp.admits(Duration::MAX);
            assert!(ramp.end() >= Duration::from_secs(1));
        }
    }
}
