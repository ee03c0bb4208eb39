//! A stream from a server that bounds the length of each answer.
//!
//! The client's library takes in an answer for as long as it lasts, so a server that is broken or hostile could fill
//! the memory of every instance. This stream follows the lengths with which answers begin (RESP2 and RESP3), as far
//! as it needs to know where one ends, and fails if one lasts too long or announces that it will. It ends a line
//! where the library does, and refuses a length that is not written as a server writes it. So the library never sees
//! an end, or a length, that was not seen here. Whether an answer makes sense otherwise is left to the library.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes one answer may hold. Our longest answer says who is in the fleet: about a hundred bytes for each
/// instance.
const LONGEST: usize = 4 << 20;

/// How deep lists in an answer may be nested.
const DEEPEST: usize = 32;

/// A stream with bounded answers.
pub(super) struct Bounded<S> {
    stream: S,
    answers: Answers,
}

impl<S> Bounded<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            answers: Answers::default(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = room.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, room))?;
        let come = room.filled().get(before..).unwrap_or_default();
        if self.answers.follow(come).is_err() {
            room.set_filled(before);
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// An answer is too long, too deeply nested, or does not state its length plainly.
#[derive(Debug, PartialEq, Eq)]
struct TooLong;

/// Follows the answers in a stream of bytes.
#[derive(Debug, Default)]
struct Answers {
    /// The bytes of the answer that has begun.
    held: usize,
    /// The nested lists it is in, outermost first: how many parts each still has.
    lists: Vec<usize>,
    part: Part,
}

/// The part of an answer that comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// The byte that says which kind the part is.
    #[default]
    Kind,
    /// The rest of a line that says everything, and whether its last byte was the first one of an end of line.
    Line { returned: bool },
    /// The rest of a line with a number, and what is known of that.
    Number(Kind, Option<usize>),
    /// The last byte of such a line.
    NumberEnd(Kind, usize),
    /// The rest of a line that stands for nothing.
    Nothing(&'static [u8]),
    /// This many bytes.
    Bytes(usize),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Bytes, and whether there may be none at all, not even an empty text.
    Bytes { or_nothing: bool },
    /// This many parts for each item, this many besides, and whether there may be no list at all.
    Parts {
        each: usize,
        beside: usize,
        or_nothing: bool,
    },
}

impl Kind {
    /// What the first byte of an answer counts, if it counts anything.
    fn of(byte: u8) -> Option<Self> {
        let parts = |each, beside, or_nothing| Self::Parts {
            each,
            beside,
            or_nothing,
        };
        match byte {
            b'$' => Some(Self::Bytes { or_nothing: true }),
            b'=' | b'!' => Some(Self::Bytes { or_nothing: false }),
            b'*' => Some(parts(1, 0, true)),
            b'~' | b'>' => Some(parts(1, 0, false)),
            b'%' => Some(parts(2, 0, false)),
            // What follows the attributes is still the same answer.
            b'|' => Some(parts(2, 1, false)),
            _ => None,
        }
    }

    fn or_nothing(self) -> bool {
        match self {
            Self::Bytes { or_nothing } | Self::Parts { or_nothing, .. } => or_nothing,
        }
    }
}

impl Answers {
    fn follow(&mut self, mut come: &[u8]) -> Result<(), TooLong> {
        while let Some((&byte, rest)) = come.split_first() {
            if let Part::Bytes(left) = self.part {
                let taken = left.min(come.len());
                self.hold(taken)?;
                self.part = Part::Bytes(left - taken);
                if left == taken {
                    self.ended();
                }
                come = come.get(taken..).unwrap_or_default();
                continue;
            }
            self.hold(1)?;
            self.take(byte)?;
            come = rest;
        }
        Ok(())
    }

    fn hold(&mut self, bytes: usize) -> Result<(), TooLong> {
        self.held += bytes;
        if self.held > LONGEST {
            return Err(TooLong);
        }
        Ok(())
    }

    fn take(&mut self, byte: u8) -> Result<(), TooLong> {
        match (self.part, byte) {
            (Part::Kind, byte) => {
                let line = Part::Line { returned: false };
                self.part = Kind::of(byte).map_or(line, |kind| Part::Number(kind, None));
            }
            (Part::Line { returned: true }, b'\n') => self.ended(),
            (Part::Line { .. }, byte) => {
                let returned = byte == b'\r';
                self.part = Part::Line { returned };
            }
            (Part::Number(kind, number), b'0'..=b'9') => {
                let number = number.unwrap_or(0) * 10 + usize::from(byte - b'0');
                if number > LONGEST {
                    return Err(TooLong);
                }
                self.part = Part::Number(kind, Some(number));
            }
            (Part::Number(kind, Some(number)), b'\r') => self.part = Part::NumberEnd(kind, number),
            (Part::Number(kind, None), b'-') if kind.or_nothing() => {
                self.part = Part::Nothing(b"1\r\n");
            }
            (Part::NumberEnd(kind, number), b'\n') => self.counted(kind, number)?,
            (Part::Nothing([next, rest @ ..]), byte) if *next == byte => {
                self.part = Part::Nothing(rest);
                if rest.is_empty() {
                    self.ended();
                }
            }
            (Part::Bytes(_), _) => {} // those are taken all at once
            // The library would read some of these as a number, but not all of them as the same number.
            (Part::Number(..) | Part::NumberEnd(..) | Part::Nothing(_), _) => return Err(TooLong),
        }
        Ok(())
    }

    fn counted(&mut self, kind: Kind, number: usize) -> Result<(), TooLong> {
        match kind {
            Kind::Bytes { .. } => self.part = Part::Bytes(number + 2),
            Kind::Parts { each, beside, .. } => match number * each + beside {
                0 => self.ended(),
                // Each part takes at least three bytes.
                parts if parts > LONGEST / 3 || self.lists.len() >= DEEPEST => return Err(TooLong),
                parts => {
                    self.lists.push(parts);
                    self.part = Part::Kind;
                }
            },
        }
        Ok(())
    }

    /// Notes that a part has ended, and with it each list whose last part it was.
    fn ended(&mut self) {
        self.part = Part::Kind;
        while let Some(left) = self.lists.last_mut() {
            *left -= 1;
            if *left > 0 {
                return;
            }
            self.lists.pop();
        }
        self.held = 0;
    }
}

#[cfg(test)]
mod tests;
