//! The outcomes of the last T, counted in B buckets that are aligned to the clock's origin.
//!
//! An outcome leaves when its bucket is B buckets behind the present one, so the window covers
//! between `T - T/B` and `T`. Running sums make an outcome cost the same whatever B is; buckets are
//! taken off them one by one as time passes. Readers apply the clock too: an idle breaker's figures
//! do not lie.

use std::time::Duration;

use super::{Sample, WindowFigures};
use crate::clock::nanos;

#[derive(Clone, Debug)]
pub(crate) struct TimeWindow {
    bucket_nanos: u64,
    /// Where the outcomes of bucket number n are: at n modulo the length.
    buckets: Box<[WindowFigures]>,
    /// The number of the present bucket.
    present: u64,
    sums: WindowFigures,
}

impl TimeWindow {
    pub(crate) fn new(length: Duration, buckets: u32) -> Self {
        Self {
            bucket_nanos: (nanos(length) / u64::from(buckets)).max(1),
            buckets: vec![WindowFigures::default(); buckets as usize].into_boxed_slice(),
            present: 0,
            sums: WindowFigures::default(),
        }
    }

    pub(crate) fn record(&mut self, now: Duration, sample: Sample) {
        self.advance(now);
        self.add(1, sample);
    }

    /// Adds as many outcomes to the present bucket.
    pub(crate) fn add(&mut self, times: u64, sample: Sample) {
        let slot = self.slot(self.present);
        self.buckets[slot].add(times, sample);
        self.sums.add(times, sample);
    }

    /// Moves the present bucket to `now` and forgets what has become too old.
    pub(crate) fn advance(&mut self, now: Duration) {
        let number = self.number(now);
        let passed = number.saturating_sub(self.present);
        if passed >= self.buckets.len() as u64 {
            self.buckets.fill(WindowFigures::default());
            self.sums = WindowFigures::default();
            self.present = number;
            return;
        }
        for _ in 0..passed {
            self.present += 1;
            let slot = self.slot(self.present);
            self.sums.subtract(self.buckets[slot]);
            self.buckets[slot] = WindowFigures::default();
        }
    }

    /// When the present bucket ends.
    pub(crate) fn present_end(&self) -> Duration {
        Duration::from_nanos((self.present + 1).saturating_mul(self.bucket_nanos))
    }

    pub(crate) fn figures(&self, now: Duration) -> WindowFigures {
        let passed = self.number(now).saturating_sub(self.present);
        let mut sums = self.sums;
        for number in (self.present + 1..)
            .take_while(|number| number - self.present <= passed.min(self.buckets.len() as u64))
        {
            sums.subtract(self.buckets[self.slot(number)]);
        }
        sums
    }

    pub(crate) fn clear(&mut self) {
        self.buckets.fill(WindowFigures::default());
        self.sums = WindowFigures::default();
    }

    /// The buckets that are not empty, newest first: how long ago each began (measured from the
    /// end of the present one), and what it holds.
    pub(crate) fn by_age(&self) -> impl Iterator<Item = (Duration, WindowFigures)> {
        let numbers = (0..=self.present).rev().take(self.buckets.len());
        numbers
            .map(|number| {
                let age = (self.present - number).saturating_mul(self.bucket_nanos);
                (Duration::from_nanos(age), self.buckets[self.slot(number)])
            })
            .filter(|(_, figures)| *figures != WindowFigures::default())
    }

    /// Puts back what a bucket held that lies `age` behind the present one; nothing when that is
    /// too long ago.
    pub(crate) fn put_back(&mut self, age: Duration, figures: WindowFigures) {
        let back = nanos(age) / self.bucket_nanos;
        if back >= self.buckets.len() as u64 || back > self.present {
            return;
        }
        let slot = self.slot(self.present - back);
        self.buckets[slot].merge(figures);
        self.sums.merge(figures);
    }

    fn number(&self, now: Duration) -> u64 {
        nanos(now) / self.bucket_nanos
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is smaller than the number of buckets"
    )]
    fn slot(&self, number: u64) -> usize {
        (number % self.buckets.len() as u64) as usize
    }
}
