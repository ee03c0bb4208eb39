//! The body of a gRPC answer, which holds the permit of its call until the trailers.

use std::pin::Pin;
use std::task::{Context, Poll};

use fusebox::Verdict;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::classifier::GrpcClassifier;
use super::code::{GrpcCode, StatusAt};
use crate::answer::{AnswerBody, Follows, JudgeAt, JudgeHead, JudgeRest};
use crate::classify::ClassifyError;

pin_project! {
    /// The body of a [`GrpcBreakerService`](super::GrpcBreakerService)'s answer. It passes every
    /// frame on unchanged and ends the call with the status in the trailers.
    ///
    /// A body that fails, or ends without a status, is a failure; for gRPC-Web see
    /// [`GrpcClassifier`](super::GrpcClassifier). The call lasts until then, or until the moment
    /// that [`JudgeAt`] names.
    ///
    /// # Cancel safety
    /// If it is dropped before that, the call counts as cancelled and its slot is free again. A
    /// reader that takes the first message and leaves has made the call count where [`JudgeAt`]
    /// asks for no more.
    #[derive(Debug)]
    pub struct GrpcBody<B: Body> {
        #[pin]
        inner: AnswerBody<B, Trailers>,
    }
}

impl<B: Body> GrpcBody<B> {
    pub(super) fn new(inner: AnswerBody<B, Trailers>) -> Self {
        Self { inner }
    }
}

/// A body that belongs to no call, as a [fast failure](crate::FastFailureLayer::grpc) needs it.
impl<B: Body + Default> Default for GrpcBody<B> {
    fn default() -> Self {
        Self::new(AnswerBody::unwatched(B::default()))
    }
}

impl<B: Body> Body for GrpcBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Judges headers by the table of codes.
#[derive(Clone, Debug)]
pub(super) struct GrpcJudge<P> {
    pub(super) classifier: GrpcClassifier<P>,
    pub(super) at: JudgeAt,
}

impl<B, E, P: ClassifyError<E>> JudgeHead<B, E> for GrpcJudge<P> {
    type Rest = Trailers;

    fn head(&self, response: &Response<B>, follows: Follows) -> Option<Verdict> {
        let (status, headers) = (response.status(), response.headers());
        if response.extensions().get::<fusebox::Rejected>().is_some() {
            return Some(Verdict::Ignored);
        }
        let code = match (GrpcCode::of(headers), follows) {
            (Some(code), _) => code,
            (None, Follows::Body) if StatusAt::of(status, headers) != StatusAt::Nowhere => {
                return None;
            }
            (None, _) => GrpcCode::without_status(status),
        };
        Some(self.classifier.verdict(code, headers))
    }

    fn error(&self, error: &E) -> Verdict {
        self.classifier.verdict_on_error(error)
    }

    fn rest(&self, response: &Response<B>) -> Trailers {
        Trailers {
            codes: self.classifier.codes(),
            status_at: StatusAt::of(response.status(), response.headers()),
        }
    }

    fn judge_at(&self) -> JudgeAt {
        self.at
    }
}

/// Judges the trailers of an answer whose headers were those of gRPC.
#[derive(Debug)]
pub(super) struct Trailers {
    codes: GrpcClassifier,
    status_at: StatusAt,
}

impl JudgeRest for Trailers {
    const HEADERS_SUFFICE: bool = false;

    fn trailers(&self, trailers: &HeaderMap) -> Verdict {
        match GrpcCode::of(trailers) {
            Some(code) => self.codes.verdict(code, trailers),
            None => self.end(),
        }
    }

    fn end(&self) -> Verdict {
        if self.status_at == StatusAt::Data {
            return Verdict::Success;
        }
        let code = GrpcCode::without_status(StatusCode::OK);
        self.codes.verdict(code, &HeaderMap::new())
    }
}
