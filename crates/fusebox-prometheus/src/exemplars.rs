//! Exemplars: the last traced call of each bucket and transition.
//!
//! An exemplar leads from a dot in a graph to the one trace behind it. Only sampled calls should
//! leave one, because the trace of any other call would not be found. The `prometheus` crate has no
//! place for exemplars, so they are kept beside its metrics, by name and label values, and added
//! when OpenMetrics is written.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::names::Definition;
use crate::wall::unix_now;

/// The id of a trace: 16 bytes, shown as 32 hexadecimal digits, as in W3C Trace Context.
///
/// # Examples
/// ```
/// use fusebox_prometheus::TraceId;
///
/// let id = TraceId::from_bytes([0xab; 16]);
/// assert_eq!(id.to_string(), "ab".repeat(16));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// Makes the id from these bytes, the most significant first.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(feature = "opentelemetry")]
impl From<opentelemetry::TraceId> for TraceId {
    fn from(id: opentelemetry::TraceId) -> Self {
        Self(id.to_bytes())
    }
}

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
    fn new(places: usize) -> Self {
        let slots: Vec<_> = (0..places).map(|_| Mutex::new(None)).collect();
        Self(slots.into())
    }

    pub(crate) fn at(&self, place: usize) -> Option<Exemplar> {
        *lock(self.0.get(place)?)
    }

    /// Keeps `value` with its trace in place of the exemplar that was at `place`.
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
    families: Mutex<BTreeMap<&'static str, HashMap<String, Slots>>>,
}

impl ExemplarTable {
    /// How many series of one metric may have exemplars; further series get none. This bounds
    /// memory, and is far above what should be exported.
    const MAX_SERIES: usize = 10_000;

    /// The slots of a series, which are made if it has none. The label values are in the
    /// definition's order.
    pub(crate) fn slots(&self, definition: &Definition, values: &[&str], places: usize) -> Slots {
        let mut pairs: Vec<_> = definition.labels.iter().zip(values).collect();
        // A gathered metric's labels are in the order of their names.
        pairs.sort_unstable();
        let key = key(pairs.into_iter().map(|(_, value)| *value));
        let mut families = lock(&self.families);
        let family = families.entry(definition.name).or_default();
        if family.len() >= Self::MAX_SERIES && !family.contains_key(&key) {
            return Slots::new(0);
        }
        let slots = family.entry(key).or_insert_with(|| Slots::new(places));
        slots.clone()
    }

    /// Whether any series of a metric has slots.
    pub(crate) fn has(&self, name: &str) -> bool {
        lock(&self.families).contains_key(name)
    }

    /// The slots of a series, if it has any. The values are in the order of a gathered metric.
    pub(crate) fn find<'a>(
        &self,
        name: &str,
        values: impl Iterator<Item = &'a str>,
    ) -> Option<Slots> {
        let families = lock(&self.families);
        families.get(name)?.get(&key(values)).cloned()
    }
}

/// One text for all label values. Each value follows its length, so no two lists give the same
/// text.
fn key<'a>(values: impl Iterator<Item = &'a str>) -> String {
    values.fold(String::new(), |mut key, value| {
        let _ = write!(key, "{}:{value}", value.len());
        key
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::TRANSITIONS;

    #[test]
    fn label_values_that_read_alike_together_are_different_series() {
        let table = ExemplarTable::default();
        let trace = TraceId::from_bytes([1; 16]);

        let slots = table.slots(&TRANSITIONS, &["a1:b", "c", "d"], 1);
        slots.keep(0, trace, 1.0);

        let find = |values: [&'static str; 3]| table.find(TRANSITIONS.name, values.into_iter());
        assert!(find(["a1:b", "c", "d"]).is_some());
        assert!(find(["a", "b1:c", "d"]).is_none());
        assert!(find(["a1", "b:c", "d"]).is_none());
    }

    #[test]
    fn the_same_series_keeps_its_exemplar_when_it_is_asked_for_again() {
        let table = ExemplarTable::default();
        let values = ["db", "closed", "open"];
        let trace = TraceId::from_bytes([2; 16]);
        table.slots(&TRANSITIONS, &values, 1).keep(0, trace, 1.0);

        let kept = table.slots(&TRANSITIONS, &values, 1).at(0);

        assert_eq!(kept.map(|exemplar| exemplar.trace_id), Some(trace));
    }

    #[test]
    fn ever_new_label_values_do_not_fill_the_memory() {
        let table = ExemplarTable::default();
        for number in 0..ExemplarTable::MAX_SERIES + 5 {
            table.slots(&TRANSITIONS, &[&number.to_string(), "closed", "open"], 1);
        }

        let families = lock(&table.families);
        assert_eq!(families[TRANSITIONS.name].len(), ExemplarTable::MAX_SERIES);
    }
}
