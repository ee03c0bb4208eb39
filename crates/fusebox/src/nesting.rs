//! Nesting of calls on a thread: a call learns what became of the calls made inside it.
//!
//! A rejection by an inner breaker says nothing about the downstream, so it must not count against
//! an outer breaker. The outer breaker often cannot see it: layers in between turn the rejection
//! into errors and answers of their own. So whoever makes a call under a permit marks its code as
//! *inside* that call, for as long as the code runs, and a breaker that rejects tells the innermost
//! call that it is inside of. A breaker that is asked from inside a call of its own lets the inner
//! call pass as part of the outer one: a second permit would count one call twice, and would wait
//! for ever for the only probe.
//!
//! An asynchronous call is entered anew each time it is polled. What happens in another task is not
//! inside. Two words in thread-local storage hold everything while calls do not nest.
//!
//! This module is for crates that make calls on behalf of others, such as `fusebox-tower`; it is
//! hidden, and may change in any release.

use std::cell::{Cell, RefCell};

use crate::breaker::Breaker;
use crate::verdict::Verdict;

thread_local! {
    /// The innermost call: its mark, or zero outside of all calls.
    static INNERMOST: Cell<usize> = const { Cell::new(0) };
    /// The marks of the calls around it.
    static AROUND: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The bit of a mark that is never set in a circuit's address: the last call inside was rejected.
const REJECTED: usize = 1;

/// One call under way, and whether the last call inside it was rejected.
#[derive(Debug)]
pub struct Nesting {
    /// The circuit's address and `REJECTED`.
    mark: usize,
}

impl Nesting {
    /// A call through `breaker`, in which nothing has happened yet.
    #[inline]
    pub fn of(breaker: &Breaker) -> Self {
        Self {
            mark: breaker.address(),
        }
    }

    /// Runs code inside the call.
    #[inline]
    pub fn run<R>(&mut self, code: impl FnOnce() -> R) -> R {
        let outside = INNERMOST.replace(self.mark);
        if outside != 0 {
            enter_deeper(outside);
        }
        let _leaves = Leaving {
            nesting: self,
            outside,
        };
        code()
    }

    /// The verdict on the call, given the verdict on its result: a rejection inside is no failure.
    /// Tells the call around this one, if there is one. To be asked outside of [`run`](Self::run).
    #[inline]
    pub fn settle(&self, verdict: Verdict) -> Verdict {
        if self.mark & REJECTED == 0 {
            note_answer();
            return verdict;
        }
        settle_rejected(verdict)
    }
}

#[cold]
fn settle_rejected(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Success => {
            note_answer();
            verdict
        }
        Verdict::Failure { .. } | Verdict::Trip { .. } | Verdict::Ignored => {
            note_rejection();
            Verdict::Ignored
        }
    }
}

struct Leaving<'a> {
    nesting: &'a mut Nesting,
    outside: usize,
}

impl Drop for Leaving<'_> {
    #[inline]
    fn drop(&mut self) {
        self.nesting.mark = INNERMOST.replace(self.outside);
        if self.outside != 0 {
            leave_deeper();
        }
    }
}

/// Whether the running code is inside a call of this very breaker.
#[inline]
pub fn encloses(breaker: &Breaker) -> bool {
    let innermost = INNERMOST.get();
    innermost != 0 && encloses_address(innermost, breaker.address())
}

/// Tells the innermost call that a call inside it was rejected.
#[inline]
pub fn note_rejection() {
    let innermost = INNERMOST.get();
    if innermost != 0 {
        INNERMOST.set(innermost | REJECTED);
    }
}

/// Tells the innermost call that a call inside it was answered.
#[inline]
fn note_answer() {
    let innermost = INNERMOST.get();
    if innermost & REJECTED != 0 {
        INNERMOST.set(innermost & !REJECTED);
    }
}

#[cold]
fn encloses_address(innermost: usize, address: usize) -> bool {
    let is_it = |mark: usize| mark & !REJECTED == address;
    is_it(innermost)
        || AROUND
            .try_with(|around| around.borrow().iter().copied().any(is_it))
            .unwrap_or(false)
}

// While the thread's storage is torn down nothing is noted, and the two agree about that.
#[cold]
fn enter_deeper(outside: usize) {
    let _ = AROUND.try_with(|around| around.borrow_mut().push(outside));
}

#[cold]
fn leave_deeper() {
    let _ = AROUND.try_with(|around| around.borrow_mut().pop());
}
