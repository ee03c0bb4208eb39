//! How long did permitted calls take?

use std::time::Duration;

use fusebox::Outcome;
use opentelemetry::TraceId;

use crate::exemplars::{Durations, durations};
use crate::exposition::Metrics;
use crate::names::CALL_DURATION;

/// The durations of one breaker's calls, by outcome.
#[derive(Clone, Debug)]
pub struct CallDurations {
    by_outcome: Vec<(Outcome, Durations)>,
}

impl CallDurations {
    /// Registers `circuit_breaker_call_duration_seconds` for the breaker called `breaker`.
    ///
    /// # Panics
    /// If it has been registered before.
    pub fn new(metrics: &Metrics, breaker: &str) -> Self {
        let all = durations(&CALL_DURATION);
        metrics.register(all.clone());
        let by_outcome = Outcome::ALL.iter().map(|&outcome| {
            let values = [breaker, outcome.as_str()];
            let series = Durations::new(&all, metrics.exemplars(), &CALL_DURATION, &values);
            (outcome, series)
        });
        Self {
            by_outcome: by_outcome.collect(),
        }
    }

    /// Notes that a call with this outcome took so long. `trace` is its trace, if it is sampled.
    pub fn observe(&self, outcome: Outcome, took: Duration, trace: Option<TraceId>) {
        if let Some((_, series)) = self.by_outcome.iter().find(|(known, _)| *known == outcome) {
            series.observe(took.as_secs_f64(), trace);
        }
    }
}
