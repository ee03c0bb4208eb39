//! The changes of the truth, one after another, so that it need not be polled.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use experiment::downstream::{Lookout, TRUTH_STEP};
use tokio::sync::watch;

use super::live::{Live, Outlook};

/// Waits for the next change of the truth, again and again.
///
/// Each [`next`](Self::next) returns an instant from which on a truth, or the phase, may have changed. Ask
/// [`Running::truth_of_each_at`](super::Running::truth_of_each_at) and
/// [`Running::phase_at`](super::Running::phase_at) for the values from that instant on.
///
/// - Changes that the plan knows in advance are reported with their exact instant, however late the task wakes.
/// - A change of the plan is reported at once.
/// - Changes by calls (a rule that counts them, or the work queue of an overload model) are reported at most once in
///   [`TRUTH_STEP`], and only when there was one: 10 ms after the last look, or when the next call comes, whichever
///   is later.
#[derive(Debug)]
pub(crate) struct TruthChanges {
    live: Arc<Live>,
    /// The lookout that is asked for the truth, so that the changes are those of the callers that it was asked about.
    lookout: Arc<Mutex<Lookout>>,
    versions: watch::Receiver<u64>,
    seen: Outlook,
    /// The last instant that was reported.
    told: Duration,
}

impl TruthChanges {
    /// The changes from now on. The truth of this very moment belongs to [`began`](Self::began).
    pub(super) fn new(live: &Arc<Live>, lookout: &Arc<Mutex<Lookout>>) -> Self {
        let versions = live.truth_versions();
        let told = live.now();
        Self {
            live: Arc::clone(live),
            lookout: Arc::clone(lookout),
            versions,
            seen: live.outlook(told, lookout),
            told,
        }
    }

    /// The instant from which changes are reported, on the clock of the service.
    pub(crate) fn began(&self) -> Duration {
        self.told
    }

    /// Returns the instant of the next change, on the clock of the service, when it has come. It is never before the
    /// last one. It is cancel-safe.
    pub(crate) async fn next(&mut self) -> Duration {
        loop {
            let now = self.live.now();
            // First what was planned before: it may have been the end of its plan.
            if let Some(at) = self.seen.next_change
                && at <= now
            {
                return self.tell(at.max(self.told));
            }
            self.versions.mark_unchanged();
            let outlook = self.live.outlook(self.told, &self.lookout);
            let due = self.told + TRUTH_STEP;
            let called = outlook.version != self.seen.version;
            if outlook.revision != self.seen.revision || (called && now >= due) {
                return self.tell(now.max(self.told));
            }
            self.seen.next_change = outlook.next_change;
            let planned = outlook.next_change;
            let wake = if called {
                Some(planned.map_or(due, |at| at.min(due)))
            } else {
                planned
            };
            tokio::select! {
                () = self.live.at(wake) => {}
                _ = self.versions.changed(), if !called => {}
            }
        }
    }

    fn tell(&mut self, at: Duration) -> Duration {
        self.told = at;
        self.seen = self.live.outlook(at, &self.lookout);
        at
    }
}

#[cfg(test)]
mod tests;
