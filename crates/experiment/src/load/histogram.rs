//! The buckets of a histogram of microseconds: those of `HdrHistogram` with three digits.
//!
//! Up to 2,047 each value has a bucket of its own; above, each doubling is divided into 1,024. A bucket is found by
//! counting leading zeros, so recording a value takes a few nanoseconds, which matters because a simulator records
//! several per call. Another layout would change the contents of results, so a test compares it with the library's.

/// Buckets of each doubling above the first two.
const HALF: u64 = 1024;

/// Buckets that are added at once, so that it grows rarely.
const STEP: usize = 64;
/// Buckets that are summed up at once.
const BLOCK: usize = 32;

/// How many values fell into which bucket. It reaches from the least value to the largest one.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    /// The buckets from `first` on.
    counts: Vec<u64>,
    first: usize,
    all: u64,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "an hour has fewer than 24 thousand buckets"
)]
fn place(value: u64) -> usize {
    let doublings = (value | (2 * HALF - 1)).ilog2() - 10;
    ((u64::from(doublings) << 10) + (value >> doublings)) as usize
}

/// The least value of a bucket, and how many values it has.
fn values(place: usize) -> (u64, u64) {
    let place = place as u64;
    if place < 2 * HALF {
        return (place, 1);
    }
    let doublings = (place >> 10) - 1;
    (((place & (HALF - 1)) + HALF) << doublings, 1 << doublings)
}

/// The largest value that falls into the same bucket: what a quantile says.
pub(super) fn largest_alike(value: u64) -> u64 {
    let (least, number) = values(place(value));
    least + number - 1
}

impl Histogram {
    #[inline]
    pub(super) fn record(&mut self, value: u64, count: u64) {
        let place = place(value);
        if place.wrapping_sub(self.first) >= self.counts.len() {
            self.reach(place);
        }
        self.counts[place - self.first] += count;
        self.all += count;
    }

    /// Makes room for a bucket below the first one or above the last.
    #[cold]
    fn reach(&mut self, place: usize) {
        if self.counts.is_empty() {
            self.first = place - place % STEP;
        }
        if place < self.first {
            let first = place - place % STEP;
            let more = self.first - first;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = first;
        }
        let needed = (place + 1 - self.first).next_multiple_of(STEP);
        if self.counts.len() < needed {
            self.counts.resize(needed, 0);
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> u64 {
        self.all
    }

    /// The least value of each bucket with values, and how many.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = self.counts.iter().zip(self.first..);
        counts
            .filter(|(count, _)| **count > 0)
            .map(|(count, place)| (values(place).0, *count))
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if other.all == 0 {
            return;
        }
        self.reach(other.first);
        self.reach(other.first + other.counts.len() - 1);
        let own = &mut self.counts[other.first - self.first..];
        for (count, more) in own.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.all += other.all;
    }

    /// Forgets all, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.counts.fill(0);
        self.all = 0;
    }

    /// How many values are at most so large, as exact as the buckets are.
    pub(super) fn up_to(&self, value: u64) -> u64 {
        let number = (place(value) + 1).saturating_sub(self.first);
        self.counts[..number.min(self.counts.len())].iter().sum()
    }

    /// The largest value of the bucket in which this share of all is reached; of the first one the least.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among counts"
    )]
    pub(super) fn quantile(&self, share: f64) -> u64 {
        let rank = (share.min(1.0) * self.all as f64).ceil().max(1.0) as u64;
        let (mut sum, mut place) = (0, self.first);
        for block in self.counts.chunks(BLOCK) {
            let of_block: u64 = block.iter().sum();
            if sum + of_block < rank {
                sum += of_block;
                place += block.len();
                continue;
            }
            for count in block {
                sum += count;
                if sum >= rank {
                    let (least, number) = values(place);
                    return if share <= 0.0 {
                        least
                    } else {
                        least + number - 1
                    };
                }
                place += 1;
            }
        }
        0
    }

    /// The largest value of the last bucket with values.
    pub(super) fn max(&self) -> u64 {
        let highest = self.counts.iter().rposition(|count| *count > 0);
        let (least, number) = values(highest.map_or(0, |place| self.first + place));
        least + number - 1
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::chance::stream;

    #[test]
    fn buckets_and_quantiles_are_those_of_hdr_histogram() {
        let mut luck = stream(5, "values");
        for rounds in [1, 2, 30, 4000] {
            let mut ours = Histogram::default();
            let mut theirs = hdrhistogram::Histogram::<u64>::new(3).unwrap();
            for _ in 0..rounds {
                let bits = luck.next_u64();
                let value = (bits >> 8) % (1 << (bits % 32)).min(3_600_000_000);
                let count = 1 + (bits >> 60);
                ours.record(value, count);
                theirs.record_n(value, count).unwrap();
            }
            let mut merged = Histogram::default();
            merged.record(7, 1);
            merged.clear();
            merged.merge(&ours);
            for histogram in [&ours, &merged] {
                let buckets = theirs.iter_recorded().map(|step| {
                    let least = theirs.lowest_equivalent(step.value_iterated_to());
                    (least, step.count_at_value())
                });
                assert!(histogram.buckets().eq(buckets));
                assert_eq!(histogram.len(), theirs.len());
                assert_eq!(histogram.max(), theirs.max());
                for share in [0.0, 0.001, 0.25, 0.5, 0.99, 0.9999, 1.0] {
                    assert_eq!(
                        histogram.quantile(share),
                        theirs.value_at_quantile(share),
                        "{share}"
                    );
                }
                for value in [0, 1, 2047, 2048, 5000, 1 << 20, 3_600_000_000] {
                    let counted = theirs.count_between(0, value);
                    assert_eq!(histogram.up_to(value), counted, "{value}");
                }
            }
        }
    }
}
