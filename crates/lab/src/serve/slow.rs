//! Bodies that come bit by bit: an answer ends with its body, and a request may break off within its body.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};

use super::activity::Activity;

/// Reports that the connection is idle again when the answer has been passed on. A complete body leaves with the
/// head; a body that is still coming keeps the connection busy.
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

/// Notices when the client has closed its half before the body of its request is complete.
pub(super) fn watched_for_its_end(
    request: Request<Incoming>,
    client: Arc<Activity>,
) -> Request<Body> {
    if request.body().is_end_stream() {
        return request.map(|_| Body::empty());
    }
    request.map(|body| Body::new(Saying { body, client }))
}

/// The body of a request.
struct Saying<B> {
    body: B,
    client: Arc<Activity>,
}

impl<B: HttpBody + Unpin> HttpBody for Saying<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        // This comes first, so that no close goes unnoticed while the body is polled.
        self.client.wake_at_half_close(cx.waker());
        let nothing_more = self.client.is_half_closed();
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() && nothing_more {
            self.client.break_off();
        }
        frame
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

/// Keeps a connection busy until this is dropped.
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
    use futures_util::task::noop_waker_ref;

    use super::*;

    #[test]
    fn a_body_breaks_off_when_the_client_has_closed_its_half_and_it_has_not_come_to_its_end() {
        let poll = |body: &mut Saying<Body>| {
            let mut cx = Context::from_waker(noop_waker_ref());
            Pin::new(body).poll_frame(&mut cx)
        };
        let saying = |end: Option<Bytes>| {
            let said = stream::iter(end.map(Ok::<_, axum::Error>));
            let client = Arc::new(Activity::new());
            client.begin(Version::HTTP_11);
            client.half_close();
            (said, client)
        };

        let (said, client) = saying(Some(Bytes::from_static(b"all")));
        let mut whole = Saying {
            body: Body::from_stream(said),
            client: Arc::clone(&client),
        };
        while !matches!(poll(&mut whole), Poll::Ready(None)) {
            assert!(client.awaits_answer(), "what has been said is read first");
        }
        assert!(client.awaits_answer());

        let (said, client) = saying(Some(Bytes::from_static(b"a part")));
        let mut part = Saying {
            body: Body::from_stream(futures_util::StreamExt::chain(said, stream::pending())),
            client: Arc::clone(&client),
        };
        assert!(poll(&mut part).is_ready() && client.awaits_answer());
        assert!(poll(&mut part).is_pending() && !client.awaits_answer());
    }

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
