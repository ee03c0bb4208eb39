//! A connection that its user drives.
//!
//! Usually a task of its own drives an HTTP connection, and each request and answer goes through a channel and wakes
//! another task. Here the task with the request also moves the bytes, which saves both.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use super::wakers::Wakers;
use super::{Begun, Heard};

/// Moves the bytes of a connection; ready when it has ended.
type Driver = Pin<Box<http1::Connection<TokioIo<Heard>, Empty<Bytes>>>>;

/// A connection and what drives it.
#[derive(Debug)]
pub(crate) struct Driven {
    sender: SendRequest<Empty<Bytes>>,
    driver: Driver,
    wakers: Wakers,
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
            wakers: Wakers::new(),
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
            let turn = self.wakers.drive(cx, |cx| self.driver.as_mut().poll(cx));
            self.done = turn.is_ready();
        }
        if self.done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits until the next request can be sent; whether one can.
    pub(crate) async fn ready(&mut self) -> bool {
        let Self {
            sender,
            driver,
            wakers,
            done,
            ..
        } = self;
        let ready = poll_fn(|cx| {
            let user = |cx: &mut Context<'_>| sender.poll_ready(cx);
            wakers.turns(cx, user, |cx| turn(driver, done, cx))
        });
        ready.await.is_ok()
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Empty<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        self.wakers.begin();
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
        let Self {
            driver,
            wakers,
            done,
            ..
        } = self;
        poll_fn(|cx| {
            let user = |cx: &mut Context<'_>| future.as_mut().poll(cx);
            wakers.turns(cx, user, |cx| turn(driver, done, cx))
        })
        .await
    }
}

/// A turn of a driver that has not ended.
fn turn(driver: &mut Driver, done: &mut bool, cx: &mut Context<'_>) {
    if !*done {
        *done = driver.as_mut().poll(cx).is_ready();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::super::InTurns;
    use super::*;

    /// How often a task was woken.
    #[derive(Debug, Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request, and the answer to its end.
    async fn exchange(driven: &mut Driven) -> Bytes {
        assert!(driven.ready().await);
        let answer = driven.send(Request::new(Empty::new())).await;
        let mut body = answer.unwrap().into_body();
        let frame = driven.frame(&mut body).await.unwrap().unwrap();
        assert!(driven.frame(&mut body).await.is_none());
        frame.into_data().unwrap()
    }

    #[tokio::test]
    async fn a_task_is_woken_by_an_answer_and_not_by_its_own_request() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client_side = TcpStream::connect(address).await.unwrap();
        let (mut service, _) = listener.accept().await.unwrap();
        let socket = TokioIo::new(Heard::new(InTurns::new(client_side)));
        let mut driven = Driven::new(socket).await.unwrap();
        let count = Arc::new(Wakes::default());
        let woken = || count.0.load(Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);

        for round in 0..3 {
            let mut exchange = pin!(exchange(&mut driven));
            let waits = exchange.as_mut().poll(&mut cx);
            assert!(waits.is_pending());
            assert_eq!(woken(), round, "woken for its own request");

            let mut head = [0; 18];
            service.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"GET / HTTP/1.1\r\n\r\n");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            service.write_all(answer).await.unwrap();
            while woken() == round {
                tokio::task::yield_now().await;
            }

            let ended = exchange.as_mut().poll(&mut cx);
            assert_eq!(ended, Poll::Ready(Bytes::from_static(b"ok")));
        }
    }
}
