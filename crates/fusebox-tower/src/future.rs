//! A call under way: the inner future and its permit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::{CallError, Rejected};
use pin_project_lite::pin_project;

use crate::classify::Classify;
use crate::held_permit::Held;

pin_project! {
    /// The future of a [`BreakerService`](crate::BreakerService)'s answer.
    ///
    /// # Cancel safety
    /// If it is dropped before it is ready, the call counts as cancelled and its slot is free
    /// again.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is polled"]
    pub struct ResponseFuture<F, C> {
        #[pin]
        stage: Stage<F, C>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StageView]
    enum Stage<F, C> {
        Calling {
            #[pin]
            call: F,
            held: Held,
            classifier: C,
        },
        Rejected {
            rejected: Rejected,
        },
    }
}

impl<F, C> ResponseFuture<F, C> {
    #[inline]
    pub(crate) fn new(
        entered: Result<(F, Held), Rejected>,
        classifier: impl FnOnce() -> C,
    ) -> Self {
        let stage = match entered {
            Ok((call, held)) => Stage::Calling {
                call,
                held,
                classifier: classifier(),
            },
            Err(rejected) => Stage::Rejected { rejected },
        };
        Self { stage }
    }
}

impl<F, C, Response, Error> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response, Error>>,
    C: Classify<Response, Error>,
    Error: 'static,
{
    type Output = Result<Response, CallError<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().stage.project() {
            StageView::Calling {
                call,
                held,
                classifier,
            } => {
                let result = ready!(held.run(|| call.poll(cx)));
                match &result {
                    Ok(answer) => held.answer(|| classifier.classify(Ok(answer))),
                    Err(error) => held.fail(error, |error| classifier.classify(Err(error))),
                }
                Poll::Ready(result.map_err(CallError::Failed))
            }
            StageView::Rejected { rejected } => Poll::Ready(Err(CallError::Rejected(*rejected))),
        }
    }
}
