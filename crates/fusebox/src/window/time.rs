//! A time window: the outcomes of the last T, counted in B buckets.
//!
//! The buckets are aligned to the clock's origin, or to the buckets of the window that this one
//! continues: on another clock, possibly before its origin. Thus outcomes leave when they would
//! have left the other window.
//!
//! An outcome leaves when its bucket is B buckets behind the present one, so the window covers
//! between `T - T/B` and `T`. Running sums make an outcome cost the same whatever B is; buckets are
//! subtracted from them one by one as time passes. Readers apply the clock too, so the figures of
//! an idle breaker are right.

use std::time::Duration;

use super::{Sample, WindowFigures};
use crate::clock::nanos;

#[derive(Clone, Debug)]
pub(crate) struct TimeWindow {
    bucket_nanos: u64,
    /// How far before the clock's origin bucket number 0 begins: a whole window at least, so that
    /// outcomes from before the origin have a place.
    shift: u64,
    /// Where the outcomes of bucket number n are: at n modulo the length.
    buckets: Box<[WindowFigures]>,
    /// The number of the present bucket.
    present: u64,
    sums: WindowFigures,
}

impl TimeWindow {
    pub(crate) fn new(length: Duration, buckets: u32) -> Self {
        let bucket_nanos = (nanos(length) / u64::from(buckets)).max(1);
        Self {
            bucket_nanos,
            shift: bucket_nanos.saturating_mul(buckets.into()),
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
        Duration::from_nanos(self.begin(self.present + 1))
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

    /// How long a bucket is.
    pub(crate) fn width(&self) -> Duration {
        Duration::from_nanos(self.bucket_nanos)
    }

    /// The buckets that are not empty, newest first: how long before `now` each began, and what it
    /// holds. The window must have been advanced to `now`.
    pub(crate) fn by_age(&self, now: Duration) -> impl Iterator<Item = (Duration, WindowFigures)> {
        let now = self.since_first(now);
        let numbers = (0..=self.present).rev().take(self.buckets.len());
        numbers
            .map(move |number| {
                let age = now.saturating_sub(number.saturating_mul(self.bucket_nanos));
                (Duration::from_nanos(age), self.buckets[self.slot(number)])
            })
            .filter(|(_, figures)| *figures != WindowFigures::default())
    }

    /// Takes over, at `now`, the buckets of another window, each `width` long and given by how long
    /// ago it began. Only for an empty window.
    ///
    /// If the width is the same, the alignment is taken over as well. If not, an outcome may have
    /// happened anywhere in its bucket; it is put at the end, so that none leaves early.
    pub(crate) fn take_over(
        &mut self,
        now: Duration,
        width: Duration,
        buckets: impl Iterator<Item = (Duration, WindowFigures)>,
    ) {
        let aligned = nanos(width) == self.bucket_nanos;
        let mut buckets = buckets.peekable();
        if aligned && let Some((age, _)) = buckets.peek() {
            self.align(now, nanos(*age));
        }
        self.advance(now);
        for (age, figures) in buckets {
            let age = match age.checked_sub(width) {
                _ if aligned => nanos(age),
                // The bucket has not ended yet, or ended just now.
                None | Some(Duration::ZERO) => 0,
                Some(since_end) => nanos(since_end).saturating_add(1),
            };
            self.put_back(now, age, figures);
        }
    }

    /// Moves the borders of the buckets so that one of them lies `age` before `now`.
    fn align(&mut self, now: Duration, age: u64) {
        let into_bucket = age % self.bucket_nanos;
        let at_present = self.since_first(now) % self.bucket_nanos;
        let later = (self.bucket_nanos + into_bucket - at_present) % self.bucket_nanos;
        self.shift = self.shift.saturating_add(later);
    }

    /// Adds `figures` to the bucket of the moment `age` before `now`, if the window still covers it.
    fn put_back(&mut self, now: Duration, age: u64, figures: WindowFigures) {
        let Some(moment) = self.since_first(now).checked_sub(age) else {
            return;
        };
        let number = moment / self.bucket_nanos;
        if self.present.saturating_sub(number) >= self.buckets.len() as u64 {
            return;
        }
        let slot = self.slot(number);
        self.buckets[slot].merge(figures);
        self.sums.merge(figures);
    }

    /// Nanoseconds from the beginning of bucket number 0 to `now`.
    fn since_first(&self, now: Duration) -> u64 {
        nanos(now).saturating_add(self.shift)
    }

    fn number(&self, now: Duration) -> u64 {
        self.since_first(now) / self.bucket_nanos
    }

    /// When bucket `number` begins, on the clock.
    fn begin(&self, number: u64) -> u64 {
        number
            .saturating_mul(self.bucket_nanos)
            .saturating_sub(self.shift)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder is smaller than the number of buckets"
    )]
    fn slot(&self, number: u64) -> usize {
        (number % self.buckets.len() as u64) as usize
    }
}
