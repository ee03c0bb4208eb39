//! Bodies that come bit by bit: a request has come, and an answer has ended, with the body.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};

use super::activity::Activity;

/// Says that the connection is idle again when the answer has been handed over. A body that is there as a
/// whole leaves with the head; one that is still coming keeps the connection busy.
pub(super) fn ended_with_its_body(answer: Response, busy: Arc<Activity>) -> Response {
    if answer.body().size_hint().exact().is_some() {
        busy.end();
        return answer;
    }
    answer.map(|body| {
        Body::new(Coming {
            body,
            _busy: Busy(busy),
        })
    })
}

/// Says that the client has said all when the body of its request has come to its end.
pub(super) fn said_with_its_body(request: Request<Incoming>, busy: Arc<Activity>) -> Request<Body> {
    if request.body().is_end_stream() {
        busy.say_all();
        return request.map(|_| Body::empty());
    }
    request.map(|body| Body::new(Saying { body, busy }))
}

/// The body of a request.
struct Saying {
    body: Incoming,
    busy: Arc<Activity>,
}

impl HttpBody for Saying {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.busy.say_all();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body that is still coming.
struct Coming {
    body: Body,
    _busy: Busy,
}

/// A connection that is busy until this is dropped.
struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl HttpBody for Coming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Version;
    use futures_util::stream;

    use super::*;

    #[test]
    fn a_connection_is_busy_until_a_body_that_comes_slowly_is_gone() {
        let busy = Arc::new(Activity::new());
        let pieces = stream::iter([Ok::<_, axum::Error>(Bytes::from_static(b"piece"))]);

        busy.begin(Version::HTTP_11);
        let slow = ended_with_its_body(Response::new(Body::from_stream(pieces)), Arc::clone(&busy));
        assert!(busy.is_busy());
        drop(slow);
        assert!(!busy.is_busy());

        busy.begin(Version::HTTP_11);
        let _whole = ended_with_its_body(Response::new(Body::from("whole")), Arc::clone(&busy));
        assert!(!busy.is_busy());
    }
}
