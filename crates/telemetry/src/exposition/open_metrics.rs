//! How are metrics written in OpenMetrics 1.0, with exemplars?
//!
//! <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>: a counter's
//! family is named without `_total`, a unit is the last part of the family's name, limits of buckets
//! are floats, and the text ends with `# EOF`.

use std::fmt::{self, Write};

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use crate::exemplars::{Exemplar, ExemplarTable};

/// The content type of what [`encode`] writes.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Units that our names end with.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

/// All families, each with the exemplars that it has.
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
        // Nothing here makes a summary, and one without its quantiles would be wrong.
        MetricType::SUMMARY | MetricType::UNTYPED => "unknown",
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
    for metric in family.get_metric() {
        let values = metric.get_label().iter().map(LabelPair::value);
        let slots = exemplars.of(name, &values);
        match kind {
            MetricType::COUNTER => {
                let value = Number(metric.get_counter().get_value());
                write!(text, "{base}_total{} {value}", Labels(metric, None))?;
                write_exemplar(text, slots.and_then(|slots| slots.at(0)))?;
            }
            MetricType::HISTOGRAM => write_histogram(text, base, metric, slots.as_ref())?,
            _ => {
                let value = Number(metric.get_gauge().get_value());
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
    slots: Option<&crate::exemplars::Slots>,
) -> fmt::Result {
    let histogram = metric.get_histogram();
    let count = histogram.get_sample_count();
    let limits = histogram.get_bucket().iter();
    let limits = limits.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let limits = limits.filter(|(limit, _)| limit.is_finite());
    for (place, (limit, below)) in limits.chain([(f64::INFINITY, count)]).enumerate() {
        let labels = Labels(metric, Some(limit));
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

/// The labels of a series, and the limit of a bucket.
struct Labels<'a>(&'a Metric, Option<f64>);

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
        if let Some(limit) = self.1 {
            write!(f, "{separator}le=\"")?;
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

/// Text between quotes or behind HELP.
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

/// A value; infinity and the like are spelt as OpenMetrics spells them.
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
