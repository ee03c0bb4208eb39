//! Where do threads count without meeting? Each in a stripe of its own, as far as there are enough.
//!
//! A stripe is a cache line with one word for successes that the machine has not seen yet, and
//! plain counters for what it never needs to see. The word carries a tag that each collection
//! renews, so that a success which was about to be added to what has been collected is not.

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

    /// Takes what is pending in all stripes. Only for the holder of the machine.
    pub(crate) fn collect(&self) -> u64 {
        self.stripes.iter().map(Stripe::collect).sum()
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
    /// Successes that the machine has not seen, below; the tag, above.
    pending: AtomicU64,
    rejections: [AtomicU64; RejectReason::ALL.len()],
    late: AtomicU64,
}

/// What a stripe's word held when it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending(u64);

impl Pending {
    const COUNT: u64 = u32::MAX as u64;

    /// Whether one more success would run into the tag.
    #[inline]
    pub(crate) fn is_full(self) -> bool {
        self.0 & Self::COUNT == Self::COUNT
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

    /// Adds a success to what was read; `false` when the stripe has changed since, or is full.
    #[inline]
    pub(crate) fn add_success(&self, read: Pending) -> bool {
        // Relaxed: the count is all there is to know, and the exchange itself reads the latest.
        !read.is_full()
            && self
                .pending
                .compare_exchange(read.0, read.0 + 1, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    #[inline]
    pub(crate) fn count_rejection(&self, reason: RejectReason) {
        self.rejections[reason.index()].fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn count_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    fn collect(&self) -> u64 {
        // The holder of the machine alone changes the tag, and it takes what is there at once.
        let tag = self.pending.load(Ordering::Relaxed) >> u32::BITS;
        let renewed = tag.wrapping_add(1) << u32::BITS;
        // Release: pairs with the acquire in `pending`.
        self.pending.swap(renewed, Ordering::Release) & Pending::COUNT
    }
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

    #[test]
    fn a_full_stripe_takes_no_more_and_keeps_its_tag() {
        let stripe = Stripe::new();
        stripe.pending.store(Pending::COUNT - 1, Ordering::Relaxed);
        assert!(stripe.add_success(stripe.pending()));

        assert!(stripe.pending().is_full());
        assert!(!stripe.add_success(stripe.pending()));
        assert_eq!(stripe.collect(), Pending::COUNT);
        assert_eq!(stripe.collect(), 0);
    }

    #[test]
    fn what_was_read_before_a_collection_cannot_be_added_to_after_it() {
        let stripe = Stripe::new();
        let read = stripe.pending();

        assert_eq!(stripe.collect(), 0);

        assert!(!stripe.add_success(read));
        assert_eq!(stripe.collect(), 0);
    }

    #[test]
    fn the_tag_wraps_without_touching_the_count() {
        let stripe = Stripe::new();
        let last_tag = u64::from(u32::MAX) << u32::BITS;
        stripe.pending.store(last_tag | 5, Ordering::Relaxed);

        assert_eq!(stripe.collect(), 5);

        assert_eq!(stripe.pending.load(Ordering::Relaxed), 0);
        assert!(stripe.add_success(stripe.pending()));
        assert_eq!(stripe.collect(), 1);
    }
}
