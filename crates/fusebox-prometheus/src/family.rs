//! A metric whose series a collector fills by hand, from values that it reads at the scrape.
//!
//! Only methods that the `prometheus` crate has with and without its feature `protobuf` are used
//! here, because another package of the same program may turn it on.

use std::collections::HashMap;

use prometheus::core::Desc;
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};

use crate::names::{Definition, Kind};

/// One metric with all its series, for a collector to return.
///
/// # Examples
/// ```
/// use fusebox_prometheus::{Definition, Family, Kind};
///
/// static QUEUE: Definition =
///     Definition::new("queue_depth", Kind::Gauge, &["queue"], "Jobs that wait.");
///
/// let family = Family::new(&QUEUE)
///     .with(&[("queue", "mail")], 3.0)
///     .with(&[("queue", "reports")], 0.0);
/// assert_eq!(family.into_proto().get_metric().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Family {
    definition: &'static Definition,
    metrics: Vec<Metric>,
}

impl Family {
    /// Makes a family without series.
    pub const fn new(definition: &'static Definition) -> Self {
        Self {
            definition,
            metrics: Vec::new(),
        }
    }

    /// Makes room for this many more series.
    pub(crate) fn reserve(&mut self, series: usize) {
        self.metrics.reserve(series);
    }

    /// Adds one series, and returns the family. Labels are given in the definition's order.
    #[must_use]
    pub fn with(mut self, labels: &[(&str, &str)], value: f64) -> Self {
        self.push(labels, value);
        self
    }

    /// Adds one series. Labels are given in the definition's order.
    pub fn push(&mut self, labels: &[(&str, &str)], value: f64) {
        debug_assert!(
            labels
                .iter()
                .map(|(name, _)| name)
                .eq(self.definition.labels),
            "{} has the labels {:?}",
            self.definition.name,
            self.definition.labels,
        );
        let mut metric = labelled(labels);
        if self.definition.kind == Kind::Counter {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        self.metrics.push(metric);
    }

    /// Adds one series of a histogram: for each limit, how many values are at most that large; then
    /// the number and the sum of all values.
    pub fn push_histogram(
        &mut self,
        labels: &[(&str, &str)],
        buckets: impl IntoIterator<Item = (f64, u64)>,
        (count, sum): (u64, f64),
    ) {
        let buckets = buckets.into_iter().map(|(limit, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(limit);
            bucket.set_cumulative_count(count);
            bucket
        });
        let mut histogram = Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(count);
        histogram.set_sample_sum(sum);
        let mut metric = labelled(labels);
        metric.set_histogram(histogram);
        self.metrics.push(metric);
    }

    /// Returns the family in the form that
    /// [`Collector::collect`](prometheus::core::Collector::collect) returns.
    pub fn into_proto(self) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.definition.name.to_owned());
        family.set_help(self.definition.help.to_owned());
        family.set_field_type(match self.definition.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Gauge => MetricType::GAUGE,
            Kind::Histogram => MetricType::HISTOGRAM,
        });
        family.set_metric(self.metrics);
        family
    }
}

fn labelled(labels: &[(&str, &str)]) -> Metric {
    let labels = labels.iter().map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    });
    let mut metric = Metric::default();
    metric.set_label(labels.collect());
    metric
}

/// Returns the description that [`Collector::desc`](prometheus::core::Collector::desc) has to
/// announce for `definition`.
///
/// # Panics
/// If the definition is not a valid metric: a name or label with characters that Prometheus does
/// not allow, a label that occurs twice, or no help text.
pub fn description(definition: &Definition) -> Desc {
    Desc::new(
        definition.name.to_owned(),
        definition.help.to_owned(),
        definition
            .labels
            .iter()
            .map(|&label| label.to_owned())
            .collect(),
        HashMap::new(),
    )
    .expect("the definition is a valid metric")
}
