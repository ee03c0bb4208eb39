//! The gate, which lets callers act without asking the machine: pass, be rejected, or note an
//! outcome that decides nothing.
//!
//! These steps are nearly all that happens to a breaker, and none of them can change its state. So
//! the machine, which decides under a lock, publishes a [`Standing`]: the state, what happens to
//! callers in it, and whether it lends them the *licence*. While the licence lasts, a plain success
//! (neither failed nor slow) cannot lead to any verdict, whatever else succeeds. It is only counted
//! in the stripe of its thread, and the machine takes it in later. Where the order of outcomes does
//! not matter, the licence covers some failures as well: so many that all of them together, with
//! any number of successes, lead to no verdict. Each stripe may note its share of them. Everything
//! else goes to the machine. The whole lock-free part is this file and [`stripe`](crate::stripe);
//! [`Word`] is the value that both read.
//!
//! # Why no outcome is counted in a generation that is not its own
//! A thread that steps the machine holds the lock. It withdraws the licence in `word`, collects
//! every stripe, which renews the stripe's tag, decides, and then publishes anew. A thread that
//! notes an outcome loads the stripe, then the word, and then exchanges the stripe if it is
//! unchanged. If the exchange succeeds, no thread collected in between. There are two cases. If the
//! stripe was loaded before the collection, the exchange came before it too, and the outcome
//! belongs to the generation that is being left. If it was loaded after the collection, the
//! withdrawal was visible, and without a licence nothing is exchanged. The same holds for
//! `licence_until` and `slow_over`, which change only between collecting and publishing. It also
//! holds for the share of failures, which is in the word itself: what a stripe holds was noted
//! under the word that allows it.

mod word;

use std::time::Duration;

use crate::event::Interest;
use crate::rejected::RejectReason;
use crate::state::{Generation, State};
use crate::stripe::{Added, Collected, Pending, Stripe, Stripes};
use crate::sync::{AtomicU64, Ordering};

pub(crate) use word::Word;

/// What happens to a caller without asking the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The call passes.
    Pass,
    /// The machine decides.
    Ask,
    /// Rejected until the deadline; then the machine decides.
    Reject(RejectReason),
}

/// What the machine publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) state: State,
    pub(crate) generation: Generation,
    pub(crate) admission: Admission,
    /// Until when rejections hold without asking; `None` means for ever.
    pub(crate) until: Option<Duration>,
    pub(crate) licence: Option<Licence>,
    /// Failures that the licence covers, all stripes together.
    pub(crate) failures: u32,
    /// Above this a call is slow, and no plain success.
    pub(crate) slow_over: Option<Duration>,
    /// Whether the age of a call matters.
    pub(crate) timed: Timed,
}

/// How long plain successes need no judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Licence {
    /// As long as nothing else happens.
    Unlimited,
    /// Up to this time, when the window moves on.
    Until(Duration),
}

/// Whether the machine needs to know when a call began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timed {
    No,
    Yes,
}

/// The published standing in the form in which callers read it.
#[derive(Debug)]
pub(crate) struct Gate {
    word: AtomicU64,
    /// Nanoseconds; the end of time where there is no deadline.
    until: AtomicU64,
    /// Nanoseconds; the end of time for an unlimited licence.
    licence_until: AtomicU64,
    /// Nanoseconds; the end of time where no call is slow.
    slow_over: AtomicU64,
    stripes: Stripes,
}

/// The result of noting an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Counted.
    Counted,
    /// The permit belongs to an earlier generation.
    Late,
    /// The machine has to see the outcome.
    Ask,
    /// Other threads count in the same stripe: make more stripes, then try again.
    Crowded,
}

/// Time as callers measure it, read only when it is needed.
pub(crate) trait Stopwatch {
    /// Nanoseconds on the breaker's clock.
    fn now(&mut self) -> u64;
    /// Nanoseconds that the call took; `None` when that is not known.
    fn took(&mut self) -> Option<u64>;
}

impl Gate {
    pub(crate) fn new(stripes: Stripes, standing: &Standing) -> Self {
        Self {
            word: AtomicU64::new(Word::of(standing, stripes.count()).0),
            until: AtomicU64::new(end_of_time(standing.until)),
            licence_until: AtomicU64::new(licence_end(standing.licence)),
            slow_over: AtomicU64::new(end_of_time(standing.slow_over)),
            stripes,
        }
    }

    #[inline]
    pub(crate) fn word(&self) -> Word {
        // Acquire: pairs with the release in `publish`.
        Word(self.word.load(Ordering::Acquire))
    }

    /// The stripe of this thread, as far as `word` says how threads are spread. `word` may be out
    /// of date, because all stripes are collected.
    #[inline]
    pub(crate) fn stripe(&self, word: Word) -> &Stripe {
        if word.has(Word::SPREAD) {
            self.stripes.mine_when_grown()
        } else {
            self.stripes.mine()
        }
    }

    pub(crate) fn stripes(&self) -> &Stripes {
        &self.stripes
    }

    /// The deadline that belongs to `word`; `None` when the word has changed meanwhile.
    #[inline]
    pub(crate) fn until(&self, word: Word) -> Option<u64> {
        // Acquire: pairs with the release in `publish`. A thread that sees a new deadline also sees
        // that the word was withdrawn before it.
        let until = self.until.load(Ordering::Acquire);
        (self.word.load(Ordering::Relaxed) == word.0).then_some(until)
    }

    /// Counts a plain success of a call that was permitted at `granted`, if that needs no clock and
    /// no second try.
    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    pub(crate) fn note_success_at_once(&self, granted: Word) -> bool {
        let stripe = self.stripes.mine();
        let pending = stripe.pending();
        let word = self.word();
        word.is_of_generation_of(granted)
            && word.0 & (Word::LICENCE | Word::TIMED_END | Word::SPREAD) == Word::LICENCE
            && stripe.add_success(pending) == Added::Done
    }

    /// Counts a plain success of a call that was permitted at `granted`.
    #[inline]
    pub(crate) fn note_success(&self, granted: Word, watch: &mut impl Stopwatch) -> Noted {
        self.note(granted, watch, |stripe, pending, _| {
            stripe.add_success(pending)
        })
    }

    /// Counts a failure that is not slow, of a call that was permitted at `granted`.
    #[inline]
    pub(crate) fn note_failure(&self, granted: Word, watch: &mut impl Stopwatch) -> Noted {
        self.note(granted, watch, |stripe, pending, word| {
            stripe.add_failure(pending, word.failures())
        })
    }

    #[inline]
    fn note(
        &self,
        granted: Word,
        watch: &mut impl Stopwatch,
        add: impl Fn(&Stripe, Pending, Word) -> Added,
    ) -> Noted {
        let stripe = self.stripe(granted);
        let mut overtaken = false;
        loop {
            let pending = stripe.pending();
            let word = self.word();
            if !word.is_of_generation_of(granted) {
                return Noted::Late;
            }
            if !word.has(Word::LICENCE) {
                return Noted::Ask;
            }
            if word.has(Word::TIMED_END) && !self.is_plain(watch) {
                return Noted::Ask;
            }
            match add(stripe, pending, word) {
                Added::Done => return Noted::Counted,
                Added::NoRoom => return Noted::Ask,
                Added::Changed => {}
            }
            // Once may be chance. Twice in a row happens only where threads meet very often.
            if overtaken && self.stripes.may_grow() {
                return Noted::Crowded;
            }
            overtaken = true;
        }
    }

    /// Whether the call ended while the licence lasts and was not slow.
    #[inline]
    fn is_plain(&self, watch: &mut impl Stopwatch) -> bool {
        // Acquire: pair with the releases in `publish`.
        if watch.now() >= self.licence_until.load(Ordering::Acquire) {
            return false;
        }
        let slow_over = self.slow_over.load(Ordering::Acquire);
        slow_over == u64::MAX || watch.took().is_none_or(|took| took <= slow_over)
    }

    /// Withdraws the licence and takes in what was counted under it. Only for the holder of the
    /// machine, who must `publish` afterwards.
    pub(crate) fn withdraw(&self) -> Collected {
        let word = self.word.load(Ordering::Relaxed);
        if word & Word::LICENCE == 0 {
            return Collected::default();
        }
        self.word.store(word & !Word::LICENCE, Ordering::Release);
        self.stripes.collect()
    }

    /// Shows callers what the machine decided. Only for the holder of the machine.
    pub(crate) fn publish(&self, standing: &Standing, wanted: Interest) {
        let mut word = Word::of(standing, self.stripes.count());
        if wanted == Interest::Everything {
            word.0 |= Word::WATCHED;
        }
        if self.stripes.have_grown() {
            word.0 |= Word::SPREAD;
        }
        let until = end_of_time(standing.until);
        if until != self.until.load(Ordering::Relaxed) {
            // A word and a deadline of different times must not be taken for a pair.
            let asking = Standing {
                admission: Admission::Ask,
                licence: None,
                ..*standing
            };
            let asking = Word::of(&asking, self.stripes.count());
            self.word.store(asking.0, Ordering::Release);
            self.until.store(until, Ordering::Release);
        }
        // Release: pair with the acquires in `is_plain`.
        self.licence_until
            .store(licence_end(standing.licence), Ordering::Release);
        self.slow_over
            .store(end_of_time(standing.slow_over), Ordering::Release);
        // Release: pairs with the acquire in `word`.
        self.word.store(word.0, Ordering::Release);
    }
}

fn end_of_time(time: Option<Duration>) -> u64 {
    time.map_or(u64::MAX, crate::clock::nanos)
}

fn licence_end(licence: Option<Licence>) -> u64 {
    match licence {
        Some(Licence::Until(end)) => crate::clock::nanos(end),
        Some(Licence::Unlimited) | None => u64::MAX,
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
