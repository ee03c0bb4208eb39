//! The settings of a fleet: who decides, how fast news travels, how the fleet probes and closes.
//!
//! [`Settings`] are made by their [builder](SettingsBuilder), which checks all of them together. `Settings` that
//! exist are valid. Most have to be equal on every instance; their [`Fingerprint`] tells whether they are.

mod builder;
mod check;
mod error;
mod fingerprint;

use std::time::Duration;

use fusebox::Ratio;

pub use builder::SettingsBuilder;
pub use error::{InvalidSetting, SettingsError};
pub use fingerprint::Fingerprint;

use crate::mode::{Evidence, Mode};

/// The checked settings of a fleet.
///
/// # Examples
/// ```
/// use fusebox_fleet::{Mode, Settings};
/// use std::time::Duration;
///
/// let settings = Settings::builder(Mode::Quorum)
///     .open_for(Duration::from_secs(5)) // of the breaker
///     .probe_timeout(Duration::from_millis(500)) // of a call
///     .build()?;
/// assert_eq!(settings.need(10), 5);
///
/// let error = Settings::builder(Mode::Quorum)
///     .fleet_size(3)
///     .minimum_votes(4)
///     .build()
///     .unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "minimum_votes = 4 is not allowed: it must be at most fleet_size (3), or the fleet can never open",
/// );
/// # Ok::<(), fusebox_fleet::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    mode: Mode,
    news: News,
    vote: Vote,
    probe: Probe,
    pool: Pool,
}

/// How news travels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct News {
    heartbeat: Duration,
    stale_after: Duration,
    member_for: Duration,
    engine_timeout: Duration,
}

/// Who suspects, and how many of them open the fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Vote {
    suspicion_run: u32,
    opinion_for: Duration,
    quorum_share: Ratio,
    minimum_votes: u32,
    localised_after: Duration,
}

/// How the fleet probes and closes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Probe {
    open_for: Duration,
    backoff_factor: f64,
    jitter: f64,
    timeout: Duration,
    minimum_gap: Duration,
    longest_gap: Duration,
    longest_lease: Duration,
    probes_to_close: u32,
    ask_within: Duration,
    stagger: Duration,
    verdict_for: Duration,
}

/// How counts are merged.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pool {
    window: u32,
    windows: Option<u32>,
    threshold: Ratio,
    batch: Duration,
    keep: Duration,
}

impl Settings {
    /// Returns a builder with the defaults of this mode.
    pub fn builder(mode: Mode) -> SettingsBuilder {
        SettingsBuilder::new(mode)
    }

    /// Returns how much the instances share.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns how often an instance reports; each wait varies by a tenth.
    pub fn heartbeat(&self) -> Duration {
        self.news.heartbeat
    }

    /// Returns how old a view may be. With an older one the instance is alone.
    pub fn stale_after(&self) -> Duration {
        self.news.stale_after
    }

    /// Returns how long an instance counts after its last report.
    pub fn member_for(&self) -> Duration {
        self.news.member_for
    }

    /// Returns how long a host waits for the engine, never on the path of a call.
    pub fn engine_timeout(&self) -> Duration {
        self.news.engine_timeout
    }

    /// Returns how many calls in a row have to fail before an instance suspects the downstream.
    pub fn suspicion_run(&self) -> u32 {
        self.vote.suspicion_run
    }

    /// Returns how long an opinion lasts without a finished call.
    pub fn opinion_for(&self) -> Duration {
        self.vote.opinion_for
    }

    /// Returns how long a breaker has to be open while the fleet is fine before the failure is reported as localised.
    pub fn localised_after(&self) -> Duration {
        self.vote.localised_after
    }

    /// Returns how many suspects open a fleet of this many voters: the quorum's share of them, rounded up, and at
    /// least the smallest number of votes. In [`Mode::AnyOpen`] it is that smallest number, whatever the share.
    pub fn need(&self, voters: u32) -> u32 {
        if self.mode.dials().evidence == Evidence::Trips {
            return self.vote.minimum_votes;
        }
        let share = self.vote.quorum_share.as_f64() * f64::from(voters);
        // A ratio is kept in millionths, rounded down; less than that is no vote.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number lies between 0 and the number"
        )]
        let share = (share - 1e-6).ceil().max(0.0) as u32;
        share.max(self.vote.minimum_votes)
    }

    /// The share of voters that opens the fleet.
    pub fn quorum_share(&self) -> Ratio {
        self.vote.quorum_share
    }

    /// The smallest number of votes that opens the fleet.
    pub fn minimum_votes(&self) -> u32 {
        self.vote.minimum_votes
    }

    /// Returns the breaker's own open period.
    pub fn open_for(&self) -> Duration {
        self.probe.open_for
    }

    /// Returns the factor by which each failed probe makes the wait before the next one longer, equal to the
    /// breaker's.
    pub fn backoff_factor(&self) -> f64 {
        self.probe.backoff_factor
    }

    /// Returns the share by which an instance that waits on its own varies its wait.
    pub fn jitter(&self) -> f64 {
        self.probe.jitter
    }

    /// Returns how long a probe may take.
    pub fn probe_timeout(&self) -> Duration {
        self.probe.timeout
    }

    /// Returns the shortest wait between two probes of the fleet.
    pub fn minimum_gap(&self) -> Duration {
        self.probe.minimum_gap
    }

    /// Returns the shortest lease: the time of a probe, plus a second for the prober's next call to arrive.
    pub fn shortest_lease(&self) -> Duration {
        builder::shortest_lease(self.probe.timeout)
    }

    /// Returns the longest lease that an instance asks for, however rare its calls are.
    pub fn longest_lease(&self) -> Duration {
        self.probe.longest_lease
    }

    /// Returns the wait before the fleet's first probe: [`gap`](Self::gap) with no failed probe.
    pub fn first_gap(&self, voters: u32) -> Duration {
        self.gap(voters, 0)
    }

    /// Returns the wait before the fleet's next probe after `failed` failures: the open period that one breaker alone
    /// would have then, divided by the voters, but at least twice `probe_timeout` and at least `minimum_gap`.
    ///
    /// N breakers alone probe N times in each of their open periods. So does the fleet, but its probes come one after
    /// the other, so it detects the recovery N times sooner.
    pub fn gap(&self, voters: u32, failed: u32) -> Duration {
        (self.own_wait(failed) / voters.max(1))
            .max(self.probe.timeout.saturating_mul(2))
            .max(self.probe.minimum_gap)
    }

    /// The open period of one breaker alone after this many failed probes in a row, without jitter.
    pub(crate) fn own_wait(&self, failed: u32) -> Duration {
        let longest = self.probe.longest_gap;
        let seconds = self.probe.open_for.as_secs_f64() * power(self.probe.backoff_factor, failed);
        if seconds >= longest.as_secs_f64() {
            longest
        } else if failed == 0 {
            self.probe.open_for
        } else {
            Duration::from_secs_f64(seconds)
        }
    }

    /// The longest wait between two probes of an instance alone.
    pub fn longest_gap(&self) -> Duration {
        self.probe.longest_gap
    }

    /// Returns how many successful probes in a row close the fleet.
    pub fn probes_to_close(&self) -> u32 {
        self.probe.probes_to_close
    }

    /// Returns the time after a rejected call within which an instance asks for the lease; the random moment keeps
    /// instances from asking together.
    pub fn ask_within(&self) -> Duration {
        self.probe.ask_within
    }

    /// Returns the longest time until a held instance closes after the fleet has.
    pub fn stagger(&self) -> Duration {
        self.probe.stagger
    }

    /// Returns how long an engine keeps a verdict that nobody reads, and how long the fleet may hold a breaker
    /// without closing.
    pub fn verdict_for(&self) -> Duration {
        self.probe.verdict_for
    }

    /// Returns how many calls the merged window holds for this many voters.
    pub fn pool_calls(&self, voters: u32) -> u64 {
        let windows = self
            .pool
            .windows
            .unwrap_or_else(|| (voters / 2).max(3).min(voters.max(1)));
        u64::from(self.pool.window) * u64::from(windows)
    }

    /// Returns how many calls one instance's window holds, of which the merged window is a multiple.
    pub fn pool_window(&self) -> u32 {
        self.pool.window
    }

    /// Returns the failure ratio of the merged window that opens the fleet.
    pub fn pool_threshold(&self) -> Ratio {
        self.pool.threshold
    }

    /// How many windows the merged one holds; `None` where that follows the voters.
    pub fn pool_windows(&self) -> Option<u32> {
        self.pool.windows
    }

    /// Returns how often counts are sent.
    pub fn pool_batch(&self) -> Duration {
        self.pool.batch
    }

    /// Returns how old counts may be.
    pub fn pool_keep(&self) -> Duration {
        self.pool.keep
    }
}

/// Raises `factor` to a power by squaring, as a breaker does: the result is the same on every machine, which
/// `f64::powi` does not promise.
fn power(factor: f64, exponent: u32) -> f64 {
    let (mut power, mut square, mut left) = (1.0, factor, exponent);
    while left > 0 {
        if left % 2 == 1 {
            power *= square;
        }
        square *= square;
        left /= 2;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_need_is_the_share_rounded_up_and_never_one() {
        let settings = Settings::builder(Mode::Quorum).build().unwrap();
        let thirds = Settings::builder(Mode::Quorum)
            .quorum_share(2.0 / 3.0)
            .build()
            .unwrap();

        let needs = [0, 1, 3, 4, 10, 11].map(|voters| settings.need(voters));
        assert_eq!(needs, [2, 2, 2, 2, 5, 6]);
        assert_eq!(
            [3, 4, 6, 300].map(|voters| thirds.need(voters)),
            [2, 3, 4, 200]
        );
    }

    fn probing(factor: f64) -> Settings {
        Settings::builder(Mode::Quorum)
            .open_for(Duration::from_secs(5))
            .backoff_factor(factor)
            .probe_timeout(Duration::from_millis(200))
            .longest_gap(Duration::from_secs(32))
            .build()
            .unwrap()
    }

    #[test]
    fn the_gap_is_the_open_period_of_one_breaker_divided_by_the_voters() {
        let settings = probing(2.0);
        let gaps =
            |voters| [0, 1, 2, 3, 200].map(|failed| settings.gap(voters, failed).as_millis());

        assert_eq!(gaps(1), [5_000, 10_000, 20_000, 32_000, 32_000]);
        assert_eq!(gaps(5), [1_000, 2_000, 4_000, 6_400, 6_400]);
        assert_eq!(
            gaps(100),
            [400, 400, 400, 400, 400],
            "two probes and no less"
        );
        assert_eq!(gaps(0), gaps(1));
    }

    #[test]
    fn the_gap_grows_as_the_breakers_open_period_does_and_not_at_all_with_a_factor_of_one() {
        for failed in [0, 1, 50, u32::MAX] {
            assert_eq!(probing(1.0).gap(5, failed), Duration::from_secs(1));
        }
        assert_eq!(probing(1.5).gap(5, 2), Duration::from_millis(2250));
        assert_eq!(
            probing(1000.0).gap(5, u32::MAX),
            Duration::from_millis(6400)
        );
    }

    #[test]
    fn the_merged_window_has_half_as_many_windows_as_voters_but_three() {
        let settings = Settings::builder(Mode::Pooled)
            .pool_window(20)
            .build()
            .unwrap();

        let calls = [0, 1, 2, 3, 10, 100].map(|voters| settings.pool_calls(voters));
        assert_eq!(calls, [20, 20, 40, 60, 100, 1000]);
    }
}
