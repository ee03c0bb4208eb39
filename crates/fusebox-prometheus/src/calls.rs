//! The durations of permitted calls, by breaker and outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fusebox::Outcome;

use crate::collector::OTHER;
use crate::durations::{DurationSeries, Durations};
use crate::exemplars::TraceId;
use crate::exposition::Metrics;
use crate::names::CALL_DURATION;

/// The histogram of the durations of permitted calls, for all breakers of a service.
///
/// A breaker does not fill this histogram. The code that makes a call observes how long the call
/// took, with the outcome that the permit's end returns. Layers of `fusebox-tower` do not report
/// outcomes. Clones observe into the same histogram.
///
/// # Examples
/// ```
/// use fusebox::Outcome;
/// use fusebox_prometheus::{CallDurations, Metrics};
/// use std::time::Duration;
///
/// let metrics = Metrics::new();
/// let durations = CallDurations::new(&metrics)?;
/// durations.of("db").observe(Outcome::Success, Duration::from_millis(4), None);
///
/// let line = r#"circuit_breaker_call_duration_seconds_count{breaker="db",outcome="success"} 1"#;
/// assert!(metrics.expose(None).body.contains(line));
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CallDurations {
    durations: Durations,
    max_breakers: usize,
    known: Arc<Mutex<HashMap<String, BreakerDurations>>>,
}

/// The durations of one breaker's calls, by outcome. Clones observe into the same series.
#[derive(Clone, Debug)]
pub struct BreakerDurations {
    by_outcome: Arc<[(Outcome, DurationSeries)]>,
}

impl CallDurations {
    /// The number of breakers that get series of their own by default.
    const MAX_BREAKERS: usize = 100;

    /// Registers `circuit_breaker_call_duration_seconds` at `metrics`.
    ///
    /// # Errors
    /// An error if it is already registered: one histogram serves all breakers.
    pub fn new(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        Ok(Self {
            durations: Durations::new(metrics, &CALL_DURATION)?,
            max_breakers: Self::MAX_BREAKERS,
            known: Arc::default(),
        })
    }

    /// Sets how many breakers get series of their own; the others share those of the breaker
    /// [`OTHER`]. Default: 100. A breaker has 80 series. They stay when the breaker is gone.
    pub fn max_breakers(mut self, breakers: usize) -> Self {
        self.max_breakers = breakers;
        self
    }

    /// Returns the durations of the breaker called `breaker`. Its series exist from now on.
    pub fn of(&self, breaker: &str) -> BreakerDurations {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(durations) = known.get(breaker) {
            return durations.clone();
        }
        let own = known.len() - usize::from(known.contains_key(OTHER));
        let name = if own < self.max_breakers {
            breaker
        } else {
            OTHER
        };
        let durations = known.entry(name.to_owned());
        durations.or_insert_with(|| self.series(name)).clone()
    }

    fn series(&self, breaker: &str) -> BreakerDurations {
        let by_outcome = Outcome::ALL.iter().map(|&outcome| {
            let series = self.durations.series(&[breaker, outcome.as_str()]);
            (outcome, series)
        });
        BreakerDurations {
            by_outcome: by_outcome.collect(),
        }
    }
}

impl BreakerDurations {
    /// Records that a call with this outcome took this long. `trace` is the call's trace, if it is
    /// sampled.
    pub fn observe(&self, outcome: Outcome, took: Duration, trace: Option<TraceId>) {
        if let Some((_, series)) = self.by_outcome.iter().find(|(known, _)| *known == outcome) {
            series.observe(took, trace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breakers_beyond_the_bound_share_one_series() {
        let metrics = Metrics::new();
        let durations = CallDurations::new(&metrics).unwrap().max_breakers(1);
        for host in ["a", "b", "c", "a"] {
            let took = Duration::from_millis(1);
            durations.of(host).observe(Outcome::Success, took, None);
        }

        let shown = metrics.expose(None).body;

        let name = "circuit_breaker_call_duration_seconds_count";
        for (breaker, calls) in [("a", 2), (OTHER, 2)] {
            let line = format!("{name}{{breaker=\"{breaker}\",outcome=\"success\"}} {calls}\n");
            assert!(shown.contains(&line), "{shown}");
        }
        assert!(!shown.contains("breaker=\"b\""));
    }

    #[test]
    fn a_second_histogram_of_the_same_service_is_refused() {
        let metrics = Metrics::new();
        CallDurations::new(&metrics).unwrap();

        CallDurations::new(&metrics).unwrap_err();
    }
}
