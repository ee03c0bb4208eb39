//! The opinion of one instance about the downstream.

use std::fmt;

/// The opinion of one instance about the downstream, from its own calls alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opinion {
    /// The instance has finished no call for a while, so it has no vote. It can neither open the fleet nor keep a
    /// majority from forming.
    Idle,
    /// The instance has a vote and sees no trouble.
    Fine,
    /// The instance's last calls all failed, or its own breaker is not closed.
    Suspect,
}

impl Opinion {
    /// All opinions, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Fine, Self::Suspect];

    /// Returns the word for labels and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Fine => "fine",
            Self::Suspect => "suspect",
        }
    }

    /// Returns whether the opinion counts as a vote.
    pub fn votes(self) -> bool {
        self != Self::Idle
    }
}

impl fmt::Display for Opinion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
