//! An instance's view of the fleet: the verdict, the votes, and an operator's command.

use std::time::Duration;

use crate::command::Command;
use crate::number::{Epoch, Incarnation, Revision};

/// The fleet's decision about the downstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Calls may pass.
    Closed,
    /// Instances that also suspect the downstream make no calls.
    Open {
        /// How long until a probe is possible, counted from when the view was made.
        next_probe_in: Duration,
    },
}

impl Verdict {
    /// Returns whether the fleet is open.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Returns the word for labels and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
        }
    }
}

/// A place in the history of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Era {
    /// The life of the ledger.
    pub incarnation: Incarnation,
    /// How often the verdict had changed in that life.
    pub epoch: Epoch,
}

impl Era {
    /// Makes this place in this life.
    pub fn new(incarnation: Incarnation, epoch: Epoch) -> Self {
        Self { incarnation, epoch }
    }

    /// Whether it comes later in the same life.
    pub(crate) fn is_after(self, other: Self) -> bool {
        self.incarnation == other.incarnation && self.epoch > other.epoch
    }
}

/// The count of votes, and how many open the fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Votes {
    /// Instances whose opinion is fine or suspect.
    pub voters: u32,
    /// Those among them that suspect the downstream.
    pub suspects: u32,
    /// How many suspects it takes to open the fleet.
    pub need: u32,
}

impl Votes {
    /// Makes votes as an engine reads them back.
    pub fn new(voters: u32, suspects: u32, need: u32) -> Self {
        Self {
            voters,
            suspects,
            need,
        }
    }

    /// Returns whether enough instances suspect the downstream.
    pub fn carry(self) -> bool {
        self.suspects >= self.need
    }

    /// Returns whether at least as many voters see no trouble as it takes suspects to open the fleet.
    pub fn most_are_fine(self) -> bool {
        self.voters.saturating_sub(self.suspects) >= self.need
    }
}

/// The ledger's view of the fleet, as it was when the view was made.
///
/// All times are durations, so that clocks of two machines are never compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// The life of the ledger, and how often its verdict has changed.
    pub era: Era,
    /// How often the ledger has been written: of two views of one incarnation, the one with the higher revision is
    /// newer.
    pub revision: Revision,
    /// The fleet's decision.
    pub verdict: Verdict,
    /// The votes.
    pub votes: Votes,
    /// The operator's command.
    pub command: Command,
}
