//! A message under way, or a wait for one.

use std::sync::Arc;

use experiment::engine::{Answer, Process, Request};
use fusebox_fleet::{Ticket, View};

use super::gossip::Word;

/// A message under way, or a wait for one.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A request to the engine.
    Request { from: From, request: Request },
    /// A request that the engine works on now, if it is still the same process.
    Serve {
        from: From,
        process: Process,
        request: Request,
    },
    /// An answer of the engine.
    Answer { to: From, answer: Answer },
    /// A push of the engine to one instance.
    Push { to: u32, view: View },
    /// An instance stops waiting for an answer.
    Timeout { of: From, ticket: Ticket },
    /// From one gossiping instance to another.
    Gossip { from: u32, to: u32, word: Arc<Word> },
    /// The next round of gossip of an instance, in this life of its process.
    Round { of: (u32, u64) },
}

/// An instance, in one life of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct From {
    pub(crate) instance: u32,
    pub(crate) life: u64,
    /// The number of the request, if its answer matters.
    pub(crate) ticket: Option<Ticket>,
}

impl Message {
    /// The instance that receives the message; `None` for the engine.
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
