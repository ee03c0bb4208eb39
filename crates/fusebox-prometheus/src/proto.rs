//! The values of gathered metrics, whichever features the `prometheus` crate is built with.
//!
//! `Counter` and `Gauge` have `get_value` without the feature `protobuf`, and `value` with it. A
//! package cannot see which features others turn on, so the compiler chooses: it prefers a type's
//! own method to that of a trait. Each trait below stands in for the method that is missing; its
//! `None` gives way to the other's value.

use prometheus::proto::{Counter, Gauge};

/// Stands in where `protobuf` is on.
#[allow(dead_code, reason = "one of the two stands in")]
trait NoGetValue {
    fn get_value(&self) -> Option<f64> {
        None
    }
}
impl NoGetValue for Counter {}
impl NoGetValue for Gauge {}

/// Stands in where `protobuf` is off.
#[allow(dead_code, reason = "one of the two stands in")]
trait NoValue {
    fn value(&self) -> Option<f64> {
        None
    }
}
impl NoValue for Counter {}
impl NoValue for Gauge {}

pub(crate) fn counter_value(counter: &Counter) -> f64 {
    either(counter.get_value(), counter.value())
}

pub(crate) fn gauge_value(gauge: &Gauge) -> f64 {
    either(gauge.get_value(), gauge.value())
}

/// The one of the two that is a number; the other comes from a stand-in.
fn either(first: impl Into<Option<f64>>, second: impl Into<Option<f64>>) -> f64 {
    first.into().or(second.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_with_and_without_protobuf() {
        let (mut counter, mut gauge) = (Counter::default(), Gauge::default());
        counter.set_value(2.5);
        gauge.set_value(-1.0);

        assert!((counter_value(&counter) - 2.5).abs() < f64::EPSILON);
        assert!((gauge_value(&gauge) + 1.0).abs() < f64::EPSILON);
    }
}
