//! The digest of the log of events: equal digests mean the same run.

use std::fmt;

/// A 64-bit digest of all events of a run in their order: when it was, what happened, to which instance, and
/// with which outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

/// What happened, as the digest has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mark {
    /// An attempt ended in an outcome.
    Ended = 1,
    /// A breaker entered a state.
    Changed,
    /// An instance was interrupted, or works again.
    Turned,
}

impl Digest {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Takes in an event: FNV-1a word by word, with a rotation that lets upper bits reach lower ones.
    pub(crate) fn note(&mut self, at: u64, mark: Mark, instance: u32, what: u8) {
        let word = u64::from(mark as u8) << 56 | u64::from(what) << 48 | u64::from(instance);
        self.word(at);
        self.word(word);
    }

    fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word)
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(29);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
