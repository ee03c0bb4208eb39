//! The downstream of a comparison: a future that is pending until its script says how it ends.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    Failure,
    /// With an error that says nothing about the downstream.
    Ignored,
    Panic,
}

/// Why a call did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Failure,
    Ignored,
}

/// What the caller got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// From the downstream.
    Ended,
    /// From the breaker, with what it says about when to come back.
    Rejected { retry_after: Option<Duration> },
}

/// What a library makes of a call.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Answer>>>;

/// The protected future: pending until its script says how it ends.
pub(crate) struct Downstream(pub(crate) Arc<Mutex<Option<Ending>>>);

impl Future for Downstream {
    type Output = Result<(), Fault>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let ending = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match ending {
            None => Poll::Pending,
            Some(Ending::Success) => Poll::Ready(Ok(())),
            Some(Ending::Failure) => Poll::Ready(Err(Fault::Failure)),
            Some(Ending::Ignored) => Poll::Ready(Err(Fault::Ignored)),
            // A panic like any other, but without a message on the screen.
            Some(Ending::Panic) => resume_unwind(Box::new("the call panics")),
        }
    }
}
