//! A histogram of latencies with three digits, which can be merged and serialized.
//!
//! A request that was never answered is counted too, as slower than any bound. A histogram that left it out would
//! improve with every request that hangs.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use super::histogram::Histogram;

/// The longest latency that is told apart, in microseconds: an hour. Longer ones count as this long.
pub(super) const LONGEST: u64 = 3_600_000_000;

/// Latencies to three digits, from a microsecond to an hour, in bounded memory.
///
/// Serialized it is `{"sum_us": 1234, "buckets": [[617, 2]], "never": 0}`: the smallest value of each bucket with its
/// count, and how many never came. The buckets are those of `HdrHistogram` with three digits, so results can be
/// merged and every quantile can be computed again.
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
///
/// latencies.record_never(); // slower than any bound
/// assert_eq!(latencies.quantile(0.99), Some(f64::INFINITY));
/// ```
#[derive(Clone, Default)]
pub struct Latencies {
    /// `None` before the first value. It grows with the range of the values, up to some 180 KiB.
    histogram: Option<Box<Histogram>>,
    sum_us: u64,
    never: u64,
}

/// Two are equal if they are serialized alike.
impl PartialEq for Latencies {
    fn eq(&self, other: &Self) -> bool {
        self.sum_us == other.sum_us
            && self.never == other.never
            && self.buckets().eq(other.buckets())
    }
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latencies")
            .field("count", &self.count())
            .field("sum_us", &self.sum_us)
            .field("never", &self.never)
            .finish_non_exhaustive()
    }
}

impl Latencies {
    /// Records one latency.
    pub fn record(&mut self, latency: Duration) {
        self.record_micros(micros(latency), 1);
    }

    /// Records some of the same length, in microseconds.
    #[inline]
    pub(super) fn record_micros(&mut self, micros: u64, count: u64) {
        self.add_buckets(micros.min(LONGEST), count);
        self.sum_us = self.sum_us.saturating_add(micros.saturating_mul(count));
    }

    /// Records a request that was never answered: every quantile that it reaches, the mean and the maximum are
    /// infinite.
    pub fn record_never(&mut self) {
        self.never += 1;
    }

    /// The smallest value of each bucket, and how many fell into it.
    fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        let histogram = self.histogram.iter();
        histogram.flat_map(|histogram| histogram.buckets())
    }

    #[inline]
    fn add_buckets(&mut self, micros: u64, count: u64) {
        let histogram = self.histogram.get_or_insert_default();
        histogram.record(micros, count);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.histogram, &other.histogram) {
            (_, None) => {}
            (Some(own), Some(other)) => own.merge(other),
            (own, Some(other)) => *own = Some(other.clone()),
        }
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.never += other.never;
    }

    /// Forgets all values, and keeps its memory.
    pub fn clear(&mut self) {
        if let Some(histogram) = &mut self.histogram {
            histogram.clear();
        }
        self.sum_us = 0;
        self.never = 0;
    }

    /// Returns how many there are, including those that never came.
    pub fn count(&self) -> u64 {
        self.came() + self.never
    }

    /// How many came.
    fn came(&self) -> u64 {
        self.histogram.as_ref().map_or(0, |it| it.len())
    }

    /// Returns how many never came.
    pub fn never(&self) -> u64 {
        self.never
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Returns the sum of all that came, in seconds.
    pub fn sum(&self) -> f64 {
        seconds(self.sum_us)
    }

    /// Returns how many are at most this long, as exactly as the buckets are.
    pub fn up_to(&self, seconds: f64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time to look up; what is too long is all"
        )]
        let micros = (seconds * 1e6).round() as u64;
        let histogram = self.histogram.as_ref();
        histogram.map_or(0, |it| it.up_to(micros.min(LONGEST)))
    }

    /// Returns the latency in seconds that this share of all does not exceed; `None` when there are none, infinite
    /// when so many never came that no bound can be given.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among counts"
    )]
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let (came, all) = (self.came(), self.count());
        if all == 0 {
            return None;
        }
        let Some(histogram) = self.histogram.as_ref().filter(|_| came > 0) else {
            return Some(f64::INFINITY);
        };
        if self.never == 0 {
            return Some(seconds(histogram.quantile(quantile)));
        }
        let rank = (quantile.clamp(0.0, 1.0) * all as f64).ceil().max(1.0) as u64;
        if rank > came {
            return Some(f64::INFINITY);
        }
        // Half a rank less, so that rounding does not lead to the next one.
        let among_those_that_came = (rank as f64 - 0.5) / came as f64;
        Some(seconds(histogram.quantile(among_those_that_came)))
    }

    /// Returns the longest, in seconds; infinite when one never came.
    pub fn max(&self) -> Option<f64> {
        self.unless_never(|histogram| seconds(histogram.max()))
    }

    /// Returns the mean, in seconds; infinite when one never came.
    pub fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a mean of counts")]
        self.unless_never(|histogram| self.sum() / histogram.len() as f64)
    }

    fn unless_never(&self, finite: impl Fn(&Histogram) -> f64) -> Option<f64> {
        match (self.never, &self.histogram) {
            (0, Some(histogram)) if histogram.len() > 0 => Some(finite(histogram)),
            (0, _) => None,
            _ => Some(f64::INFINITY),
        }
    }
}

/// Whole microseconds; an hour if there are more than can be counted.
#[inline]
pub(super) fn micros(latency: Duration) -> u64 {
    let seconds = latency.as_secs().checked_mul(1_000_000);
    let micros = seconds.and_then(|it| it.checked_add(latency.subsec_micros().into()));
    micros.unwrap_or(LONGEST)
}

#[expect(clippy::cast_precision_loss, reason = "2^53 µs are 285 years")]
pub(super) fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sum_us: u64,
    buckets: Vec<(u64, u64)>,
    /// Results from before this was counted have none.
    #[serde(default)]
    never: u64,
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written {
            sum_us: self.sum_us,
            buckets: self.buckets().collect(),
            never: self.never,
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
        latencies.never = written.never;
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
    fn what_never_came_is_slower_than_any_bound() {
        let mut latencies = Latencies::default();
        for millis in 1..=96 {
            latencies.record(Duration::from_millis(millis));
        }
        for _ in 0..4 {
            latencies.record_never();
        }
        let text = serde_json::to_string(&latencies).unwrap();
        let mut merged = serde_json::from_str::<Latencies>(&text).unwrap();
        merged.merge(&Latencies::default());

        assert_eq!(merged, latencies);
        assert_eq!(
            (merged.count(), merged.never(), merged.up_to(1e9)),
            (100, 4, 96)
        );
        let milli = |quantile| (merged.quantile(quantile).unwrap() * 1e3).round();
        let shown = [0.5, 0.9, 0.96].map(|it| milli(it).to_string());
        assert_eq!(shown, ["50", "90", "96"]);
        for value in [merged.quantile(0.97), merged.max(), merged.mean()] {
            assert_eq!(value, Some(f64::INFINITY));
        }
        merged.clear();
        assert!(merged.is_empty() && merged.quantile(0.5).is_none());
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
