//! The nesting of calls on a thread: a call learns the outcomes of the calls made inside it.
//!
//! A rejection by an inner breaker says nothing about the downstream, so it must not count against
//! an outer breaker. The outer breaker often cannot see it: layers in between turn the rejection
//! into errors and answers of their own. So code that makes a call under a permit marks itself as
//! *inside* that call, for as long as it runs, and a breaker that rejects tells the innermost call
//! around it. A breaker that is asked from inside one of its own calls lets the inner call pass as
//! a part of the outer one: a second permit would count one call twice, and would wait for ever for
//! the only probe.
//!
//! A rejection is remembered together with the circuit that rejected. A call may need several
//! answers, and a good answer of another circuit does not make up for the rejection. Two things
//! cancel it: an answer of the same circuit, or a failed call inside, because that failure is
//! evidence.
//!
//! An asynchronous call is entered again each time it is polled. Work in another task is not
//! inside. While calls do not nest, three words of thread-local storage hold everything.
//!
//! This module is for crates that make calls on behalf of others, such as `fusebox-tower`. It is
//! hidden, and may change in any release.

use std::cell::{Cell, RefCell};

use crate::verdict::Verdict;

thread_local! {
    /// The innermost call, or [`Mark::OUTSIDE`].
    static INNERMOST: Cell<Mark> = const { Cell::new(Mark::OUTSIDE) };
    /// The calls around it.
    static AROUND: RefCell<Vec<Mark>> = const { RefCell::new(Vec::new()) };
}

/// The identity of a circuit. No two living circuits have the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(usize);

impl Address {
    /// The address of no circuit.
    const NOBODY: Self = Self(0);
    /// Stands for more than one circuit. It is no circuit's address, because circuits are aligned
    /// to more than a byte.
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
    /// The circuit that the call goes through.
    circuit: Address,
    /// The circuits that have rejected a call inside it and have not answered since.
    rejected_by: Address,
}

impl Mark {
    /// Outside of all calls.
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
    /// Makes a call through `circuit`, in which nothing has happened yet.
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

    /// Returns the verdict on the call, given the verdict on its result: a rejection inside is no
    /// failure. If there is a call around this one, it is told. Call this outside of
    /// [`run`](Self::run).
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

/// Returns whether the running code is inside a call through this very circuit.
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
