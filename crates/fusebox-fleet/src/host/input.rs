//! Inputs of a participant's task from outside.

use crate::engine::EngineError;
use crate::member::Ticket;
use crate::message::{AcquireRefused, Fenced, Lease, ReportRefused};
use crate::view::View;

/// What the task is told.
pub(super) enum Input {
    /// A report was answered, or was not.
    Reported(Ticket, Result<View, EngineError<ReportRefused>>),
    /// A request for the lease was.
    Acquired(Ticket, Result<Lease, EngineError<AcquireRefused>>),
    /// A settlement was.
    Settled(Result<View, EngineError<Fenced>>),
    /// The engine told something.
    Pushed(View),
    /// There is something else to look at.
    Wake,
    /// For a test of what a fault of this very task leads to.
    #[cfg(test)]
    Fault,
}
