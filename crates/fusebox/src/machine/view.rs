//! The machine as it looks from outside.

use std::time::Duration;

use super::Machine;
use crate::snapshot::Snapshot;

impl Machine {
    /// Everything at `now`. Nothing is decided: a due transition stays due. Only the time that was
    /// shown is remembered, so that no later look shows an earlier one.
    ///
    /// The caller fills in what it alone knows: name and listener panics.
    pub(crate) fn snapshot(&mut self, now: Duration) -> Snapshot {
        self.see(now);
        let window = self.figures();
        let enough = |calls| calls > 0 && calls >= u64::from(self.config.trip.minimum_calls);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a figure to look at; verdicts compare the integers"
        )]
        let ratio = |part: u64, calls: u64| enough(calls).then(|| part as f64 / calls as f64);
        let mut totals = self.totals.clone();
        totals.time[self.state().index()] += self.now.saturating_sub(self.since);
        Snapshot {
            name: "".into(),
            at: self.now,
            state: self.state(),
            generation: self.generation,
            since: self.since,
            deadline: self.phase.deadline(),
            consecutive_failures: self.consecutive_failures,
            window,
            failure_ratio: ratio(window.failures, window.calls),
            slow_ratio: ratio(window.slow + window.overdue, window.calls + window.overdue),
            hold: self.phase.fleet_hold(self.now),
            openings: self.level(),
            probes_in_flight: self.phase.probes_in_flight(),
            probes_free: self.free_probes(),
            totals,
            transitions: self.recent.iter().copied().collect(),
            events_lost: self.events.lost(),
            listener_panics: 0,
        }
    }
}
