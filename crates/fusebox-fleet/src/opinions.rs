//! The rule by which an instance forms its opinion from its own calls.

use std::time::Duration;

use crate::opinion::Opinion;
use crate::settings::Settings;

/// Counts how many of an instance's last calls failed in a row, and remembers when the last one ended.
///
/// # Examples
/// ```
/// use fusebox_fleet::{Mode, Opinion, Opinions, Settings};
/// use std::time::Duration;
///
/// let settings = Settings::builder(Mode::Quorum).suspicion_run(2).build()?;
/// let mut opinions = Opinions::new();
/// let now = Duration::ZERO;
/// assert_eq!(opinions.opinion(now, &settings), Opinion::Idle);
///
/// opinions.failed(now);
/// assert_eq!(opinions.opinion(now, &settings), Opinion::Fine);
/// opinions.failed(now);
/// assert_eq!(opinions.opinion(now, &settings), Opinion::Suspect);
/// opinions.succeeded(now);
/// assert_eq!(opinions.opinion(now, &settings), Opinion::Fine);
/// # Ok::<(), fusebox_fleet::SettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opinions {
    run: Run,
    last: Option<Duration>,
}

/// The latest calls that all ended in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Run {
    #[default]
    None,
    Successes(u32),
    Failures(u32),
}

impl Opinions {
    /// Makes the state before any call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a call has succeeded, which withdraws any suspicion.
    pub fn succeeded(&mut self, now: Duration) {
        self.run = match self.run {
            Run::Successes(calls) => Run::Successes(calls.saturating_add(1)),
            Run::None | Run::Failures(_) => Run::Successes(1),
        };
        self.last = self.last.max(Some(now));
    }

    /// Notes that a call has failed.
    pub fn failed(&mut self, now: Duration) {
        self.run = match self.run {
            Run::Failures(calls) => Run::Failures(calls.saturating_add(1)),
            Run::None | Run::Successes(_) => Run::Failures(1),
        };
        self.last = self.last.max(Some(now));
    }

    /// Withdraws a suspicion, as an instance that begins anew does. That calls were finished is kept.
    pub fn withdraw(&mut self) {
        self.run = Run::None;
    }

    /// Notes that the breaker has closed by its own rules: its probes succeeded, which is worth as much as a run of
    /// successes.
    pub(crate) fn recovered(&mut self, settings: &Settings) {
        self.run = Run::Successes(settings.suspicion_run());
    }

    /// Returns the opinion that follows from the calls.
    pub fn opinion(&self, now: Duration, settings: &Settings) -> Opinion {
        if self.ends(settings).is_none_or(|end| now >= end) {
            return Opinion::Idle;
        }
        match self.run {
            Run::Failures(calls) if calls >= settings.suspicion_run() => Opinion::Suspect,
            Run::None | Run::Failures(_) | Run::Successes(_) => Opinion::Fine,
        }
    }

    /// Returns whether as many of the last calls succeeded as would have to fail for a suspicion. With merged counts
    /// a veto needs this.
    pub fn all_well(&self, now: Duration, settings: &Settings) -> bool {
        let fresh = self.ends(settings).is_some_and(|end| now < end);
        let enough = settings.suspicion_run();
        fresh && matches!(self.run, Run::Successes(calls) if calls >= enough)
    }

    /// Returns when the opinion lapses unless another call ends.
    pub fn ends(&self, settings: &Settings) -> Option<Duration> {
        self.last
            .map(|last| last.saturating_add(settings.opinion_for()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;

    fn settings() -> Settings {
        Settings::builder(Mode::Quorum)
            .suspicion_run(3)
            .opinion_for(Duration::from_secs(10))
            .build()
            .unwrap()
    }

    #[test]
    fn only_an_unbroken_run_of_failures_is_a_suspicion() {
        let (settings, now) = (settings(), Duration::from_secs(1));
        let mut opinions = Opinions::new();

        for _ in 0..10 {
            opinions.failed(now);
            opinions.failed(now);
            assert_eq!(opinions.opinion(now, &settings), Opinion::Fine);
            opinions.succeeded(now);
        }
        for _ in 0..3 {
            opinions.failed(now);
        }

        assert_eq!(opinions.opinion(now, &settings), Opinion::Suspect);
        opinions.withdraw();
        assert_eq!(opinions.opinion(now, &settings), Opinion::Fine);
    }

    #[test]
    fn an_opinion_lapses_without_calls_even_a_suspicion() {
        let settings = settings();
        let mut opinions = Opinions::new();
        for _ in 0..3 {
            opinions.failed(Duration::from_secs(1));
        }

        let (before, end) = (Duration::from_millis(10_999), Duration::from_secs(11));
        assert_eq!(opinions.ends(&settings), Some(end));
        assert_eq!(opinions.opinion(before, &settings), Opinion::Suspect);
        assert_eq!(opinions.opinion(end, &settings), Opinion::Idle);
    }

    #[test]
    fn a_veto_against_merged_counts_takes_as_many_successes_as_a_suspicion_takes_failures() {
        let (settings, now) = (settings(), Duration::from_secs(1));
        let mut opinions = Opinions::new();
        opinions.succeeded(now);
        opinions.succeeded(now);
        assert!(!opinions.all_well(now, &settings));

        opinions.succeeded(now);

        assert!(opinions.all_well(now, &settings));
        assert!(!opinions.all_well(Duration::from_secs(11), &settings));
    }

    #[test]
    fn a_call_that_seems_to_end_earlier_moves_nothing_back() {
        let settings = settings();
        let mut opinions = Opinions::new();
        opinions.failed(Duration::from_secs(20));
        opinions.failed(Duration::from_secs(5));

        assert_eq!(opinions.ends(&settings), Some(Duration::from_secs(30)));
    }
}
