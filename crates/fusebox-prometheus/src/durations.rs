//! Histograms of durations, with the trace of the last sampled call in each bucket.

use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, HistogramVec};

use crate::exemplars::{Slots, TraceId};
use crate::exposition::Metrics;
use crate::names::Definition;

/// The limits of the buckets in seconds: from a fast failure to a call that timed out after ten
/// minutes. All quantiles of calls beyond the last limit would be shown as that limit.
const BUCKETS: [f64; 18] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 300.0, 600.0,
];

/// A histogram of durations in seconds, with exemplars.
///
/// The limits of its buckets are 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250 and 500 milliseconds, 1, 2.5,
/// 5, 10, 30, 60, 300 and 600 seconds.
///
/// # Examples
/// ```
/// use fusebox_prometheus::{Definition, Durations, Kind, Metrics, TraceId};
/// use std::time::Duration;
///
/// static JOBS: Definition =
///     Definition::new("job_duration_seconds", Kind::Histogram, &["job"], "Duration of jobs.");
///
/// let metrics = Metrics::new();
/// let jobs = Durations::new(&metrics, &JOBS)?;
/// let trace = TraceId::from_bytes([7; 16]);
/// jobs.series(&["mail"]).observe(Duration::from_millis(3), Some(trace));
///
/// let shown = metrics.expose(Some("application/openmetrics-text")).body;
/// assert!(shown.contains(&format!(r#"le="0.005"}} 1 # {{trace_id="{trace}"}} 0.003"#)));
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Durations {
    definition: &'static Definition,
    histogram: HistogramVec,
    metrics: Metrics,
}

impl Durations {
    /// Registers the histogram at `metrics`.
    ///
    /// # Errors
    /// An error if the name is taken, or if the definition is not a valid metric.
    pub fn new(
        metrics: &Metrics,
        definition: &'static Definition,
    ) -> Result<Self, prometheus::Error> {
        let options = HistogramOpts::new(definition.name, definition.help);
        let options = options.buckets(BUCKETS.to_vec());
        let histogram = HistogramVec::new(options, definition.labels)?;
        metrics.register(histogram.clone())?;
        Ok(Self {
            definition,
            histogram,
            metrics: metrics.clone(),
        })
    }

    /// Returns the series with these label values, in the definition's order. It exists from now
    /// on.
    ///
    /// # Panics
    /// If there are not as many values as labels.
    pub fn series(&self, values: &[&str]) -> DurationSeries {
        let table = self.metrics.exemplars();
        DurationSeries {
            histogram: self.histogram.with_label_values(values),
            slots: table.slots(self.definition, values, BUCKETS.len() + 1),
        }
    }
}

/// One series of [`Durations`]: a handle to observe with. Clones observe into the same series.
#[derive(Clone, Debug)]
pub struct DurationSeries {
    histogram: Histogram,
    slots: Slots,
}

impl DurationSeries {
    /// Records that something took this long. `trace` is its trace, if it is sampled.
    pub fn observe(&self, took: Duration, trace: Option<TraceId>) {
        let seconds = took.as_secs_f64();
        self.histogram.observe(seconds);
        if let Some(trace_id) = trace {
            let place = BUCKETS.partition_point(|limit| *limit < seconds);
            self.slots.keep(place, trace_id, seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::CALL_DURATION;

    #[test]
    fn a_call_of_seven_seconds_lies_between_two_limits() {
        let metrics = Metrics::new();
        let durations = Durations::new(&metrics, &CALL_DURATION).unwrap();
        let labels: Vec<&str> = CALL_DURATION.labels.iter().map(|_| "x").collect();
        durations
            .series(&labels)
            .observe(Duration::from_secs(7), None);

        let shown = metrics.expose(None).body;

        assert!(
            shown.contains(r#"le="5"} 0"#) && shown.contains(r#"le="10"} 1"#),
            "{shown}"
        );
    }
}
