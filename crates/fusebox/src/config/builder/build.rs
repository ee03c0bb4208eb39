//! The check of all settings together, which turns a builder into a config.

use std::time::Duration;

use super::{ConfigBuilder, Probes};
use crate::config::check::Check;
use crate::config::error::ConfigError;
use crate::config::{
    Asked, Config, DroppedPermit, HalfOpenPolicy, InFlightCalls, ProbeVerdict, TripPolicy,
    WaitPolicy,
};
use crate::ratio::Ratio;
use crate::window::Window;

const DEFAULT_MAX_OPEN_FOR: Duration = Duration::from_secs(60);

impl ConfigBuilder {
    /// Checks all settings together and makes a config of them.
    ///
    /// # Errors
    /// [`ConfigError`] lists every setting that is out of range or contradicts another, with the
    /// allowed values.
    pub fn build(self) -> Result<Config, ConfigError> {
        let mut check = Check::default();
        let trip = self.trip(&mut check);
        let wait = self.wait(&mut check);
        let half_open = self.half_open(&mut check);
        if let DroppedPermit::SlowFailureAfter(age) = self.dropped_permit {
            check.above_zero("dropped_permit age", age);
        }
        if let Some(period) = self.ramp_up_for {
            check.above_zero("ramp_up_for", period);
        }
        check.finish(Config {
            trip,
            wait,
            half_open,
            ramp_up_for: self.ramp_up_for,
            dropped: self.dropped_permit,
            stripes: self.stripes,
            asked: Asked {
                max_open_for: self.max_open_for,
                permitted_probes: self.permitted_probes,
                minimum_calls: self.minimum_calls,
            },
        })
    }

    fn trip(&self, check: &mut Check) -> TripPolicy {
        if self.consecutive_failures.is_none()
            && self.failure_rate_threshold.is_none()
            && self.slow_call_rate_threshold.is_none()
        {
            check.refuse(
                "trip rules",
                "none",
                "at least one of consecutive_failures, failure_rate_threshold and \
                 slow_call_rate_threshold, or the breaker can never trip",
            );
        }
        if let Some(failures) = self.consecutive_failures {
            check.at_least_one("consecutive_failures", failures);
        }
        if self.slow_call_rate_threshold.is_some() && self.slow_call_duration.is_none() {
            check.refuse(
                "slow_call_duration",
                "unset",
                "set when slow_call_rate_threshold is, or that rule can never trip",
            );
        }
        if self.in_flight_calls == InFlightCalls::CountWhenOverdue
            && self.slow_call_rate_threshold.is_none()
        {
            check.refuse(
                "slow_call_rate_threshold",
                "unset",
                "set when in_flight_calls counts overdue calls, or they can never trip",
            );
        }
        check.at_least_one("minimum_calls", self.minimum_calls);
        check.window(self.window);
        TripPolicy {
            consecutive_failures: self.consecutive_failures,
            failure_ratio: check.ratio("failure_rate_threshold", self.failure_rate_threshold),
            slow_ratio: check.ratio("slow_call_rate_threshold", self.slow_call_rate_threshold),
            slow_over: self.slow_call_duration,
            window: self.window,
            minimum_calls: match self.window {
                Window::Count { calls } => self.minimum_calls.min(calls),
                Window::Time { .. } => self.minimum_calls,
            },
            in_flight: self.in_flight_calls,
        }
    }

    fn wait(&self, check: &mut Check) -> WaitPolicy {
        let max = self
            .max_open_for
            .unwrap_or(DEFAULT_MAX_OPEN_FOR.max(self.open_for));
        check.above_zero("open_for", self.open_for);
        if max < self.open_for {
            check.refuse("max_open_for", max, "at least open_for");
        }
        if !(1.0..=1000.0).contains(&self.backoff_factor) {
            check.refuse("backoff_factor", self.backoff_factor, "from 1 to 1000");
        }
        if let Some(calm) = self.backoff_decay {
            check.above_zero("backoff_decay", calm);
        }
        if !(0.0..=0.5).contains(&self.jitter) {
            check.refuse("jitter", self.jitter, "from 0 to 0.5");
        }
        WaitPolicy {
            base: self.open_for,
            factor: self.backoff_factor,
            max,
            jitter: self.jitter,
            jitter_seed: self.jitter_seed,
            decay: self.backoff_decay,
        }
    }

    fn half_open(&self, check: &mut Check) -> HalfOpenPolicy {
        let (verdict, needed) = match self.probes {
            Probes::Count {
                successes,
                failures,
            } => {
                check.at_least_one("probe_successes", successes);
                check.at_least_one("probe_failures", failures);
                let verdict = ProbeVerdict::Count {
                    successes,
                    failures,
                };
                (verdict, successes)
            }
            Probes::Ratio { trial, threshold } => {
                check.at_least_one("probe_trial", trial);
                let ratio = check.ratio("probe_failure_rate_threshold", Some(threshold));
                let verdict = ProbeVerdict::Ratio {
                    trial,
                    failure_rate_threshold: ratio.unwrap_or(Ratio::ONE),
                };
                (verdict, trial)
            }
        };
        if let Some(probes) = self.permitted_probes {
            check.at_least_one("permitted_probes", probes);
        }
        if let Some(deadline) = self.half_open_for {
            check.at_least_a_millisecond("half_open_for", deadline);
        }
        HalfOpenPolicy {
            verdict,
            permits: self.permitted_probes.unwrap_or(needed),
            deadline: self.half_open_for,
            on_timeout: self.half_open_timeout,
        }
    }
}
