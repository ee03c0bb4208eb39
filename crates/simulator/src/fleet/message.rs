//! A message under way, or a wait for one.

use std::sync::Arc;

use experiment::engine::{Answer, Process, Request};
use fusebox_fleet::{Ticket, View};

use super::gossip::Word;

/// A message under way, or a wait for one.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// To the engine.
    Request { from: From, request: Request },
    /// The engine has come to it, if it is still the process to which it came.
    Serve {
        from: From,
        process: Process,
        request: Request,
    },
    /// From the engine.
    Answer { to: From, answer: Answer },
    /// From the engine to one of all.
    Push { to: u32, view: View },
    /// An instance waits for no answer any longer.
    Timeout { of: From, ticket: Ticket },
    /// From one that gossips to another.
    Gossip { from: u32, to: u32, word: Arc<Word> },
    /// An instance gossips, in this life of its process.
    Round { of: (u32, u64) },
}

/// An instance, in one life of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct From {
    pub(crate) instance: u32,
    pub(crate) life: u64,
    /// Which request it is, where its answer matters.
    pub(crate) ticket: Option<Ticket>,
}

impl Message {
    /// The instance that reads it; none where it is the engine.
    pub(crate) fn reader(&self) -> Option<u32> {
        match self {
            Self::Request { .. } | Self::Serve { .. } => None,
            Self::Answer { to, .. } => Some(to.instance),
            Self::Push { to, .. } | Self::Gossip { to, .. } => Some(*to),
            Self::Timeout { of, .. } => Some(of.instance),
            Self::Round { of } => Some(of.0),
        }
    }
}
