//! Who waits for the trailers? [`GrpcBody`]: an answer's body that holds the permit of its call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use fusebox::Verdict;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::classifier::GrpcClassifier;
use super::code::GrpcCode;
use crate::held::Held;

pin_project! {
    /// The body of a [`GrpcBreakerService`](super::GrpcBreakerService)'s answer. It passes every
    /// frame on unchanged and ends the call with the status in the trailers.
    ///
    /// A body that fails, or ends without a status, is a failure. The call lasts until then: a
    /// stream that goes on for an hour holds its permit for an hour, which matters for probes and
    /// for slow-call rules.
    ///
    /// # Cancel safety
    /// Dropped before its end, the call counts as cancelled and its slot is free again.
    #[derive(Debug)]
    pub struct GrpcBody<B> {
        #[pin]
        inner: B,
        held: Held,
        judge: GrpcClassifier,
        status: StatusCode,
    }
}

impl<B: Body> GrpcBody<B> {
    /// The answer whose body goes on holding the permit, unless its headers end the call already
    /// or there is nothing to come.
    pub(super) fn wrap(
        response: Response<B>,
        mut held: Held,
        judge: GrpcClassifier,
    ) -> Response<Self> {
        let (parts, inner) = response.into_parts();
        let nothing_comes = held.watch(|| inner.is_end_stream());
        let code = GrpcCode::of(&parts.headers)
            .or_else(|| nothing_comes.then(|| GrpcCode::without_status(parts.status)));
        if let Some(code) = code {
            held.end(judge.verdict(code, &parts.headers));
        }
        let body = Self {
            inner,
            held,
            judge,
            status: parts.status,
        };
        Response::from_parts(parts, body)
    }
}

impl<B: Body> Body for GrpcBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        if this.held.has_ended() {
            return this.inner.poll_frame(cx);
        }
        let frame = ready!(this.held.watch(|| this.inner.as_mut().poll_frame(cx)));
        let no_status = || {
            let code = GrpcCode::without_status(*this.status);
            this.judge.verdict(code, &HeaderMap::new())
        };
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let verdict = match GrpcCode::of(trailers) {
                        Some(code) => this.judge.verdict(code, trailers),
                        None => no_status(),
                    };
                    this.held.end(verdict);
                } else if this.held.watch(|| this.inner.is_end_stream()) {
                    // Readers that ask for the end do not poll again to be told.
                    this.held.end(no_status());
                }
            }
            Some(Err(_)) => this.held.end(Verdict::FAILURE),
            None => this.held.end(no_status()),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
