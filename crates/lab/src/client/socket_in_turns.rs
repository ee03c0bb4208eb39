//! A socket that is read in turns.
//!
//! An HTTP client keeps reading as long as there is data and the message has not ended. The other side may never end
//! it: an endless series of `100 Continue` makes one poll last for seconds, in which nothing else runs on the thread,
//! not even the timer that would end the call. So after a few reads without a pause, other tasks get their turn.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};
use tokio::net::TcpStream;

/// Bytes that one read takes at most.
const BYTES: u64 = 16 * 1024;
/// Reads in a row before the others get their turn.
const READS: u8 = 4;

/// A socket that is read in turns.
#[derive(Debug)]
pub(crate) struct InTurns<S = TcpStream> {
    stream: Take<S>,
    /// How many more reads this turn may have.
    left: u8,
}

impl<S: AsyncRead> InTurns<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream: stream.take(BYTES),
            left: READS,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for InTurns<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            self.left = READS;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.stream.set_limit(BYTES);
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.left = match read {
            Poll::Ready(_) => self.left - 1,
            Poll::Pending => READS,
        };
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for InTurns<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn what_never_ends_gives_the_others_their_turn() {
        let mut endless = InTurns::new(tokio::io::repeat(b'x'));
        let mut cx = Context::from_waker(Waker::noop());
        let mut memory = vec![0; 1024 * 1024];
        let mut read = 0;
        let mut polls = 0;

        loop {
            let mut buffer = ReadBuf::new(&mut memory);
            match Pin::new(&mut endless).poll_read(&mut cx, &mut buffer) {
                Poll::Ready(result) => result.unwrap(),
                Poll::Pending => break,
            }
            read += buffer.filled().len() as u64;
            polls += 1;
            assert!(polls <= READS, "it goes on and on");
        }

        assert_eq!(read, u64::from(READS) * BYTES);
        let mut buffer = ReadBuf::new(&mut memory);
        assert!(
            Pin::new(&mut endless)
                .poll_read(&mut cx, &mut buffer)
                .is_ready(),
            "it goes on after the others"
        );
    }
}
