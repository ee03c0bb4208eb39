//! A future whose panic becomes an answer.
//!
//! An engine is foreign code. Its panic must not end the task that carries messages to it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs a future to its end, or to its panic.
pub(super) struct Caught<T> {
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

/// The future has panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Panicked;

impl<T> Caught<T> {
    pub(super) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self {
            future: Some(Box::pin(future)),
        }
    }
}

impl<T> Future for Caught<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = self.future.as_mut() else {
            return Poll::Ready(Err(Panicked));
        };
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(answer)) => {
                self.let_go();
                Poll::Ready(Ok(answer))
            }
            Err(payload) => {
                std::mem::forget(payload); // its drop is foreign code as well
                self.let_go();
                Poll::Ready(Err(Panicked))
            }
        }
    }
}

impl<T> Caught<T> {
    /// The drop of a future is foreign code as well.
    fn let_go(&mut self) {
        if let Some(future) = self.future.take()
            && let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(future)))
        {
            std::mem::forget(payload);
        }
    }
}

impl<T> Drop for Caught<T> {
    fn drop(&mut self) {
        self.let_go();
    }
}
