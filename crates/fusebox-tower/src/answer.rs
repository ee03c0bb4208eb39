//! Calls whose answer comes in parts: headers first, then a body that may go on for long.
//!
//! [`JudgeHead`] and [`JudgeRest`] say what the parts of a protocol mean. The [`AnswerFuture`] waits
//! for the headers; the [`AnswerBody`] takes over the permit and ends the call.

mod body;
mod future;

pub(crate) use body::AnswerBody;
pub(crate) use future::AnswerFuture;

use fusebox::Verdict;
use http::{HeaderMap, Response};

/// When an answer that began well counts as a success.
///
/// Whatever is chosen, an answer that is bad by its headers (an HTTP 503, a gRPC status without a
/// body) counts at its headers, and one that ends before the chosen moment counts at its end. What
/// happens after the moment does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JudgeAt {
    /// At the end of the body, except for a probe, which counts as with
    /// [`FirstData`](Self::FirstData). The default.
    ///
    /// A body that breaks off is a failure of the downstream, and so is a gRPC status in the
    /// trailers; both are seen only at the end. But while the breaker is half-open its few probes
    /// decide, and a stream that goes on for hours must not hold one until the half-open period is
    /// over: then a healthy stream would never close the breaker.
    #[default]
    EndOrFirstDataOfProbe,
    /// At the end of the body, probes too. For downstreams that never stream.
    End,
    /// When the first data has come and the end has not come with it. An answer whose end or break
    /// has come by then, such as a failing gRPC status behind a message, is judged by that: the body
    /// looks one frame ahead. What comes later does not count, even if it ends a unary gRPC call
    /// that fails: where the trailers of unary calls travel apart from the message, use
    /// [`End`](Self::End).
    ///
    /// The call counts when its reader asks for the first data, and not when it asks for more. A
    /// reader that never asks holds the call until it drops the body.
    ///
    /// For streams, where slow-call rules would otherwise measure their whole length.
    FirstData,
    /// When the headers have come. For streams whose first message may be hours away.
    Headers,
}

/// Judges results by the headers of an answer.
pub(crate) trait JudgeHead<B, E> {
    type Rest: JudgeRest;

    /// The verdict, if the headers decide.
    fn head(&self, response: &Response<B>, follows: Follows) -> Option<Verdict>;

    /// The verdict on an error in place of an answer.
    fn error(&self, error: &E) -> Verdict;

    /// Who judges the rest.
    fn rest(&self, response: &Response<B>) -> Self::Rest;

    /// When an answer that began well counts.
    fn judge_at(&self) -> JudgeAt;
}

/// What follows the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    Body,
    Nothing,
}

/// Judges the end of an answer that its headers did not decide.
pub(crate) trait JudgeRest {
    /// Whether headers alone make an answer good enough for a reader that wants no more.
    const HEADERS_SUFFICE: bool;

    /// The verdict on an answer that ends with trailers.
    fn trailers(&self, trailers: &HeaderMap) -> Verdict;

    /// The verdict on an answer that ends without.
    fn end(&self) -> Verdict;
}
