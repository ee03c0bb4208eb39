//! Calls whose answer comes in parts: first the headers, then a body that may take long.
//!
//! [`JudgeHead`] and [`JudgeRest`] say what the parts of a protocol mean. The [`AnswerFuture`]
//! waits for the headers; then the [`AnswerBody`] takes over the permit and ends the call.

mod body;
mod future;

pub(crate) use body::AnswerBody;
pub(crate) use future::AnswerFuture;

use fusebox::Verdict;
use http::{HeaderMap, Response};

/// The moment at which an answer that began well counts as a success.
///
/// Whatever is chosen, an answer with bad headers (an HTTP 503, a gRPC status without a body)
/// counts at its headers, and an answer that ends before the chosen moment counts at its end. What
/// happens after the moment does not count.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_tower::{HttpBreakerLayer, JudgeAt};
///
/// let breaker = Breaker::new("events", Config::default());
/// let protect = HttpBreakerLayer::new(breaker).judge_at(JudgeAt::FirstData); // for streams
/// # let _ = protect;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JudgeAt {
    /// At the end of the body. A probe counts as with [`FirstData`](Self::FirstData) instead. The
    /// default.
    ///
    /// A body that breaks off is a failure of the downstream, and so is a failed gRPC status in the
    /// trailers; both show only at the end. But while the breaker is half-open, few probes decide.
    /// A stream that goes on for hours would hold a probe until the half-open period is over, and a
    /// healthy stream would never close the breaker.
    #[default]
    EndOrFirstDataOfProbe,
    /// At the end of the body, for probes too. For downstreams that never stream.
    End,
    /// When the first data has come without the end. If the end or a break has come by then as
    /// well, such as a failing gRPC status behind a message, it decides: the body looks one frame
    /// ahead. What comes later does not count, even if it ends a unary gRPC call that fails. If the
    /// trailers of unary calls travel apart from the message, use [`End`](Self::End).
    ///
    /// The call counts when its reader asks for the first data, not when it asks for more. A reader
    /// that never asks holds the call until it drops the body.
    ///
    /// This suits streams, whose whole length slow-call rules would otherwise measure.
    FirstData,
    /// When the headers have come. For streams whose first message may take hours.
    Headers,
}

/// Judges results by the headers of an answer.
pub(crate) trait JudgeHead<B, E> {
    type Rest: JudgeRest;

    /// The verdict, if the headers decide.
    fn head(&self, response: &Response<B>, follows: Follows) -> Option<Verdict>;

    /// The verdict on an error in place of an answer.
    fn error(&self, error: &E) -> Verdict;

    /// The judge of the rest.
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
    /// Whether good headers alone make the answer a success if its reader wants no more.
    const HEADERS_SUFFICE: bool;

    /// The verdict on an answer that ends with trailers.
    fn trailers(&self, trailers: &HeaderMap) -> Verdict;

    /// The verdict on an answer that ends without trailers.
    fn end(&self) -> Verdict;
}
