//! An instance's view of the fleet: the verdict, the votes, and an operator's command.

use std::time::Duration;

use crate::command::Command;
use crate::number::{Epoch, Incarnation, Revision};

/// What the fleet has decided about the downstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Calls may pass.
    Closed,
    /// Instances that suspect the downstream, too, make no calls.
    Open {
        /// How long until somebody may probe, counted from when the view was made.
        next_probe_in: Duration,
    },
}

impl Verdict {
    /// Whether the fleet is open.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The word for labels and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
        }
    }
}

/// Where in its history a ledger was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Era {
    /// The life of the ledger.
    pub incarnation: Incarnation,
    /// How often its verdict had changed.
    pub epoch: Epoch,
}

impl Era {
    /// This place in this life.
    pub fn new(incarnation: Incarnation, epoch: Epoch) -> Self {
        Self { incarnation, epoch }
    }

    /// Whether it comes later in the same life.
    pub(crate) fn is_after(self, other: Self) -> bool {
        self.incarnation == other.incarnation && self.epoch > other.epoch
    }
}

/// The number of votes, and how many it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Votes {
    /// Instances whose opinion is fine or suspect.
    pub voters: u32,
    /// Those among them that suspect the downstream.
    pub suspects: u32,
    /// How many suspects open the fleet.
    pub need: u32,
}

impl Votes {
    /// Votes as an engine reads them back.
    pub fn new(voters: u32, suspects: u32, need: u32) -> Self {
        Self {
            voters,
            suspects,
            need,
        }
    }

    /// Whether enough instances suspect the downstream.
    pub fn carry(self) -> bool {
        self.suspects >= self.need
    }

    /// Whether so many voters see no trouble that they were enough to open the fleet.
    pub fn most_are_fine(self) -> bool {
        self.voters.saturating_sub(self.suspects) >= self.need
    }
}

/// What the ledger says about the fleet, as it was when the view was made.
///
/// All times are durations, so that nobody compares the clocks of two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// The life of the ledger, and how often its verdict has changed.
    pub era: Era,
    /// How often the ledger has been written: the higher one of two views of an incarnation is newer.
    pub revision: Revision,
    /// What the fleet has decided.
    pub verdict: Verdict,
    /// Who thinks what.
    pub votes: Votes,
    /// What an operator wants.
    pub command: Command,
}
