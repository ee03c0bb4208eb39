//! How long did things take? A histogram with three digits that can be merged and written down.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

/// What is longer is kept as this long, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// Latencies to three digits, from a microsecond to an hour, in bounded memory.
///
/// Written down it is `{"sum_us": 1234, "buckets": [[617, 2]]}`: the smallest value of each bucket and how
/// many fell into it. Buckets are those of `HdrHistogram` with three digits, so that results can be
/// merged and every quantile found again.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::load::Latencies;
///
/// let mut latencies = Latencies::default();
/// latencies.record(Duration::from_millis(1));
/// assert_eq!(latencies.quantile(0.99), Some(0.001));
/// ```
#[derive(Clone)]
pub struct Latencies {
    histogram: Histogram<u64>,
    sum_us: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            // Grows with the longest value, to some 180 KiB at most.
            histogram: Histogram::new(DIGITS).expect("three digits are possible"),
            sum_us: 0,
        }
    }
}

/// Those are equal that are written down alike.
impl PartialEq for Latencies {
    fn eq(&self, other: &Self) -> bool {
        self.sum_us == other.sum_us && self.buckets().eq(other.buckets())
    }
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latencies")
            .field("count", &self.count())
            .field("sum_us", &self.sum_us)
            .finish_non_exhaustive()
    }
}

impl Latencies {
    /// Counts one.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
        self.add_buckets(micros.min(LONGEST), 1);
        self.sum_us = self.sum_us.saturating_add(micros);
    }

    /// The smallest value of each bucket, and how many fell into it.
    fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        let recorded = self.histogram.iter_recorded();
        recorded.map(|step| {
            let lowest = self.histogram.lowest_equivalent(step.value_iterated_to());
            (lowest, step.count_at_value())
        })
    }

    fn add_buckets(&mut self, micros: u64, count: u64) {
        // It grows as needed, so every value up to an hour has a place.
        let _ = self.histogram.record_n(micros, count);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        if !other.is_empty() {
            let _ = self.histogram.add(&other.histogram);
            self.sum_us = self.sum_us.saturating_add(other.sum_us);
        }
    }

    /// Forgets all, and keeps its memory.
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.histogram.reset();
            self.sum_us = 0;
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.histogram.is_empty()
    }

    /// The sum of all, in seconds.
    pub fn sum(&self) -> f64 {
        seconds(self.sum_us)
    }

    /// How many are at most so long, as exact as the buckets are.
    pub fn up_to(&self, seconds: f64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time to look up; what is too long is all"
        )]
        let micros = (seconds * 1e6).round() as u64;
        if self.is_empty() {
            return 0;
        }
        self.histogram.count_between(0, micros.min(LONGEST))
    }

    /// The latency in seconds that this share of all does not exceed; `None` when there are none.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        (!self.is_empty()).then(|| seconds(self.histogram.value_at_quantile(quantile)))
    }

    /// The longest, in seconds.
    pub fn max(&self) -> Option<f64> {
        (!self.is_empty()).then(|| seconds(self.histogram.max()))
    }

    /// The mean, in seconds.
    pub fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a mean of counts")]
        let mean = self.sum() / self.count() as f64;
        (!self.is_empty()).then_some(mean)
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 µs are 285 years")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sum_us: u64,
    buckets: Vec<(u64, u64)>,
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written {
            sum_us: self.sum_us,
            buckets: self.buckets().collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let mut latencies = Self::default();
        for (micros, count) in written.buckets {
            if micros > LONGEST {
                let message = format!("{micros} µs is not allowed: it must be at most {LONGEST}");
                return Err(D::Error::custom(message));
            }
            latencies.add_buckets(micros, count);
        }
        latencies.sum_us = written.sum_us;
        Ok(latencies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_found_again_in_what_was_written_and_merged() {
        let (mut all, mut halves) = (Latencies::default(), [(); 2].map(|()| Latencies::default()));
        for micros in 0..20_000_u64 {
            let latency = Duration::from_micros(micros * micros / 7);
            all.record(latency);
            halves[usize::from(micros % 3 == 0)].record(latency);
        }
        let read = halves.map(|half| {
            let text = serde_json::to_string(&half).unwrap();
            serde_json::from_str::<Latencies>(&text).unwrap()
        });
        let mut merged = Latencies::default();
        for half in &read {
            merged.merge(half);
        }

        assert_eq!(merged.count(), 20_000);
        for quantile in [0.5, 0.9, 0.99, 0.999] {
            assert_eq!(merged.quantile(quantile), all.quantile(quantile));
        }
        assert_eq!(merged.mean(), all.mean());
        let (found, exact) = (all.quantile(0.5).unwrap(), 1e8 / 7e6);
        assert!((found / exact - 1.0).abs() < 0.002, "{found}");
    }

    #[test]
    fn what_is_too_long_is_kept_as_an_hour_and_nothing_is_no_latency() {
        let mut latencies = Latencies::default();
        assert_eq!(
            (latencies.max(), latencies.mean(), latencies.quantile(0.5)),
            (None, None, None)
        );

        latencies.record(Duration::from_secs(1_000_000));

        assert!((latencies.max().unwrap() / 3600.0 - 1.0).abs() < 0.001);
        assert_eq!(latencies.up_to(0.5), 0);
        assert_eq!(latencies.up_to(1e9), 1);
        assert!(
            serde_json::from_str::<Latencies>(r#"{"sum_us":0,"buckets":[[4000000000,1]]}"#)
                .is_err()
        );
    }
}
