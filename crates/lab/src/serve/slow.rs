//! When has an answer ended that comes bit by bit? With its body, not with its head.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

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
    use futures_util::stream;

    use super::*;

    #[test]
    fn a_connection_is_busy_until_a_body_that_comes_slowly_is_gone() {
        let busy = Arc::new(Activity::new());
        let pieces = stream::iter([Ok::<_, axum::Error>(Bytes::from_static(b"piece"))]);

        busy.begin();
        let slow = ended_with_its_body(Response::new(Body::from_stream(pieces)), Arc::clone(&busy));
        assert!(busy.is_busy());
        drop(slow);
        assert!(!busy.is_busy());

        busy.begin();
        let _whole = ended_with_its_body(Response::new(Body::from("whole")), Arc::clone(&busy));
        assert!(!busy.is_busy());
    }
}
