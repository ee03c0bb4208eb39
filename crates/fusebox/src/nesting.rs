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
//! A rejection is remembered with the circuit that rejected, because a call may need several answers:
//! a good answer of another circuit does not make up for it. What takes it back is an answer of the
//! same circuit, or a call inside that failed: that failure is evidence.
//!
//! An asynchronous call is entered anew each time it is polled. What happens in another task is not
//! inside. Three words in thread-local storage hold everything while calls do not nest.
//!
//! This module is for crates that make calls on behalf of others, such as `fusebox-tower`; it is
//! hidden, and may change in any release.

use std::cell::{Cell, RefCell};

use crate::verdict::Verdict;

thread_local! {
    /// The innermost call, or [`Mark::OUTSIDE`].
    static INNERMOST: Cell<Mark> = const { Cell::new(Mark::OUTSIDE) };
    /// The calls around it.
    static AROUND: RefCell<Vec<Mark>> = const { RefCell::new(Vec::new()) };
}

/// Which circuit something is about. No two circuits that live have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(usize);

impl Address {
    /// That of no circuit: nobody.
    const NOBODY: Self = Self(0);
    /// That of no circuit: more than one of them. Circuits are aligned to more than a byte.
    const SEVERAL: Self = Self(1);

    /// The address of what lies at `pointer`.
    #[inline]
    pub(crate) fn of<T>(pointer: *const T) -> Self {
        const { assert!(align_of::<T>() > 1) };
        Self(pointer.addr())
    }
}

/// One call under way.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Through which circuit it goes.
    circuit: Address,
    /// Which circuits have rejected a call inside it, and not answered since.
    rejected_by: Address,
}

impl Mark {
    /// No call.
    const OUTSIDE: Self = Self {
        circuit: Address::NOBODY,
        rejected_by: Address::NOBODY,
    };

    #[inline]
    fn is_outside(self) -> bool {
        self.circuit == Address::NOBODY
    }
}

/// One call under way, and whether a call inside it was rejected.
#[derive(Debug)]
pub struct Nesting {
    mark: Mark,
}

impl Nesting {
    /// A call through `circuit`, in which nothing has happened yet.
    #[inline]
    pub fn of(circuit: Address) -> Self {
        Self {
            mark: Mark {
                circuit,
                rejected_by: Address::NOBODY,
            },
        }
    }

    /// Runs code inside the call.
    #[inline]
    pub fn run<R>(&mut self, code: impl FnOnce() -> R) -> R {
        let outside = INNERMOST.replace(self.mark);
        if !outside.is_outside() {
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
        if self.mark.rejected_by == Address::NOBODY {
            note_answer(self.mark.circuit, verdict);
            return verdict;
        }
        settle_rejected(self.mark.circuit, verdict)
    }
}

#[cold]
fn settle_rejected(circuit: Address, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Success => {
            note_answer(circuit, verdict);
            verdict
        }
        Verdict::Failure { .. } | Verdict::Trip { .. } | Verdict::Ignored => {
            note_rejection(circuit);
            Verdict::Ignored
        }
    }
}

struct Leaving<'a> {
    nesting: &'a mut Nesting,
    outside: Mark,
}

impl Drop for Leaving<'_> {
    #[inline]
    fn drop(&mut self) {
        self.nesting.mark = INNERMOST.replace(self.outside);
        if !self.outside.is_outside() {
            leave_deeper();
        }
    }
}

/// Whether the running code is inside a call through this very circuit.
#[inline]
pub fn encloses(circuit: Address) -> bool {
    let innermost = INNERMOST.get();
    !innermost.is_outside() && encloses_deeper(innermost, circuit)
}

/// Tells the innermost call that `circuit` rejected a call inside it.
#[inline]
pub(crate) fn note_rejection(circuit: Address) {
    let innermost = INNERMOST.get();
    if !innermost.is_outside() {
        let rejected_by = match innermost.rejected_by {
            Address::NOBODY => circuit,
            before if before == circuit => circuit,
            _ => Address::SEVERAL,
        };
        INNERMOST.set(Mark {
            rejected_by,
            ..innermost
        });
    }
}

/// Tells the innermost call that a call inside it, through `circuit`, was answered.
#[inline]
fn note_answer(circuit: Address, verdict: Verdict) {
    let innermost = INNERMOST.get();
    if innermost.rejected_by != Address::NOBODY {
        take_back(innermost, circuit, verdict);
    }
}

#[cold]
fn take_back(innermost: Mark, circuit: Address, verdict: Verdict) {
    let takes_back = match verdict {
        Verdict::Failure { .. } | Verdict::Trip { .. } => true,
        Verdict::Success | Verdict::Ignored => innermost.rejected_by == circuit,
    };
    if takes_back {
        INNERMOST.set(Mark {
            rejected_by: Address::NOBODY,
            ..innermost
        });
    }
}

#[cold]
fn encloses_deeper(innermost: Mark, circuit: Address) -> bool {
    let is_it = |mark: &Mark| mark.circuit == circuit;
    is_it(&innermost)
        || AROUND
            .try_with(|around| around.borrow().iter().any(is_it))
            .unwrap_or(false)
}

// While the thread's storage is torn down nothing is noted, and the two agree about that.
#[cold]
fn enter_deeper(outside: Mark) {
    let _ = AROUND.try_with(|around| around.borrow_mut().push(outside));
}

#[cold]
fn leave_deeper() {
    let _ = AROUND.try_with(|around| around.borrow_mut().pop());
}
