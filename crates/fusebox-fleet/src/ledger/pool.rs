//! The merged counts of calls: a window over the latest calls of all instances.
//!
//! Counts lie in buckets of one batch. The window is made of whole buckets, from the newest back, so it may hold a
//! few calls more than its size.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::counts::Counts;
use crate::settings::Settings;

/// Ratios are compared in this many parts of a whole.
const WHOLE: f64 = 1_000_000.0;

/// The counts of all instances, by when they came.
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

    /// Whether failures among the latest calls reach the threshold of a full window. While the window is not full,
    /// missing calls count as successes. So it takes as many failures as for a full window, but the fleet need not
    /// wait until the window is full: those failures would still be in it then.
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
