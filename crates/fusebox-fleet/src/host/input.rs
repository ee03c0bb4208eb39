//! The inputs of a participant's task from outside.

use crate::engine::EngineError;
use crate::member::Ticket;
use crate::message::{AcquireRefused, Fenced, Lease, ReportRefused};
use crate::view::View;

/// A message to the task.
pub(super) enum Input {
    /// A report was answered, or was not.
    Reported(Ticket, Result<View, EngineError<ReportRefused>>),
    /// A request for the lease was answered, or was not.
    Acquired(Ticket, Result<Lease, EngineError<AcquireRefused>>),
    /// A settlement was answered, or was not.
    Settled(Result<View, EngineError<Fenced>>),
    /// The engine has pushed a view.
    Pushed(View),
    /// There is something else to look at.
    Wake,
    /// A fault of this very task, for a test of its effect.
    #[cfg(test)]
    Fault,
}
