//! The OpenMetrics 1.0 text format, with exemplars.
//!
//! See <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>: a
//! counter's family is named without `_total`, a unit is the last part of the family's name, limits
//! of buckets are floats, and the text ends with `# EOF`.

use std::fmt::{self, Write};

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use crate::exemplars::{Exemplar, ExemplarTable, Slots};
use crate::proto::{counter_value, gauge_value};

/// The content type of what [`encode`] writes.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The units that names may end with: Prometheus' base units that are in use.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

/// Writes all families, each with its exemplars.
pub(super) fn encode(families: &[MetricFamily], exemplars: &ExemplarTable) -> String {
    let mut text = String::with_capacity(24 * 1024);
    for family in families {
        write_family(&mut text, family, exemplars).expect("a string takes everything");
    }
    text.push_str("# EOF\n");
    text
}

fn write_family(
    text: &mut String,
    family: &MetricFamily,
    exemplars: &ExemplarTable,
) -> fmt::Result {
    let kind = family.get_field_type();
    let name = family.name();
    let base = match kind {
        MetricType::COUNTER => name.strip_suffix("_total").unwrap_or(name),
        _ => name,
    };
    let kind_name = match kind {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        MetricType::UNTYPED => "unknown",
    };
    writeln!(text, "# TYPE {base} {kind_name}")?;
    let unit = UNITS.iter().find(|unit| {
        let rest = base.strip_suffix(**unit);
        rest.is_some_and(|rest| rest.ends_with('_'))
    });
    if let Some(unit) = unit {
        writeln!(text, "# UNIT {base} {unit}")?;
    }
    writeln!(text, "# HELP {base} {}", Escaped(family.help()))?;
    let has_exemplars = exemplars.has(name);
    for metric in family.get_metric() {
        let values = metric.get_label().iter().map(LabelPair::value);
        let slots = has_exemplars
            .then(|| exemplars.find(name, values))
            .flatten();
        match kind {
            MetricType::COUNTER => {
                let value = Number(counter_value(metric.get_counter()));
                write!(text, "{base}_total{} {value}", Labels(metric, None))?;
                write_exemplar(text, slots.and_then(|slots| slots.at(0)))?;
            }
            MetricType::HISTOGRAM => write_histogram(text, base, metric, slots.as_ref())?,
            MetricType::SUMMARY => write_summary(text, base, metric)?,
            _ => {
                let value = Number(gauge_value(metric.get_gauge()));
                writeln!(text, "{base}{} {value}", Labels(metric, None))?;
            }
        }
    }
    Ok(())
}

fn write_histogram(
    text: &mut String,
    base: &str,
    metric: &Metric,
    slots: Option<&Slots>,
) -> fmt::Result {
    let histogram = metric.get_histogram();
    let count = histogram.get_sample_count();
    let limits = histogram.get_bucket().iter();
    let limits = limits.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let limits = limits.filter(|(limit, _)| limit.is_finite());
    for (place, (limit, below)) in limits.chain([(f64::INFINITY, count)]).enumerate() {
        let labels = Labels(metric, Some(("le", limit)));
        write!(text, "{base}_bucket{labels} {below}")?;
        write_exemplar(text, slots.and_then(|slots| slots.at(place)))?;
    }
    let labels = Labels(metric, None);
    writeln!(text, "{base}_count{labels} {count}")?;
    writeln!(
        text,
        "{base}_sum{labels} {}",
        Number(histogram.get_sample_sum())
    )
}

fn write_summary(text: &mut String, base: &str, metric: &Metric) -> fmt::Result {
    let summary = metric.get_summary();
    for quantile in summary.get_quantile() {
        let labels = Labels(metric, Some(("quantile", quantile.quantile())));
        writeln!(text, "{base}{labels} {}", Number(quantile.value()))?;
    }
    let labels = Labels(metric, None);
    writeln!(text, "{base}_count{labels} {}", summary.sample_count())?;
    let sum = Number(summary.sample_sum());
    writeln!(text, "{base}_sum{labels} {sum}")
}

fn write_exemplar(text: &mut String, exemplar: Option<Exemplar>) -> fmt::Result {
    match exemplar {
        None => writeln!(text),
        Some(exemplar) => writeln!(
            text,
            " # {{trace_id=\"{}\"}} {} {:.3}",
            exemplar.trace_id,
            Number(exemplar.value),
            exemplar.at,
        ),
    }
}

/// Writes the labels of a series, and the label of a bucket or quantile.
struct Labels<'a>(&'a Metric, Option<(&'static str, f64)>);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = '{';
        for pair in self.0.get_label() {
            write!(
                f,
                "{separator}{}=\"{}\"",
                pair.name(),
                Escaped(pair.value())
            )?;
            separator = ',';
        }
        if let Some((name, limit)) = self.1 {
            write!(f, "{separator}{name}=\"")?;
            if limit.is_infinite() {
                f.write_str("+Inf\"")?;
            } else {
                // `{:?}` writes 1 as 1.0, the canonical form of a limit.
                write!(f, "{limit:?}\"")?;
            }
            separator = ',';
        }
        if separator == ',' {
            f.write_char('}')?;
        }
        Ok(())
    }
}

/// Escapes text between quotes or after HELP.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '"' => f.write_str("\\\"")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Writes a value; OpenMetrics has its own words for infinity and the like.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_nan() {
            f.write_str("NaN")
        } else if self.0.is_infinite() {
            f.write_str(if self.0 > 0.0 { "+Inf" } else { "-Inf" })
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests;
