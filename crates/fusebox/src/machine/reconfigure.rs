//! What stays when the settings change? The state, and all evidence that still means something.

use std::sync::Arc;
use std::time::Duration;

use super::Machine;
use super::phase::Phase;
use crate::config::Config;
use crate::ramp::Ramp;

impl Machine {
    /// Works by `config` from now on.
    pub(crate) fn reconfigure(&mut self, config: Arc<Config>, now: Duration) {
        self.pass_time(now);
        if self.level() == 0 {
            // What has decayed does not come back under another decay.
            self.openings = 0;
        }
        if config.trip.judged_window() != self.config.trip.judged_window() {
            self.evidence = self
                .evidence
                .reshaped(config.trip.judged_window(), self.now);
        }
        if config.trip.in_flight != self.config.trip.in_flight {
            self.in_flight.clear();
        }
        if config.wait.jitter_seed != self.config.wait.jitter_seed
            && let Some(seed) = config.wait.jitter_seed
        {
            self.chance = fastrand::Rng::with_seed(seed);
        }
        let same_ramp = config.ramp_up_for == self.config.ramp_up_for;
        self.config = config;
        match &mut self.phase {
            Phase::Open { until } => {
                let longest = self.since.saturating_add(self.config.wait.max);
                *until = longest.min(*until);
            }
            Phase::HalfOpen(trial) => {
                let deadline = self.config.half_open.deadline;
                trial.deadline = deadline.map(|wait| self.since.saturating_add(wait));
                let trial = *trial;
                self.decide_trial(trial, None);
            }
            Phase::Closed { ramp } if ramp.is_some() && !same_ramp => {
                let period = self.config.ramp_up_for;
                *ramp = period.map(|period| Ramp::new(self.since, period));
            }
            Phase::Closed { .. }
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => {}
        }
        self.make_due_change();
    }
}
