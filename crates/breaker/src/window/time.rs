//! The outcomes of the last T, counted in B buckets that are aligned to the clock's origin.
//!
//! An outcome leaves when its bucket is B buckets behind the present one, so the window covers
//! between `T - T/B` and `T`. Readers apply the clock too: an idle breaker's figures do not lie.

use std::time::Duration;

use super::{Sample, WindowFigures};
use crate::clock::nanos;

#[derive(Debug)]
pub(crate) struct TimeWindow {
    bucket_nanos: u64,
    buckets: Box<[Bucket]>,
}

/// The outcomes whose time divided by the bucket length is `number`.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    number: u64,
    figures: WindowFigures,
}

impl TimeWindow {
    pub(crate) fn new(length: Duration, buckets: u32) -> Self {
        Self {
            bucket_nanos: (nanos(length) / u64::from(buckets)).max(1),
            buckets: vec![Bucket::default(); buckets as usize].into_boxed_slice(),
        }
    }

    pub(crate) fn record(&mut self, now: Duration, sample: Sample) {
        let number = self.number(now);
        let bucket = &mut self.buckets[slot(number, self.buckets.len())];
        if bucket.number != number {
            *bucket = Bucket {
                number,
                figures: WindowFigures::default(),
            };
        }
        bucket.figures.add(sample);
    }

    pub(crate) fn figures(&self, now: Duration) -> WindowFigures {
        let present = self.number(now);
        let covered = self.buckets.len() as u64;
        let mut sum = WindowFigures::default();
        for bucket in &self.buckets {
            if present.saturating_sub(bucket.number) < covered {
                sum.calls += bucket.figures.calls;
                sum.failures += bucket.figures.failures;
                sum.slow += bucket.figures.slow;
            }
        }
        sum
    }

    pub(crate) fn clear(&mut self) {
        self.buckets.fill(Bucket::default());
    }

    fn number(&self, now: Duration) -> u64 {
        nanos(now) / self.bucket_nanos
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the remainder is smaller than the number of buckets"
)]
fn slot(number: u64, buckets: usize) -> usize {
    (number % buckets as u64) as usize
}
