//! The merged counts of calls: a window over the latest calls of all instances.
//!
//! Counts lie in buckets as long as a batch. The window is made of whole buckets, from the newest back, so it
//! may hold a few calls more than it is set to.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::counts::Counts;
use crate::settings::Settings;

/// Ratios are compared in these parts of a whole.
const WHOLE: f64 = 1_000_000.0;

/// Counts of all instances by when they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pool {
    buckets: BTreeMap<u128, Counts>,
}

impl Pool {
    pub(super) fn add(&mut self, now: Duration, counts: Counts, rules: &Settings) {
        let oldest = bucket(now.saturating_sub(rules.pool_keep()), rules);
        self.buckets = self.buckets.split_off(&oldest);
        if counts.calls() > 0 {
            let sum = self.buckets.entry(bucket(now, rules)).or_default();
            *sum = sum.plus(counts);
        }
    }

    pub(super) fn clear(&mut self) {
        self.buckets.clear();
    }

    /// Whether failures among the latest calls reach the threshold of a full window. While the window is
    /// not full, the calls that it lacks count as successes. So it opens on no fewer failures than a full one,
    /// and not only once it is full: those failures would still be in it then.
    pub(super) fn carries(&self, now: Duration, rules: &Settings, voters: u32) -> bool {
        let oldest = bucket(now.saturating_sub(rules.pool_keep()), rules);
        let wanted = rules.pool_calls(voters);
        let mut sum = Counts::default();
        for (_, counts) in self.buckets.range(oldest..).rev() {
            sum = sum.plus(*counts);
            if sum.calls() >= wanted {
                break;
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a ratio is kept in millionths, from 1 to a million"
        )]
        let threshold = (rules.pool_threshold().as_f64() * WHOLE).round() as u128;
        u128::from(sum.failed) * 1_000_000 >= threshold * u128::from(sum.calls().max(wanted))
    }
}

fn bucket(time: Duration, rules: &Settings) -> u128 {
    time.as_nanos() / rules.pool_batch().as_nanos().max(1)
}
