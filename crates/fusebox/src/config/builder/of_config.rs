//! The conversion of a config back into a builder.

use super::{ConfigBuilder, Probes};
use crate::config::{Config, ProbeVerdict};
use crate::ratio::Ratio;

impl ConfigBuilder {
    /// The settings of `config`. A setting that was left to a default which depends on another
    /// setting, such as the permitted probes, still depends on it.
    pub(in crate::config) fn of(config: &Config) -> Self {
        let Config {
            trip,
            wait,
            half_open,
            ramp_up_for,
            dropped,
            stripes,
            asked,
        } = config;
        let probes = match half_open.verdict {
            ProbeVerdict::Count {
                successes,
                failures,
            } => Probes::Count {
                successes,
                failures,
            },
            ProbeVerdict::Ratio {
                trial,
                failure_rate_threshold,
            } => Probes::Ratio {
                trial,
                threshold: failure_rate_threshold.as_f64(),
            },
        };
        Self {
            consecutive_failures: trip.consecutive_failures,
            failure_rate_threshold: trip.failure_ratio.map(Ratio::as_f64),
            slow_call_rate_threshold: trip.slow_ratio.map(Ratio::as_f64),
            slow_call_duration: trip.slow_over,
            window: trip.window,
            minimum_calls: asked.minimum_calls,
            open_for: wait.base,
            backoff_factor: wait.factor,
            max_open_for: asked.max_open_for,
            jitter: wait.jitter,
            jitter_seed: wait.jitter_seed,
            backoff_decay: wait.decay,
            ramp_up_for: *ramp_up_for,
            in_flight_calls: trip.in_flight,
            stripes: *stripes,
            probes,
            permitted_probes: asked.permitted_probes,
            half_open_for: half_open.deadline,
            half_open_timeout: half_open.on_timeout,
            dropped_permit: *dropped,
        }
    }
}
