//! A body that holds the permit of its call until the call counts.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use fusebox::Verdict;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{Follows, JudgeAt, JudgeHead, JudgeRest};
use crate::held::Held;

pin_project! {
    /// Passes every frame on unchanged and watches what comes of the call.
    #[derive(Debug)]
    pub(crate) struct AnswerBody<B, J: JudgeRest> {
        #[pin]
        inner: B,
        rest: Option<Rest<J>>,
    }
}

/// A call that its headers did not decide.
#[derive(Debug)]
struct Rest<J: JudgeRest> {
    held: Held,
    judge: J,
    counts: Counts,
    read: Read,
}

/// When a good beginning is a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    AtFirstData,
    AtEnd,
}

/// What the reader has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Nothing,
    WaitsForFirst,
    Data,
    WaitsForMore,
}

impl<B, J: JudgeRest> AnswerBody<B, J> {
    /// A body that belongs to no call.
    pub(crate) fn unwatched(inner: B) -> Self {
        Self { inner, rest: None }
    }
}

impl<B: Body, J: JudgeRest> AnswerBody<B, J> {
    /// The answer whose body goes on holding the permit, unless its headers decide.
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
                judge: judge.rest(),
                counts,
                read: Read::Nothing,
            }),
            (verdict, _) => {
                held.end(verdict.unwrap_or(Verdict::Success));
                None
            }
        };
        response.map(|inner| Self { inner, rest })
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
        let Some(rest) = this.rest else {
            return this.inner.poll_frame(cx);
        };
        let frame = rest.held.run(|| this.inner.as_mut().poll_frame(cx));
        let verdict = match &frame {
            Poll::Pending => rest.waits(),
            Poll::Ready(None) => Some(rest.judge.end()),
            Poll::Ready(Some(Err(_))) => Some(Verdict::FAILURE),
            Poll::Ready(Some(Ok(frame))) => match frame.trailers_ref() {
                Some(trailers) => Some(rest.judge.trailers(trailers)),
                // Readers that ask for the end do not poll again to be told.
                None if rest.held.run(|| this.inner.is_end_stream()) => Some(rest.judge.end()),
                None => rest.has_data(),
            },
        };
        if let Some(verdict) = verdict {
            rest.held.end(verdict);
            *this.rest = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<J: JudgeRest> Rest<J> {
    /// Data has come, and the end not with it.
    fn has_data(&mut self) -> Option<Verdict> {
        let before = std::mem::replace(&mut self.read, Read::Data);
        match before {
            Read::Nothing | Read::WaitsForFirst => None,
            Read::Data | Read::WaitsForMore => self.goes_on(),
        }
    }

    /// There is nothing to read yet.
    fn waits(&mut self) -> Option<Verdict> {
        match self.read {
            Read::Nothing | Read::WaitsForFirst => {
                self.read = Read::WaitsForFirst;
                None
            }
            Read::Data | Read::WaitsForMore => {
                self.read = Read::WaitsForMore;
                self.goes_on()
            }
        }
    }

    /// The answer does not end with its first data.
    fn goes_on(&self) -> Option<Verdict> {
        (self.counts == Counts::AtFirstData).then_some(Verdict::Success)
    }

    /// Whether the answer was good, as far as its reader wanted it.
    fn suffices(&self) -> bool {
        match self.read {
            Read::Nothing => J::HEADERS_SUFFICE,
            Read::Data => J::HEADERS_SUFFICE || self.counts == Counts::AtFirstData,
            Read::WaitsForFirst | Read::WaitsForMore => false,
        }
    }
}

/// The reader wants no more. Without a panic of its own it had what it wanted, or it left a
/// downstream that let it wait, which is a cancelled call.
impl<J: JudgeRest> Drop for Rest<J> {
    fn drop(&mut self) {
        if self.suffices() && !thread::panicking() {
            self.held.end(Verdict::Success);
        }
    }
}
