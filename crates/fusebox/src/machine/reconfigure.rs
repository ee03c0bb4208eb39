//! The change to other settings. State and evidence stay as far as they still mean something.
//!
//! A setting that stays the same has no effect, whatever else changes: what an operator or a saved
//! state has set apart from the settings is not touched.

use std::sync::Arc;
use std::time::Duration;

use super::Machine;
use super::calm::Calm;
use super::phase::Phase;
use crate::config::Config;
use crate::ramp::Ramp;

impl Machine {
    /// Uses `config` from now on.
    pub(crate) fn reconfigure(&mut self, config: Arc<Config>, now: Duration) {
        self.pass_time(now);
        if config.trip.judged_window() != self.config.trip.judged_window() {
            self.evidence = self
                .evidence
                .reshaped(config.trip.judged_window(), self.now);
        }
        if config.trip.in_flight != self.config.trip.in_flight {
            self.in_flight.clear();
        } else if let Some(limit) = config.trip.slow_over {
            self.in_flight.judge_anew(self.now, limit);
        }
        if config.wait.jitter_seed != self.config.wait.jitter_seed
            && let Some(seed) = config.wait.jitter_seed
        {
            self.chance = fastrand::Rng::with_seed(seed);
        }
        self.adapt_phase(&config);
        self.config = config;
        if let Phase::HalfOpen(trial) = self.phase {
            self.decide_trial(trial, None);
        }
        self.make_due_change();
    }

    /// Moves the deadlines of the present phase whose settings changed.
    fn adapt_phase(&mut self, config: &Config) {
        match &mut self.phase {
            Phase::Open { until, .. } => {
                // A longer maximum does not shorten a period that an operator made longer still. A
                // maximum that was left to its default does not count as a changed setting.
                let by_default = [config.asked, self.config.asked]
                    .iter()
                    .all(|asked| asked.max_open_for.is_none());
                if config.wait.max < self.config.wait.max && !by_default {
                    let longest = self.since.saturating_add(config.wait.max);
                    *until = longest.min(*until);
                }
            }
            Phase::HalfOpen(trial) => {
                let deadline = config.half_open.deadline;
                if deadline != self.config.half_open.deadline {
                    trial.deadline = deadline.map(|wait| self.since.saturating_add(wait));
                }
            }
            Phase::Closed { ramp, calm } => {
                let decay = self.config.wait.decay;
                if config.wait.decay != decay {
                    (self.openings, *calm) = calm.settled(self.openings, self.now, decay);
                    *calm = calm.at_most(config.wait.decay);
                }
                if ramp.is_some() && config.ramp_up_for != self.config.ramp_up_for {
                    *ramp = config
                        .ramp_up_for
                        .map(|period| Ramp::new(self.since, period));
                    let end = ramp.map_or(self.now, |ramp| ramp.end());
                    *calm = Calm::beginning(end.max(self.now));
                }
            }
            // The first three have times that the fleet set. A turn asks for the ramp when it ends.
            Phase::Held(_)
            | Phase::Leased(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => {}
        }
    }
}
