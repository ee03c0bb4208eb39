//! How long did permitted calls take?

use std::time::Duration;

use breaker::Outcome;
use prometheus::{Histogram, HistogramOpts, HistogramVec, Registry};

use crate::http::BUCKETS;
use crate::names::CALL_DURATION;

/// The durations of one breaker's calls, by outcome.
#[derive(Clone, Debug)]
pub struct CallDurations {
    by_outcome: Vec<(Outcome, Histogram)>,
}

impl CallDurations {
    /// Registers `circuit_breaker_call_duration_seconds` for the breaker called `breaker`.
    ///
    /// # Panics
    /// If it has been registered before.
    pub fn new(registry: &Registry, breaker: &str) -> Self {
        let options =
            HistogramOpts::new(CALL_DURATION.name, CALL_DURATION.help).buckets(BUCKETS.to_vec());
        let durations =
            HistogramVec::new(options, CALL_DURATION.labels).expect("the definition is valid");
        registry
            .register(Box::new(durations.clone()))
            .expect("a breaker's durations are registered once");
        let by_outcome = Outcome::ALL.map(|outcome| {
            let histogram = durations.with_label_values(&[breaker, outcome.as_str()]);
            (outcome, histogram)
        });
        Self {
            by_outcome: by_outcome.into(),
        }
    }

    /// Notes that a call with this outcome took so long.
    pub fn observe(&self, outcome: Outcome, took: Duration) {
        if let Some((_, histogram)) = self.by_outcome.iter().find(|(known, _)| *known == outcome) {
            histogram.observe(took.as_secs_f64());
        }
    }
}
