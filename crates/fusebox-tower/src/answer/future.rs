//! A call whose headers have not come yet.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use fusebox::{CallError, Rejected};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{AnswerBody, JudgeHead};
use crate::held_permit::Held;

pin_project! {
    #[derive(Debug)]
    pub(crate) struct AnswerFuture<F, H> {
        #[pin]
        stage: Stage<F, H>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StageView]
    enum Stage<F, H> {
        Calling {
            #[pin]
            call: F,
            // Moves on into the body.
            held: Option<Held>,
            judge: H,
        },
        Rejected {
            rejected: Rejected,
        },
    }
}

impl<F, H> AnswerFuture<F, H> {
    pub(crate) fn new(entered: Result<(F, Held), Rejected>, judge: impl FnOnce() -> H) -> Self {
        let stage = match entered {
            Ok((call, held)) => Stage::Calling {
                call,
                held: Some(held),
                judge: judge(),
            },
            Err(rejected) => Stage::Rejected { rejected },
        };
        Self { stage }
    }
}

impl<F, H, B, E> Future for AnswerFuture<F, H>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
    H: JudgeHead<B, E>,
{
    type Output = Result<Response<AnswerBody<B, H::Rest>>, CallError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (call, held, judge) = match self.project().stage.project() {
            StageView::Rejected { rejected } => {
                return Poll::Ready(Err(CallError::Rejected(*rejected)));
            }
            StageView::Calling { call, held, judge } => (call, held, judge),
        };
        let mut holds = held.take().expect("a future is not polled after its end");
        let Poll::Ready(result) = holds.run(|| call.poll(cx)) else {
            *held = Some(holds);
            return Poll::Pending;
        };
        Poll::Ready(match result {
            Ok(response) => Ok(AnswerBody::wrap(response, holds, judge)),
            Err(error) => {
                holds.fail(&error, |error| judge.error(error));
                Err(CallError::Failed(error))
            }
        })
    }
}
