//! The right to make one call, held by its caller while the call is under way.

use std::fmt;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::circuit::Circuit;
use crate::clock::Nanos;

use crate::outcome::{Ended, Outcome, Report};
use crate::state::{Generation, State};
use crate::ticket::Ticket;
use crate::verdict::Verdict;

/// The right to make one call; it takes the call's one outcome.
///
/// [`success`](Self::success), [`failure`](Self::failure) and [`ignore`](Self::ignore) consume it.
/// A permit that is dropped instead counts as cancelled and frees its slot. If it is dropped by a
/// panic that began after it was granted, it counts as a failure.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Outcome};
/// use std::time::Duration;
///
/// let breaker = Breaker::new("db", Config::default());
/// let permit = breaker.try_acquire()?;
/// assert_eq!(permit.success(), Outcome::Success);
///
/// // A downstream that says when to come back lengthens the open period.
/// let permit = breaker.try_acquire()?;
/// permit.retry_after(Duration::from_secs(30)).failure();
///
/// // A permit that outlives the borrow, for a spawned task.
/// let permit = breaker.try_acquire()?.into_owned();
/// std::thread::spawn(move || permit.success()).join().unwrap();
/// # Ok::<(), fusebox::Rejected>(())
/// ```
#[must_use = "a permit that is dropped at once counts as a cancelled call"]
pub struct Permit<'a> {
    /// Taken by the one outcome.
    circuit: Option<Holder<'a>>,
    ticket: Ticket,
    took: Nanos,
    retry_after: Nanos,
}

// As for the breaker: nothing in it is left half-way by a panic.
impl UnwindSafe for Permit<'_> {}
impl RefUnwindSafe for Permit<'_> {}

enum Holder<'a> {
    Borrowed(&'a Arc<Circuit>),
    Owned(Arc<Circuit>),
}

impl<'a> Permit<'a> {
    #[inline]
    pub(crate) fn new(circuit: &'a Arc<Circuit>, ticket: Ticket) -> Self {
        Self {
            circuit: Some(Holder::Borrowed(circuit)),
            ticket,
            took: Nanos::NONE,
            retry_after: Nanos::NONE,
        }
    }

    /// Records that the call succeeded. Returns how it was counted: as success, or late.
    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    pub fn success(self) -> Outcome {
        let permit = self.dismantled();
        permit
            .circuit
            .with(|circuit| circuit.succeed(permit.ticket, permit.took, permit.retry_after))
    }

    /// Records that the call failed. Returns how it was counted: as failure, or late.
    #[inline]
    pub fn failure(self) -> Outcome {
        self.consume(Ended::Failure)
    }

    /// Records a failure that opens the breaker at once, whatever its rules say; see
    /// [`Verdict::Trip`]. Returns how it was counted: as failure, or late.
    ///
    /// # Examples
    /// ```
    /// # use fusebox::{Breaker, Cause, Config, State};
    /// # use std::time::Duration;
    /// let breaker = Breaker::new("api", Config::default());
    /// let permit = breaker.try_acquire()?;
    /// permit.retry_after(Duration::from_secs(30)).trip(); // "429, come back in 30 s"
    /// let snapshot = breaker.snapshot();
    /// assert_eq!(snapshot.state, State::Open);
    /// assert_eq!(snapshot.transitions[0].cause, Cause::Verdict);
    /// # Ok::<(), fusebox::Rejected>(())
    /// ```
    pub fn trip(self) -> Outcome {
        self.consume(Ended::Trip)
    }

    /// Records that the call says nothing about the downstream. Returns how it was counted: as
    /// ignored, or late.
    pub fn ignore(self) -> Outcome {
        self.consume(Ended::Ignored)
    }

    /// Records the outcome that `verdict` names, and returns how it was counted.
    #[inline]
    pub fn end(self, verdict: Verdict) -> Outcome {
        match verdict {
            Verdict::Success => self.success(),
            Verdict::Failure { retry_after: None } => self.failure(),
            Verdict::Failure {
                retry_after: Some(wait),
            } => self.retry_after(wait).failure(),
            Verdict::Trip { retry_after: None } => self.trip(),
            Verdict::Trip {
                retry_after: Some(wait),
            } => self.retry_after(wait).trip(),
            Verdict::Ignored => self.ignore(),
        }
    }

    /// Sets how long the call took, in place of the time since the permit was granted. This
    /// duration decides whether the call is slow, and what a dropped permit means where that
    /// depends on its age.
    pub fn took(mut self, duration: Duration) -> Self {
        self.took = Nanos::of(duration);
        self
    }

    /// Sets how long the downstream asks callers to wait. If this outcome opens the breaker, the
    /// open period lasts at least that long, but no longer than `max_open_for`. Jitter only
    /// lengthens it.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Nanos::of(wait);
        self
    }

    /// Returns the state in which the permit was granted. Half-open means that this call is a
    /// probe.
    #[inline]
    pub fn state(&self) -> State {
        self.ticket.state()
    }

    /// Returns the generation in which the permit was granted.
    #[inline]
    pub fn generation(&self) -> Generation {
        self.ticket.generation()
    }

    /// Converts the permit into one that does not borrow the breaker.
    #[inline]
    pub fn into_owned(mut self) -> Permit<'static> {
        let circuit = self.circuit.take().map(|circuit| match circuit {
            Holder::Borrowed(circuit) => Holder::Owned(Arc::clone(circuit)),
            Holder::Owned(circuit) => Holder::Owned(circuit),
        });
        Permit {
            circuit,
            ticket: self.ticket,
            took: self.took,
            retry_after: self.retry_after,
        }
    }

    #[inline]
    fn consume(self, ended: Ended) -> Outcome {
        let permit = self.dismantled();
        let report = Report {
            ended,
            took: permit.took,
            retry_after: permit.retry_after,
        };
        permit
            .circuit
            .with(|circuit| circuit.finish(permit.ticket, report))
    }

    /// The parts, without the drop. Nothing in here points to the permit, so a permit that is
    /// consumed where it was granted stays in registers.
    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    fn dismantled(mut self) -> Dismantled<'a> {
        let circuit = self.circuit.take();
        let (ticket, took, retry_after) = (self.ticket, self.took, self.retry_after);
        mem::forget(self);
        Dismantled {
            circuit: circuit.expect("a permit that can be consumed has not been answered"),
            ticket,
            took,
            retry_after,
        }
    }
}

/// A permit whose outcome is being recorded.
struct Dismantled<'a> {
    circuit: Holder<'a>,
    ticket: Ticket,
    took: Nanos,
    retry_after: Nanos,
}

impl Holder<'_> {
    #[inline]
    fn with<R>(self, answer: impl FnOnce(&Circuit) -> R) -> R {
        match self {
            Self::Borrowed(circuit) => answer(circuit),
            Self::Owned(circuit) => answer(&circuit),
        }
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        // Only copies leave this function: a permit that is never pointed to stays in registers.
        if let Some(circuit) = self.circuit.take() {
            let (ticket, took, retry_after) = (self.ticket, self.took, self.retry_after);
            circuit.with(|circuit| cancel(circuit, ticket, took, retry_after));
        }
    }
}

/// Records the end of a permit that was dropped without an outcome.
#[cold]
#[inline(never)]
fn cancel(circuit: &Circuit, ticket: Ticket, took: Nanos, retry_after: Nanos) {
    let unwinding = thread::panicking() && !ticket.granted_while_unwinding();
    let report = Report {
        ended: if unwinding {
            Ended::Failure
        } else {
            Ended::Dropped
        },
        took,
        retry_after,
    };
    circuit.finish(ticket, report);
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("state", &self.ticket.state())
            .field("generation", &self.ticket.generation())
            .finish_non_exhaustive()
    }
}
