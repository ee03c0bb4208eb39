//! Which trace shows what a number means? The last sampled call of each bucket and transition.
//!
//! An exemplar leads from a dot in a graph to the one trace behind it. Only sampled calls leave one:
//! the trace of another would not be found. The `prometheus` crate has no place for them, so they
//! are kept beside its metrics, by name and label values, and joined when OpenMetrics is written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::TraceId;
use prometheus::{Histogram, HistogramOpts, HistogramVec};

use crate::names::Definition;
use crate::wall::unix_now;

/// Bucket limits in seconds: from a fast failure to a call that timed out.
const BUCKETS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// One observation and its trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: TraceId,
    pub(crate) value: f64,
    /// Unix time in seconds.
    pub(crate) at: f64,
}

/// The exemplars of one series: one for a counter, one per bucket for a histogram.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<[Mutex<Option<Exemplar>>]>);

impl Slots {
    pub(crate) fn at(&self, place: usize) -> Option<Exemplar> {
        *lock(self.0.get(place)?)
    }

    /// Keeps `value` with its trace instead of what was at `place` before.
    pub(crate) fn keep(&self, place: usize, trace_id: TraceId, value: f64) {
        if let Some(slot) = self.0.get(place) {
            let at = unix_now();
            *lock(slot) = Some(Exemplar {
                trace_id,
                value,
                at,
            });
        }
    }
}

/// The exemplars of a service, by metric and label values.
#[derive(Debug, Default)]
pub(crate) struct ExemplarTable {
    families: Mutex<BTreeMap<&'static str, Vec<Series>>>,
}

#[derive(Debug)]
struct Series {
    /// Sorted, as is the order of a gathered metric's labels.
    labels: Vec<String>,
    slots: Slots,
}

impl ExemplarTable {
    /// New slots for a series, whose label values are in the definition's order.
    pub(crate) fn add(&self, definition: &Definition, values: &[&str], places: usize) -> Slots {
        let slots: Vec<_> = (0..places).map(|_| Mutex::new(None)).collect();
        let slots = Slots(slots.into());
        let mut pairs: Vec<_> = definition.labels.iter().zip(values).collect();
        pairs.sort_unstable();
        let labels = pairs.into_iter().map(|(_, value)| (*value).to_owned());
        let series = Series {
            labels: labels.collect(),
            slots: slots.clone(),
        };
        let mut families = lock(&self.families);
        families.entry(definition.name).or_default().push(series);
        slots
    }

    /// The slots of a series, if it has any. The values are in the order of a gathered metric.
    pub(crate) fn of<'a>(
        &self,
        name: &str,
        values: &(impl Iterator<Item = &'a str> + Clone),
    ) -> Option<Slots> {
        let families = lock(&self.families);
        let family = families.get(name)?;
        let series = family.iter().find(|series| {
            let labels = series.labels.iter().map(String::as_str);
            labels.eq(values.clone())
        });
        series.map(|series| series.slots.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A histogram of durations in seconds, empty.
///
/// # Panics
/// If the definition is not a valid histogram; a test registers them all.
pub(crate) fn durations(definition: &Definition) -> HistogramVec {
    let options = HistogramOpts::new(definition.name, definition.help).buckets(BUCKETS.to_vec());
    HistogramVec::new(options, definition.labels).expect("the definition is valid")
}

/// One series of a histogram of durations, with the traces behind it.
#[derive(Clone, Debug)]
pub(crate) struct Durations {
    histogram: Histogram,
    slots: Slots,
}

impl Durations {
    pub(crate) fn new(
        vector: &HistogramVec,
        table: &ExemplarTable,
        definition: &Definition,
        values: &[&str],
    ) -> Self {
        Self {
            histogram: vector.with_label_values(values),
            slots: table.add(definition, values, BUCKETS.len() + 1),
        }
    }

    pub(crate) fn observe(&self, seconds: f64, trace: Option<TraceId>) {
        self.histogram.observe(seconds);
        if let Some(trace_id) = trace {
            let place = BUCKETS.partition_point(|limit| *limit < seconds);
            self.slots.keep(place, trace_id, seconds);
        }
    }
}
