//! A body that holds the permit of its call until the call counts.
//!
//! Where the first data decides, the body looks one frame ahead: an end or a break that has come
//! with the data is seen, and the call counts before the reader processes the data. Otherwise a
//! slow reader would hold a probe until the half-open period is over.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use fusebox::Verdict;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{Follows, JudgeAt, JudgeHead, JudgeRest};
use crate::held_permit::Held;

pin_project! {
    /// Passes every frame on unchanged and watches for the outcome of the call.
    pub(crate) struct AnswerBody<B: Body, J: JudgeRest> {
        #[pin]
        inner: B,
        rest: Option<Rest<J>>,
        ahead: Option<Ahead<B>>,
    }
}

/// The result of polling a body once.
type Next<B> = Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>;

/// A frame that the body has given and the reader has not received.
struct Ahead<B: Body> {
    next: Next<B>,
    /// The size hint of the body before it gave that frame.
    hint: SizeHint,
}

/// A call that its headers did not decide.
#[derive(Debug)]
struct Rest<J: JudgeRest> {
    held: Held,
    judge: J,
    counts: Counts,
    read: Read,
}

/// When a good beginning counts as a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    AtFirstData,
    AtEnd,
}

/// What the reader has received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Nothing,
    WaitsForFirst,
    Data,
    WaitsForMore,
}

impl Read {
    /// The reader has asked, and no data has come yet.
    fn waits(self) -> Self {
        match self {
            Self::Nothing | Self::WaitsForFirst => Self::WaitsForFirst,
            Self::Data | Self::WaitsForMore => Self::WaitsForMore,
        }
    }
}

impl<B: Body, J: JudgeRest> AnswerBody<B, J> {
    /// A body that belongs to no call.
    pub(crate) fn unwatched(inner: B) -> Self {
        Self::watched(inner, None)
    }

    fn watched(inner: B, rest: Option<Rest<J>>) -> Self {
        Self {
            inner,
            rest,
            ahead: None,
        }
    }

    /// The answer, whose body keeps the permit unless the headers decide.
    pub(crate) fn wrap<E, H>(response: Response<B>, mut held: Held, judge: &H) -> Response<Self>
    where
        H: JudgeHead<B, E, Rest = J>,
    {
        let follows = if held.run(|| response.body().is_end_stream()) {
            Follows::Nothing
        } else {
            Follows::Body
        };
        let decided = held.judge(|| judge.head(&response, follows)).flatten();
        let counts = match judge.judge_at() {
            JudgeAt::Headers => None,
            JudgeAt::FirstData => Some(Counts::AtFirstData),
            JudgeAt::EndOrFirstDataOfProbe if held.is_probe() => Some(Counts::AtFirstData),
            JudgeAt::EndOrFirstDataOfProbe | JudgeAt::End => Some(Counts::AtEnd),
        };
        let rest = match (decided, counts) {
            (None, Some(counts)) => Some(Rest {
                held,
                judge: judge.rest(&response),
                counts,
                read: Read::Nothing,
            }),
            (verdict, _) => {
                held.end(verdict.unwrap_or(Verdict::Success));
                None
            }
        };
        response.map(|inner| Self::watched(inner, rest))
    }
}

impl<B: Body, J: JudgeRest> Body for AnswerBody<B, J> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        if let Some(ahead) = this.ahead.take() {
            return Poll::Ready(ahead.next);
        }
        let Some(rest) = this.rest else {
            return this.inner.poll_frame(cx);
        };
        let next = rest.poll(this.inner.as_mut(), cx);
        let mut verdict = rest.judge(this.inner.as_ref(), &next);
        if verdict.is_none() && rest.is_at_first_data() {
            let hint = rest.held.run(|| this.inner.size_hint());
            let after = rest.poll(this.inner.as_mut(), cx);
            let judged = rest.judge(this.inner.as_ref(), &after);
            verdict = judged.or(Some(Verdict::Success));
            if let Poll::Ready(next) = after {
                *this.ahead = Some(Ahead { next, hint });
            }
        }
        if let Some(verdict) = verdict {
            rest.held.end(verdict);
            *this.rest = None;
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        match &self.ahead {
            None => self.inner.is_end_stream(),
            Some(ahead) => ahead.next.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.ahead {
            None => self.inner.size_hint(),
            Some(ahead) => ahead.hint,
        }
    }
}

impl<B: Body + fmt::Debug, J: JudgeRest + fmt::Debug> fmt::Debug for AnswerBody<B, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerBody")
            .field("inner", &self.inner)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

impl<J: JudgeRest> Rest<J> {
    /// Polls the body inside the call.
    fn poll<B: Body>(&mut self, body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Next<B>> {
        self.held.run(|| body.poll_frame(cx))
    }

    /// The verdict, if what the body gave decides.
    fn judge<B: Body>(&mut self, body: Pin<&B>, next: &Poll<Next<B>>) -> Option<Verdict> {
        match next {
            Poll::Pending => {
                self.read = self.read.waits();
                None
            }
            Poll::Ready(None) => Some(self.judge.end()),
            Poll::Ready(Some(Err(_))) => Some(Verdict::FAILURE),
            Poll::Ready(Some(Ok(frame))) => match frame.trailers_ref() {
                Some(trailers) => Some(self.judge.trailers(trailers)),
                // Readers that ask whether the body has ended do not poll again.
                None if self.held.run(|| body.is_end_stream()) => Some(self.judge.end()),
                None => {
                    self.read = Read::Data;
                    None
                }
            },
        }
    }

    /// Whether data has come that decides, unless the end has come with it.
    fn is_at_first_data(&self) -> bool {
        self.counts == Counts::AtFirstData && self.read == Read::Data
    }

    /// Whether the answer was good, as far as its reader wanted it.
    fn suffices(&self) -> bool {
        match self.read {
            Read::Nothing | Read::Data => J::HEADERS_SUFFICE,
            Read::WaitsForFirst | Read::WaitsForMore => false,
        }
    }
}

/// The reader wants no more. If nothing panicked, either it had what it wanted, or it left a
/// downstream that kept it waiting, which is a cancelled call.
impl<J: JudgeRest> Drop for Rest<J> {
    fn drop(&mut self) {
        if self.suffices() && !thread::panicking() {
            self.held.end(Verdict::Success);
        }
    }
}
