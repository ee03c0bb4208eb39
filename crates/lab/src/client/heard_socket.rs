//! A socket that notes whether an answer to the last request has begun.
//!
//! A request may be sent again only if nothing of an answer came: then the server closed the kept connection before
//! it took the request. Once an answer has begun, the server has taken the request, and a break is a failure.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::InTurns;

/// Whether a byte came on a connection since something was written to it last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun(Arc<AtomicBool>);

impl Begun {
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, begun: bool) {
        self.0.store(begun, Ordering::Relaxed);
    }
}

/// A socket that notes whether an answer has begun.
#[derive(Debug)]
pub(crate) struct Heard<S = InTurns> {
    stream: S,
    begun: Begun,
}

impl<S> Heard<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            begun: Begun::default(),
        }
    }

    /// What it notes; it may be read from elsewhere.
    pub(crate) fn begun(&self) -> Begun {
        self.begun.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.begun.set(true);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.begun.set(false);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.begun.set(false);
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn an_answer_begins_with_its_first_byte_and_anew_with_each_request() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Heard::new(near);
        let begun = near.begun();
        for _ in 0..2 {
            near.write_all(b"request").await.unwrap();
            assert!(!begun.is());
            far.write_all(b"H").await.unwrap();
            assert_eq!(near.read_u8().await.unwrap(), b'H');
            assert!(begun.is());
        }
        near.write_all(b"request").await.unwrap();
        drop(far);
        near.read_u8().await.unwrap_err();
        assert!(!begun.is(), "the end is no byte");
    }
}
