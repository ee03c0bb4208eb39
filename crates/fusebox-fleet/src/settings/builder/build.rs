//! The check of all settings together.

use std::time::Duration;

use fusebox::Ratio;

use super::SettingsBuilder;
use crate::mode::{Evidence, Mode};
use crate::settings::check::Check;
use crate::settings::error::SettingsError;
use crate::settings::{News, Pool, Probe, Settings, Vote};
use crate::span::Span;

const MINUTE: Duration = Duration::from_secs(60);
const LARGEST: u32 = 1_000_000;

/// The time of a probe, plus a second for the prober's next call to arrive.
pub(in crate::settings) fn shortest_lease(probe_timeout: Duration) -> Duration {
    probe_timeout.saturating_add(Duration::from_secs(1))
}

impl SettingsBuilder {
    /// Checks all settings together and makes `Settings` of them.
    ///
    /// # Errors
    /// [`SettingsError`] lists every setting that is out of range or contradicts another, with the allowed values.
    pub fn build(self) -> Result<Settings, SettingsError> {
        let mut check = Check::default();
        let settings = Settings {
            mode: self.mode,
            news: self.news(&mut check),
            vote: self.vote(&mut check),
            probe: self.probe(&mut check),
            pool: self.pool(&mut check),
        };
        check.finish().map(|()| settings)
    }

    fn news(&self, check: &mut Check) -> News {
        let stale_after = self.stale_after.unwrap_or(self.heartbeat.saturating_mul(3));
        let member_for = self.member_for.unwrap_or(stale_after);
        check.time("heartbeat", self.heartbeat);
        check.time("engine_timeout", self.engine_timeout);
        // A heartbeat comes up to a tenth late, and its answer as late as the engine may be.
        let one_answer =
            (self.heartbeat.saturating_mul(11) / 10).saturating_add(self.engine_timeout);
        check.at_least(
            "stale_after",
            stale_after,
            (
                one_answer,
                "a late heartbeat and engine_timeout, or the instance is alone between two answers",
            ),
        );
        check.at_least(
            "member_for",
            member_for,
            (
                stale_after,
                "stale_after, or the fleet forgets instances that still follow it",
            ),
        );
        check.time_or_zero("member_for", member_for);
        News {
            heartbeat: self.heartbeat,
            stale_after,
            member_for,
            engine_timeout: self.engine_timeout,
        }
    }

    fn vote(&self, check: &mut Check) -> Vote {
        let least = if self.mode.dials().evidence == Evidence::Trips {
            1
        } else {
            2
        };
        let minimum_votes = self.minimum_votes.unwrap_or(least);
        let localised_after = self
            .localised_after
            .unwrap_or(self.heartbeat.saturating_mul(2));
        check.number("suspicion_run", self.suspicion_run, 1..=LARGEST);
        check.number("minimum_votes", minimum_votes, least..=LARGEST);
        if let Some(instances) = self.fleet_size
            && self.mode.dials().evidence != Evidence::Nothing
        {
            check.number("fleet_size", instances, 1..=LARGEST);
            if minimum_votes > instances {
                check.refuse(
                    "minimum_votes",
                    minimum_votes,
                    format!("at most fleet_size ({instances}), or the fleet can never open"),
                );
            }
        }
        check.at_least(
            "opinion_for",
            self.opinion_for,
            (
                self.heartbeat,
                "heartbeat, or an opinion is gone before it is told",
            ),
        );
        check.time_or_zero("opinion_for", self.opinion_for);
        check.time_or_zero("localised_after", localised_after);
        Vote {
            suspicion_run: self.suspicion_run,
            opinion_for: self.opinion_for,
            quorum_share: check.ratio("quorum_share", self.quorum_share),
            minimum_votes,
            localised_after,
        }
    }

    fn probe(&self, check: &mut Check) -> Probe {
        check.time("open_for", self.open_for);
        check.time("probe_timeout", self.probe_timeout);
        check.time("minimum_gap", self.minimum_gap);
        check.time_or_zero("ask_within", self.ask_within);
        check.time_or_zero("stagger", self.stagger);
        check.number("probes_to_close", self.probes_to_close, 1..=1000);
        if !(1.0..=1000.0).contains(&self.backoff_factor) {
            check.refuse("backoff_factor", self.backoff_factor, "from 1 to 1000");
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            check.refuse("jitter", self.jitter, "from 0 to 1");
        }
        let first_gap = self
            .open_for
            .max(self.probe_timeout.saturating_mul(2))
            .max(self.minimum_gap);
        let longest_gap = self.longest_gap.unwrap_or(first_gap.max(MINUTE));
        let why = "the first wait: the longest of open_for, two probe_timeout, and minimum_gap";
        check.at_least("longest_gap", longest_gap, (first_gap, why));
        let shortest = shortest_lease(self.probe_timeout);
        let longest_lease = self.longest_lease.unwrap_or(shortest.max(MINUTE));
        let why = "probe_timeout and a second for the prober's next call";
        check.at_least("longest_lease", longest_lease, (shortest, why));
        check.time_or_zero("longest_lease", longest_lease);
        let ten_gaps = longest_gap.saturating_mul(10);
        // A prober that falls silent keeps its lease to the end, and somebody else probes a gap later.
        let one_lease = longest_lease.saturating_add(longest_gap);
        let verdict_for = self.verdict_for.unwrap_or(ten_gaps.max(one_lease));
        let why = "ten times longest_gap, or an open verdict may be forgotten between two probes";
        check.at_least("verdict_for", verdict_for, (ten_gaps, why));
        Probe {
            open_for: self.open_for,
            backoff_factor: self.backoff_factor,
            jitter: self.jitter,
            timeout: self.probe_timeout,
            minimum_gap: self.minimum_gap,
            longest_gap,
            longest_lease,
            probes_to_close: self.probes_to_close,
            ask_within: self.ask_within,
            stagger: self.stagger,
            verdict_for,
        }
    }

    fn pool(&self, check: &mut Check) -> Pool {
        check.number("pool_window", self.pool_window, 1..=LARGEST);
        if let Some(windows) = self.pool_windows {
            check.number("pool_windows", windows, 1..=1000);
        }
        check.time("pool_batch", self.pool_batch);
        if self.pool_batch > self.heartbeat && pools(self.mode) {
            let heartbeat = Span(self.heartbeat);
            let allowed = format!("at most heartbeat ({heartbeat}), which sends counts, too");
            check.refuse("pool_batch", Span(self.pool_batch), allowed);
        }
        let why = "pool_batch, or counts are gone before they are told";
        check.at_least("pool_keep", self.pool_keep, (self.pool_batch, why));
        check.time_or_zero("pool_keep", self.pool_keep);
        let threshold: Ratio = check.ratio("pool_threshold", self.pool_threshold);
        Pool {
            window: self.pool_window,
            windows: self.pool_windows,
            threshold,
            batch: self.pool_batch,
            keep: self.pool_keep,
        }
    }
}

fn pools(mode: Mode) -> bool {
    mode.dials().evidence == Evidence::Counts
}
