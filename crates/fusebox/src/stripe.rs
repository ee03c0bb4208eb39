//! Where do threads count without meeting? Each in a stripe of its own, as far as there are enough.
//!
//! A stripe is a cache line with one word for outcomes that the machine has not seen yet, and plain
//! counters for what it never needs to see. The word carries a tag that each collection renews, so
//! that an outcome which was about to be added to what has been collected is not.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicUsize;
use std::thread;

use crate::outcome::Outcome;
use crate::rejected::RejectReason;
use crate::snapshot::Totals;
use crate::sync::{AtomicU64, Ordering};

/// More than this many bring little: counting costs less than the calls that are counted.
const MOST: usize = 8;

/// As many stripes as threads run at once, within bounds.
#[derive(Debug)]
pub(crate) struct Stripes {
    stripes: Box<[Stripe]>,
}

impl Stripes {
    /// `wanted` stripes, rounded up to a power of two; `None` means one per processor.
    pub(crate) fn new(wanted: Option<NonZeroUsize>) -> Self {
        let wanted = wanted.or_else(|| thread::available_parallelism().ok());
        let stripes = wanted.map_or(1, NonZeroUsize::get).next_power_of_two();
        Self {
            stripes: (0..stripes.min(MOST)).map(|_| Stripe::new()).collect(),
        }
    }

    /// The stripe of this thread.
    #[inline]
    pub(crate) fn mine(&self) -> &Stripe {
        &self.stripes[thread_number() & (self.stripes.len() - 1)]
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.stripes.len()
    }

    /// Takes what is pending in all stripes. Only for the holder of the machine.
    pub(crate) fn collect(&self) -> Collected {
        let collected = self.stripes.iter().map(Stripe::collect);
        collected.fold(Collected::default(), Collected::and)
    }

    /// Adds what was counted outside the machine.
    pub(crate) fn add_to(&self, totals: &mut Totals) {
        for stripe in &self.stripes {
            for (reason, counter) in RejectReason::ALL.iter().zip(&stripe.rejections) {
                totals.rejections[reason.index()] += counter.load(Ordering::Relaxed);
            }
            totals.calls[Outcome::Late.index()] += stripe.late.load(Ordering::Relaxed);
        }
    }
}

/// Two cache lines, because processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Stripe {
    /// Outcomes that the machine has not seen, below; the tag, above. See [`Pending`].
    pending: AtomicU64,
    rejections: [AtomicU64; RejectReason::ALL.len()],
    late: AtomicU64,
}

/// What a stripe's word held when it was read: from the lowest bit 14 bits of successes, 7 of
/// failures, 7 of failures since the last success, and 36 of the tag. A thread would have to be
/// interrupted for exactly as many collections as the tag has values to mistake one for another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending(u64);

/// Outcomes taken out of stripes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Collected {
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    /// Failures since the last success. Stripes do not know who was earlier, so those after the last
    /// success of each are taken for later than the successes of all.
    pub(crate) run: u64,
}

impl Collected {
    fn and(self, other: Self) -> Self {
        Self {
            successes: self.successes + other.successes,
            failures: self.failures + other.failures,
            run: self.run + other.run,
        }
    }
}

impl Pending {
    const SUCCESSES: u64 = (1 << 14) - 1;
    const FAILURE: u32 = 14;
    const RUN: u32 = 21;
    const TAG: u32 = 28;
    /// Of failures, and of those since the last success.
    const MOST: u64 = (1 << 7) - 1;

    fn successes(self) -> u64 {
        self.0 & Self::SUCCESSES
    }

    fn failures(self) -> u64 {
        self.0 >> Self::FAILURE & Self::MOST
    }

    /// With one more success, if there is room for it.
    #[inline]
    fn with_success(self) -> Option<u64> {
        let without_run = self.0 & !(Self::MOST << Self::RUN);
        (self.successes() < Self::SUCCESSES).then_some(without_run + 1)
    }

    /// With one more failure, if there are fewer than `most`.
    #[inline]
    fn with_failure(self, most: u64) -> Option<u64> {
        let one = 1 << Self::FAILURE | 1 << Self::RUN;
        (self.failures() < most.min(Self::MOST)).then(|| self.0 + one)
    }
}

impl Stripe {
    fn new() -> Self {
        Self {
            pending: AtomicU64::new(0),
            rejections: [const { 0 }; RejectReason::ALL.len()].map(AtomicU64::new),
            late: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(crate) fn pending(&self) -> Pending {
        // Acquire: pairs with the release in `collect`. Who sees the new tag sees that the licence
        // was withdrawn.
        Pending(self.pending.load(Ordering::Acquire))
    }

    /// Adds a success to what was read.
    #[inline]
    pub(crate) fn add_success(&self, read: Pending) -> Added {
        self.exchange(read, read.with_success())
    }

    /// Adds a failure to what was read, as one of `most` at the most.
    #[inline]
    pub(crate) fn add_failure(&self, read: Pending, most: u64) -> Added {
        self.exchange(read, read.with_failure(most))
    }

    #[inline]
    fn exchange(&self, read: Pending, new: Option<u64>) -> Added {
        let Some(new) = new else {
            return Added::NoRoom;
        };
        // Relaxed: the counts are all there is to know, and the exchange itself reads the latest.
        let exchanged =
            self.pending
                .compare_exchange(read.0, new, Ordering::Relaxed, Ordering::Relaxed);
        match exchanged {
            Ok(_) => Added::Done,
            Err(_) => Added::Changed,
        }
    }

    #[inline]
    pub(crate) fn count_rejection(&self, reason: RejectReason) {
        self.rejections[reason.index()].fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    fn collect(&self) -> Collected {
        // The holder of the machine alone changes the tag, and it takes what is there at once.
        let tag = self.pending.load(Ordering::Relaxed) >> Pending::TAG;
        let renewed = tag.wrapping_add(1) << Pending::TAG;
        // Release: pairs with the acquire in `pending`.
        let taken = Pending(self.pending.swap(renewed, Ordering::Release));
        Collected {
            successes: taken.successes(),
            failures: taken.failures(),
            run: taken.0 >> Pending::RUN & Pending::MOST,
        }
    }
}

/// How adding an outcome went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    Done,
    /// The stripe has changed since it was read.
    Changed,
    /// The stripe holds as many as it can, or as it may.
    NoRoom,
}

/// A number of this thread's own; numbers are given in order, so that neighbours differ.
#[inline]
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    #[cold]
    fn first() -> usize {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        MINE.set(Some(number));
        number
    }
    MINE.get().unwrap_or_else(first)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn stripes(wanted: usize) -> usize {
        Stripes::new(NonZeroUsize::new(wanted)).stripes.len()
    }

    #[test]
    fn stripes_are_a_power_of_two_within_bounds() {
        assert_eq!(
            [1, 2, 3, 4, 5, 8, 9, 1000].map(stripes),
            [1, 2, 4, 4, 8, 8, 8, 8]
        );
        assert!((1..=MOST).contains(&Stripes::new(None).stripes.len()));
    }

    #[test]
    fn neighbouring_threads_have_stripes_of_their_own() {
        let stripes = Stripes::new(NonZeroUsize::new(2));
        let mine = || std::ptr::from_ref(stripes.mine()).addr();

        let here = mine();
        assert_eq!(mine(), here);
        let mut others: Vec<usize> = thread::scope(|scope| {
            let spawned: Vec<_> = (0..32).map(|_| scope.spawn(mine)).collect();
            spawned
                .into_iter()
                .map(|it| it.join().expect("ran"))
                .collect()
        });

        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), 2, "both stripes are used");
    }

    fn collected(successes: u64, failures: u64, run: u64) -> Collected {
        Collected {
            successes,
            failures,
            run,
        }
    }

    #[test]
    fn outcomes_are_counted_and_a_success_ends_a_run() {
        let stripe = Stripe::new();
        let fail = || assert_eq!(stripe.add_failure(stripe.pending(), 9), Added::Done);
        let succeed = || assert_eq!(stripe.add_success(stripe.pending()), Added::Done);

        fail();
        fail();
        assert_eq!(stripe.collect(), collected(0, 2, 2));
        fail();
        succeed();
        succeed();
        fail();
        fail();
        assert_eq!(stripe.collect(), collected(2, 3, 2));
        assert_eq!(stripe.collect(), Collected::default());
    }

    #[test]
    fn a_full_stripe_takes_no_more_and_keeps_its_tag() {
        let stripe = Stripe::new();
        for _ in 0..Pending::SUCCESSES {
            assert_eq!(stripe.add_success(stripe.pending()), Added::Done);
        }
        for _ in 0..Pending::MOST {
            assert_eq!(stripe.add_failure(stripe.pending(), 1000), Added::Done);
        }

        assert_eq!(stripe.add_success(stripe.pending()), Added::NoRoom);
        assert_eq!(stripe.add_failure(stripe.pending(), 1000), Added::NoRoom);
        let all = collected(Pending::SUCCESSES, Pending::MOST, Pending::MOST);
        assert_eq!(stripe.collect(), all);
        assert_eq!(stripe.collect(), Collected::default());
    }

    #[test]
    fn no_more_failures_are_added_than_are_allowed() {
        let stripe = Stripe::new();
        assert_eq!(stripe.add_failure(stripe.pending(), 0), Added::NoRoom);
        assert_eq!(stripe.add_failure(stripe.pending(), 1), Added::Done);

        assert_eq!(stripe.add_failure(stripe.pending(), 1), Added::NoRoom);

        assert_eq!(stripe.collect(), collected(0, 1, 1));
    }

    #[test]
    fn what_was_read_before_a_collection_cannot_be_added_to_after_it() {
        let stripe = Stripe::new();
        let read = stripe.pending();

        assert_eq!(stripe.collect(), Collected::default());

        assert_eq!(stripe.add_success(read), Added::Changed);
        assert_eq!(stripe.add_failure(read, 9), Added::Changed);
        assert_eq!(stripe.collect(), Collected::default());
    }

    #[test]
    fn the_tag_wraps_without_touching_the_counts() {
        let stripe = Stripe::new();
        let last_tag = u64::MAX << Pending::TAG;
        stripe.pending.store(last_tag | 5, Ordering::Relaxed);

        assert_eq!(stripe.collect(), collected(5, 0, 0));

        assert_eq!(stripe.pending.load(Ordering::Relaxed), 0);
        assert_eq!(stripe.add_success(stripe.pending()), Added::Done);
        assert_eq!(stripe.collect(), collected(1, 0, 0));
    }
}
