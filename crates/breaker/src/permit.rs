//! What does a caller hold while its call is under way? A [`Permit`], which answers once.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::circuit::Circuit;
use crate::machine::Ticket;
use crate::outcome::{Ended, Outcome, Report};
use crate::state::{Generation, State};

/// The right to make one call, which is given one outcome.
///
/// Consumed by [`success`](Self::success), [`failure`](Self::failure) or [`ignore`](Self::ignore).
/// Dropped without one it is cancelled and gives its slot back; dropped while a panic that began
/// after it was granted unwinds, it is a failure.
///
/// # Examples
/// ```
/// use breaker::{Breaker, Config, Outcome};
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
/// # Ok::<(), breaker::Rejected>(())
/// ```
#[must_use = "a permit that is dropped at once counts as a cancelled call"]
pub struct Permit<'a> {
    /// Taken by the one outcome.
    circuit: Option<Holder<'a>>,
    ticket: Ticket,
    took: Option<Duration>,
    retry_after: Option<Duration>,
    granted_in_panic: bool,
}

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
            took: None,
            retry_after: None,
            granted_in_panic: thread::panicking(),
        }
    }

    /// The call succeeded. Returns how it was counted: as success, or late.
    #[inline]
    pub fn success(self) -> Outcome {
        self.consume(Ended::Success)
    }

    /// The call failed. Returns how it was counted: as failure, or late.
    #[inline]
    pub fn failure(self) -> Outcome {
        self.consume(Ended::Failure)
    }

    /// The call says nothing about the downstream. Returns how it was counted: as ignored, or late.
    pub fn ignore(self) -> Outcome {
        self.consume(Ended::Ignored)
    }

    /// States how long the call took, instead of the time since the permit was granted.
    pub fn took(mut self, duration: Duration) -> Self {
        self.took = Some(duration);
        self
    }

    /// Passes on when the downstream wants to be asked again. If this outcome opens the breaker,
    /// it stays open at least so long, up to `max_open_for`.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The state in which the permit was granted; half-open means that this call is a probe.
    pub fn state(&self) -> State {
        self.ticket.state
    }

    /// The generation in which the permit was granted.
    pub fn generation(&self) -> Generation {
        self.ticket.generation
    }

    /// A permit that does not borrow the breaker.
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
            granted_in_panic: self.granted_in_panic,
        }
    }

    #[inline]
    fn consume(mut self, ended: Ended) -> Outcome {
        self.report(ended)
            .expect("a permit that can be consumed has not been answered")
    }

    /// Answers once; `None` when that has been done.
    #[inline]
    fn report(&mut self, ended: Ended) -> Option<Outcome> {
        let circuit = self.circuit.take()?;
        let circuit = match &circuit {
            Holder::Borrowed(circuit) => circuit,
            Holder::Owned(circuit) => circuit,
        };
        let report = Report {
            ended,
            took: self.took,
            retry_after: self.retry_after,
        };
        Some(circuit.finish(self.ticket, report))
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        let unwinding = thread::panicking() && !self.granted_in_panic;
        self.report(if unwinding {
            Ended::Failure
        } else {
            Ended::Dropped
        });
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("state", &self.ticket.state)
            .field("generation", &self.ticket.generation)
            .finish_non_exhaustive()
    }
}
