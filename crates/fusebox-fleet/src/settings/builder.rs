//! The builder of settings: one method per setting, checked together at the end.

mod build;

use std::time::Duration;

use crate::mode::Mode;

pub(super) use build::shortest_lease;

/// Collects the settings of a fleet; [`build`](Self::build) checks them together.
///
/// # Examples
/// ```
/// use fusebox_fleet::{Mode, Settings};
/// use std::time::Duration;
///
/// let settings = Settings::builder(Mode::Quorum)
///     .heartbeat(Duration::from_millis(500))
///     .build()?;
/// assert_eq!(settings.stale_after(), Duration::from_millis(1500));
/// # Ok::<(), fusebox_fleet::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SettingsBuilder {
    mode: Mode,
    fleet_size: Option<u32>,
    heartbeat: Duration,
    stale_after: Option<Duration>,
    member_for: Option<Duration>,
    engine_timeout: Duration,
    suspicion_run: u32,
    opinion_for: Duration,
    quorum_share: f64,
    minimum_votes: Option<u32>,
    localised_after: Option<Duration>,
    open_for: Duration,
    backoff_factor: f64,
    jitter: f64,
    probe_timeout: Duration,
    minimum_gap: Duration,
    longest_gap: Option<Duration>,
    longest_lease: Option<Duration>,
    probes_to_close: u32,
    ask_within: Duration,
    stagger: Duration,
    verdict_for: Option<Duration>,
    pool_window: u32,
    pool_windows: Option<u32>,
    pool_threshold: f64,
    pool_batch: Duration,
    pool_keep: Duration,
}

impl SettingsBuilder {
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            mode,
            fleet_size: None,
            heartbeat: Duration::from_secs(1),
            stale_after: None,
            member_for: None,
            engine_timeout: Duration::from_millis(250),
            suspicion_run: 5,
            opinion_for: Duration::from_secs(30),
            quorum_share: 0.5,
            minimum_votes: None,
            localised_after: None,
            open_for: Duration::from_secs(5),
            backoff_factor: 2.0,
            jitter: 0.2,
            probe_timeout: Duration::from_secs(1),
            minimum_gap: Duration::from_millis(250),
            longest_gap: None,
            longest_lease: None,
            probes_to_close: 1,
            ask_within: Duration::from_millis(50),
            stagger: Duration::from_secs(2),
            verdict_for: None,
            pool_window: 20,
            pool_windows: (mode == Mode::PooledNaive).then_some(1),
            pool_threshold: 0.5,
            pool_batch: Duration::from_millis(100),
            pool_keep: Duration::from_secs(60),
        }
    }

    /// Sets how many instances the fleet is meant to have, if that is known. It is used only to refuse a quorum that
    /// such a fleet could never reach.
    pub fn fleet_size(mut self, instances: u32) -> Self {
        self.fleet_size = Some(instances);
        self
    }

    /// Sets how often an instance reports. Each wait varies by a tenth. Default 1 s; may differ between instances.
    pub fn heartbeat(mut self, period: Duration) -> Self {
        self.heartbeat = period;
        self
    }

    /// Sets how old a view may be before the instance goes on alone: more than a heartbeat plus the engine's timeout.
    /// Default three heartbeats.
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.stale_after = Some(age);
        self
    }

    /// Sets how long an instance counts after its last report: at least `stale_after`, or the fleet would forget an
    /// instance that still follows it. Default `stale_after`.
    pub fn member_for(mut self, lifetime: Duration) -> Self {
        self.member_for = Some(lifetime);
        self
    }

    /// Sets how long a host waits for an answer of the engine. Default 250 ms. No call ever waits for it.
    pub fn engine_timeout(mut self, timeout: Duration) -> Self {
        self.engine_timeout = timeout;
        self
    }

    /// Sets how many calls in a row have to fail before an instance suspects the downstream. Default 5; see
    /// [`suspicion_run_for`](Self::suspicion_run_for).
    ///
    /// A vote means the same as a trip, on less evidence. It must not mean a lower threshold: otherwise a failure
    /// ratio of a quarter, which every breaker alone could tolerate, would open the fleet.
    pub fn suspicion_run(mut self, failures: u32) -> Self {
        self.suspicion_run = failures;
        self
    }

    /// Sets [`suspicion_run`](Self::suspicion_run) to half of the failures that trip the breaker, rounded up, and
    /// from 2 to 5.
    pub fn suspicion_run_for(self, failures_to_trip: u32) -> Self {
        self.suspicion_run(failures_to_trip.div_ceil(2).clamp(2, 5))
    }

    /// Sets how long an opinion lasts without a finished call; after that the instance has no vote. Default 30 s.
    pub fn opinion_for(mut self, lifetime: Duration) -> Self {
        self.opinion_for = lifetime;
        self
    }

    /// Sets the share of voters that opens the fleet, above 0 and up to 1. Default 0.5.
    pub fn quorum_share(mut self, share: f64) -> Self {
        self.quorum_share = share;
        self
    }

    /// Sets the smallest number of votes that opens a fleet of any size: at least 2, or at least 1 in
    /// [`Mode::AnyOpen`]. Default: that minimum.
    pub fn minimum_votes(mut self, votes: u32) -> Self {
        self.minimum_votes = Some(votes);
        self
    }

    /// Sets how long a breaker has to be open while the fleet is fine before the instance reports a localised
    /// failure. Default two heartbeats.
    pub fn localised_after(mut self, wait: Duration) -> Self {
        self.localised_after = Some(wait);
        self
    }

    /// Sets the open period of the breaker, from which the fleet's waits follow. Default 5 s.
    pub fn open_for(mut self, wait: Duration) -> Self {
        self.open_for = wait;
        self
    }

    /// Sets the factor by which each failed probe makes the wait before the next one longer, up to
    /// [`longest_gap`](Self::longest_gap): the back-off of the breaker, from 1 to 1000. Default 2, as for a breaker;
    /// 1 keeps the wait constant.
    pub fn backoff_factor(mut self, factor: f64) -> Self {
        self.backoff_factor = factor;
        self
    }

    /// Sets the share, from 0 to 1, by which an instance that waits on its own varies an open period. Default 0.2. An
    /// instance that probes by its own timer waits up to that share less, as a breaker does. An instance that has
    /// just lost the engine waits a random part of `open_for` plus that share.
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// Sets how long a call may take: the client's timeout. Default 1 s.
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe_timeout = timeout;
        self
    }

    /// Sets the shortest wait between two probes of the fleet, however many voters it has. Default 250 ms.
    pub fn minimum_gap(mut self, gap: Duration) -> Self {
        self.minimum_gap = gap;
        self
    }

    /// Sets the longest wait between two probes of an instance alone, which failed probes reach by `backoff_factor`:
    /// the breaker's longest open period, and at least the first wait. For a fleet it is divided by the voters.
    /// Default 60 s, or the first wait if that is longer.
    pub fn longest_gap(mut self, gap: Duration) -> Self {
        self.longest_gap = Some(gap);
        self
    }

    /// Sets the longest lease that an instance asks for: at least a probe and one second. Default 60 s, or that
    /// minimum if it is longer. An instance asks for the time of a probe plus three times the wait for its next call.
    pub fn longest_lease(mut self, lease: Duration) -> Self {
        self.longest_lease = Some(lease);
        self
    }

    /// Sets how many successful probes in a row close the fleet. Default 1.
    pub fn probes_to_close(mut self, probes: u32) -> Self {
        self.probes_to_close = probes;
        self
    }

    /// Sets within which time after a rejected call an instance asks for the lease. Default 50 ms; may be zero.
    pub fn ask_within(mut self, wait: Duration) -> Self {
        self.ask_within = wait;
        self
    }

    /// Sets the time over which the instances close after the fleet has. Default 2 s; may be zero. It costs each
    /// instance half that time's calls in rejections, and gives a downstream that has just recovered a ramp instead
    /// of a step.
    pub fn stagger(mut self, time: Duration) -> Self {
        self.stagger = time;
        self
    }

    /// Sets how long an engine keeps a verdict that nobody reads, and how long an instance lets the fleet hold its
    /// breaker before it goes on alone. At least ten times `longest_gap`, or an open verdict could be forgotten
    /// between two probes. Default: that minimum, or `longest_lease` plus `longest_gap` if that is longer, because a
    /// fleet may wait that long for a prober that fell silent.
    pub fn verdict_for(mut self, lifetime: Duration) -> Self {
        self.verdict_for = Some(lifetime);
        self
    }

    /// Sets how many calls the window of one breaker holds, where counts are merged. Default 20.
    pub fn pool_window(mut self, calls: u32) -> Self {
        self.pool_window = calls;
        self
    }

    /// Sets how many windows the merged one is long. Default half as many as there are voters, at least 3, and at
    /// most one per voter; 1 in [`Mode::PooledNaive`]. Fewer react sooner; more are wrong less often.
    pub fn pool_windows(mut self, windows: u32) -> Self {
        self.pool_windows = Some(windows);
        self
    }

    /// Sets the failure ratio of the merged window that opens the fleet, above 0 and up to 1. Default 0.5. Until the
    /// window is full, missing calls count as successes, so it always takes this share of a full window.
    pub fn pool_threshold(mut self, share: f64) -> Self {
        self.pool_threshold = share;
        self
    }

    /// Sets how often counts are sent, at most one heartbeat apart, and how long they are counted together; all
    /// instances have to share it. Default 100 ms.
    pub fn pool_batch(mut self, period: Duration) -> Self {
        self.pool_batch = period;
        self
    }

    /// Sets how long counts are evidence: at least `pool_batch`. Default 60 s.
    pub fn pool_keep(mut self, lifetime: Duration) -> Self {
        self.pool_keep = lifetime;
        self
    }
}
