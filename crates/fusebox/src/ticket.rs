//! What a permit remembers of its admission, in three machine words.
//!
//! A ticket is small and without gaps, because permits are moved on the hottest path of all.

use std::thread;

use crate::clock::Nanos;
use crate::gate::Word;
use crate::in_flight::CallNumber;
use crate::state::{Generation, State};

/// The right to make one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// Generation and state as in a [`Word`], and whether the thread was unwinding.
    stamp: u64,
    /// When the call was permitted, if that will be needed.
    pub(crate) granted: Nanos,
    /// Which of the calls under way it is, if they are watched.
    pub(crate) call: Option<CallNumber>,
}

impl Ticket {
    /// The lowest bit, where a word has its admission.
    const UNWINDING: u64 = 1;

    /// The ticket of a call that was permitted while the breaker stood as `word` says.
    #[inline]
    pub(crate) fn new(word: Word, granted: Nanos, call: Option<CallNumber>) -> Self {
        Self {
            stamp: word.stamp() | u64::from(thread::panicking()),
            granted,
            call,
        }
    }

    #[inline]
    pub(crate) fn word(self) -> Word {
        Word::stamped(self.stamp)
    }

    #[inline]
    pub(crate) fn generation(self) -> Generation {
        self.word().generation()
    }

    #[inline]
    pub(crate) fn state(self) -> State {
        self.word().state()
    }

    /// Whether a panic was already under way when the call was permitted.
    pub(crate) fn granted_while_unwinding(self) -> bool {
        self.stamp & Self::UNWINDING != 0
    }
}
