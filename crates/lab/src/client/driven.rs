//! A connection that whoever uses it drives.
//!
//! Usually a task of its own drives an HTTP connection, and each request and answer goes through a channel
//! and wakes another task. Here the task with the request moves the bytes as well, which costs neither.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use super::{Begun, Heard};

/// A connection and what drives it.
#[derive(Debug)]
pub(crate) struct Driven {
    sender: SendRequest<Empty<Bytes>>,
    driver: Pin<Box<http1::Connection<TokioIo<Heard>, Empty<Bytes>>>>,
    /// Whether an answer to the request that was sent last has begun.
    begun: Begun,
    /// Whether the driver has ended, and the connection with it.
    done: bool,
}

/// Why there is no head of an answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// Not a byte of the request was written.
    Unsent(Box<Request<Empty<Bytes>>>),
    /// The connection broke, or nonsense came.
    Broken(hyper::Error),
}

impl Driven {
    /// Speaks HTTP/1.1 on `stream` from now on.
    pub(crate) async fn new(stream: TokioIo<Heard>) -> hyper::Result<Self> {
        let begun = stream.inner().begun();
        let (sender, driver) = http1::handshake(stream).await?;
        Ok(Self {
            sender,
            driver: Box::pin(driver),
            begun,
            done: false,
        })
    }

    /// Whether the connection has ended.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Whether an answer to the request that was sent last has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is()
    }

    /// Moves what there is to move; ready when the connection has ended.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.done {
            self.done = self.driver.as_mut().poll(cx).is_ready();
        }
        if self.done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits until the next request can be sent; whether one can.
    pub(crate) async fn ready(&mut self) -> bool {
        let ready = poll_fn(|cx| {
            let ready = self.sender.poll_ready(cx);
            if ready.is_pending() {
                let _ = self.drive(cx);
                return self.sender.poll_ready(cx);
            }
            ready
        });
        ready.await.is_ok()
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Empty<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let sending = self.sender.try_send_request(request);
        match self.driven(sending).await {
            Ok(response) => Ok(response),
            Err(mut error) => Err(match error.take_message() {
                Some(request) => Unanswered::Unsent(Box::new(request)),
                None => Unanswered::Broken(error.into_error()),
            }),
        }
    }

    /// The next part of an answer's body.
    pub(crate) async fn frame(
        &mut self,
        body: &mut Incoming,
    ) -> Option<hyper::Result<Frame<Bytes>>> {
        self.driven(body.frame()).await
    }

    /// Runs `future` while it drives the connection.
    async fn driven<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            let _ = self.drive(cx);
            // What the driver has just brought need not wait for the next turn.
            future.as_mut().poll(cx)
        })
        .await
    }
}
