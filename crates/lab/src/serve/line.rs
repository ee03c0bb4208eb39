//! The line to a client: its socket, which tells a client that has left from one that has only finished sending.
//!
//! Both look the same: the client's half of the connection is closed. A client that has finished sending still waits
//! for its answer (`nc -N`, `shutdown(SHUT_WR)`). So while a request is under way, the end is hidden from the HTTP
//! connection, which would drop the request. Only the reader of a request's body can tell that a part of it is
//! missing (`slow`); then the end is passed on. Whether the client is still there is found out as HTTP allows: a
//! waiting client ignores an interim `100 Continue` (RFC 9110, 15.2), and a socket that is gone answers it with a
//! reset, after which the request is dropped. HTTP/1.0 has no interim answers, so its clients get their answers
//! whether they are there or not. A client that leaves later is noticed only by its answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::activity::Activity;

/// An answer without meaning, to which a socket without an owner replies with a reset.
const PROBE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// The first interval between checks for a reset; it doubles each time,
const FIRST_LOOK: Duration = Duration::from_millis(2);
/// up to this.
const LAST_LOOK: Duration = Duration::from_millis(128);

/// The socket of a connection.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    activity: Arc<Activity>,
    /// Whether all output has been written.
    flushed: bool,
    /// The request whose answer the last byte belonged to.
    answered: u64,
    /// Set once the client's half is closed while its request is under way.
    ended: Option<Looks>,
}

/// Checks for a reset.
#[derive(Debug)]
struct Looks {
    next: Pin<Box<Sleep>>,
    after: Duration,
}

impl Line {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            activity,
            flushed: true,
            answered: 0,
            ended: None,
        }
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Notes that output is about to be written. Returns whether it continues an answer: the first part of an answer
    /// comes when it is passed on, and that time is known.
    fn writes(&mut self) -> bool {
        self.flushed = false;
        let request = self.activity.request();
        std::mem::replace(&mut self.answered, request) == request
    }

    /// Notes that the client's half is closed while its request is under way.
    fn end(&mut self) -> Looks {
        let unanswered = self.answered != self.activity.request();
        if self.flushed && unanswered && self.activity.takes_interim() {
            // Where there is no room for it, the answer finds out.
            let _ = self.stream.try_write(PROBE);
        }
        self.activity.half_close();
        Looks {
            next: Box::pin(sleep(FIRST_LOOK)),
            after: FIRST_LOOK,
        }
    }

    /// Pends until a reset has come, or the end is due.
    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.activity.awaits_answer() {
            if let Some(error) = self.stream.take_error()? {
                return Poll::Ready(Err(error));
            }
            let Some(looks) = &mut self.ended else {
                return Poll::Pending;
            };
            ready!(looks.next.as_mut().poll(cx));
            looks.after = LAST_LOOK.min(2 * looks.after);
            looks.next = Box::pin(sleep(looks.after));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ended.is_some() {
            return self.poll_reset(cx);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let ended = buffer.filled().len() == before && buffer.remaining() > 0;
        if ended && self.activity.awaits_answer() {
            self.ended = Some(self.end());
            return self.poll_reset(cx);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let goes_on = self.writes();
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        if goes_on {
            self.activity.touch();
        }
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let goes_on = self.writes();
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, pieces));
        if goes_on {
            self.activity.touch();
        }
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.flushed = true;
        if self.activity.flushed() && self.ended.is_some() {
            // The end that was kept back is due now.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
