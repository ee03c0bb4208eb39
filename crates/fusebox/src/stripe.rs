//! Counters that keep threads apart: each thread has a stripe of its own, as far as there are
//! enough.
//!
//! A stripe is a cache line with one word for outcomes that the machine has not seen yet, and plain
//! counters for those that it never needs to see. The word carries a tag that each collection
//! renews. So an outcome that was about to be added to a word that has been collected is not added.
//!
//! A breaker that is one of very many begins with a single stripe and gets more when threads meet
//! there.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::thread;

use crate::outcome::Outcome;
use crate::rejected::RejectReason;
use crate::snapshot::Totals;
use crate::sync::{AtomicU64, Ordering};

/// More stripes than this bring little: counting costs less than the calls that are counted.
const MOST: usize = 8;

/// As many stripes as threads run at once, within bounds.
#[derive(Debug)]
pub(crate) struct Stripes {
    stripes: Box<[Stripe]>,
    growth: Growth,
}

/// What happens when threads meet in a stripe.
#[derive(Debug)]
enum Growth {
    Fixed,
    /// Threads count in these from then on.
    OnDemand(OnceLock<Box<[Stripe]>>),
}

impl Stripes {
    /// `wanted` stripes, rounded up to a power of two; `None` means one per processor.
    pub(crate) fn new(wanted: Option<NonZeroUsize>) -> Self {
        Self {
            stripes: Self::made(wanted.unwrap_or_else(processors)),
            growth: Growth::Fixed,
        }
    }

    /// One stripe, and one per processor as soon as threads meet in it. For a breaker that is one
    /// of very many, of which few are busy.
    pub(crate) fn on_demand() -> Self {
        Self {
            stripes: Self::made(NonZeroUsize::MIN),
            growth: Growth::OnDemand(OnceLock::new()),
        }
    }

    fn made(wanted: NonZeroUsize) -> Box<[Stripe]> {
        let stripes = wanted.get().min(MOST).next_power_of_two();
        (0..stripes).map(|_| Stripe::new()).collect()
    }

    /// The stripe of this thread among those that existed from the start.
    #[inline]
    pub(crate) fn mine(&self) -> &Stripe {
        Self::of_this_thread(&self.stripes)
    }

    /// The stripe of this thread among all that exist. This is a call of its own, so that the path
    /// for breakers with enough stripes from the start stays short.
    #[cold]
    #[inline(never)]
    pub(crate) fn mine_when_grown(&self) -> &Stripe {
        Self::of_this_thread(self.grown().unwrap_or(&self.stripes))
    }

    #[inline]
    fn of_this_thread(stripes: &[Stripe]) -> &Stripe {
        &stripes[thread_number() & (stripes.len() - 1)]
    }

    /// How many stripes the threads are spread over.
    pub(crate) fn spread(&self) -> usize {
        self.grown().unwrap_or(&self.stripes).len()
    }

    /// Whether there are more stripes than at the start.
    pub(crate) fn have_grown(&self) -> bool {
        self.grown().is_some()
    }

    /// Whether [`grow`](Self::grow) would change anything.
    pub(crate) fn may_grow(&self) -> bool {
        matches!(&self.growth, Growth::OnDemand(more) if more.get().is_none())
    }

    /// Adds stripes. Only for the holder of the machine, so that no collection misses a stripe: a
    /// thread that counts in a new stripe saw it made, and the next holder sees it, too.
    pub(crate) fn grow(&self) {
        if let Growth::OnDemand(more) = &self.growth {
            more.get_or_init(|| Self::made(processors()));
        }
    }

    fn grown(&self) -> Option<&[Stripe]> {
        match &self.growth {
            Growth::Fixed => None,
            Growth::OnDemand(more) => more.get().map(Box::as_ref),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Stripe> {
        self.stripes.iter().chain(self.grown().unwrap_or_default())
    }

    /// How many stripes threads may still count in.
    pub(crate) fn count(&self) -> usize {
        self.all().count()
    }

    /// Takes what is pending in all stripes. Only for the holder of the machine.
    pub(crate) fn collect(&self) -> Collected {
        let collected = self.all().map(Stripe::collect);
        collected.fold(Collected::default(), Collected::and)
    }

    /// Adds what was counted outside the machine.
    pub(crate) fn add_to(&self, totals: &mut Totals) {
        for stripe in self.all() {
            for (reason, counter) in RejectReason::ALL.iter().zip(&stripe.rejections) {
                totals.rejections[reason.index()] += counter.load(Ordering::Relaxed);
            }
            totals.calls[Outcome::Late.index()] += stripe.late.load(Ordering::Relaxed);
        }
    }
}

/// Two cache lines, because processors fetch them in pairs. The fields keep the order in which they
/// are written here, so that the word that each call needs has its place however many reasons there
/// are.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Stripe {
    /// Outcomes that the machine has not seen in the low bits, the tag in the high bits. See
    /// [`Pending`].
    pending: AtomicU64,
    rejections: [AtomicU64; RejectReason::ALL.len()],
    late: AtomicU64,
}

/// What a stripe's word held when it was read: from the lowest bit, 20 bits of successes, 7 of
/// failures, 7 of failures since the last success, and 30 of the tag. To mistake one tag for
/// another, a thread would have to be interrupted for exactly as many collections as the tag has
/// values. A full stripe sends its thread to the machine, which takes the licence away from all
/// threads, so there is room for many successes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending(u64);

/// Outcomes taken out of stripes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Collected {
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    /// Failures since the last success. Stripes do not know which came first, so the failures after
    /// the last success of each stripe count as later than the successes of all.
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
    const SUCCESSES: u64 = (1 << 20) - 1;
    const FAILURE: u32 = 20;
    const RUN: u32 = 27;
    const TAG: u32 = 34;
    /// The largest count of failures, and of failures since the last success.
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

/// How many threads run at once, as the system reports it.
fn processors() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The result of adding an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    Done,
    /// The stripe has changed since it was read.
    Changed,
    /// The stripe holds as many outcomes as it can, or as it may.
    NoRoom,
}

/// A number for this thread; numbers are given in order, so that neighbours differ.
#[inline]
pub(crate) fn thread_number() -> usize {
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
mod tests;
