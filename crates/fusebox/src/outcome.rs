//! The outcome of a permitted call, as reported and as counted.

use std::fmt;

use crate::clock::Nanos;

/// What a permitted call came to, as the breaker counted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The downstream did its work.
    Success,
    /// The downstream failed, or the caller panicked.
    Failure,
    /// The result says nothing about the downstream.
    Ignored,
    /// The permit was dropped without an outcome.
    Cancelled,
    /// The outcome belongs to an earlier generation and changed nothing.
    Late,
}

impl Outcome {
    /// Every outcome, in the order of this type's declaration.
    pub const ALL: &'static [Self] = &[
        Self::Success,
        Self::Failure,
        Self::Ignored,
        Self::Cancelled,
        Self::Late,
    ];

    /// Returns the outcome's name in `snake_case`, as metrics and JSON show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Ignored => "ignored",
            Self::Cancelled => "cancelled",
            Self::Late => "late",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a permit reports when it is consumed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) ended: Ended,
    /// None means the time since the permit was granted.
    pub(crate) took: Nanos,
    pub(crate) retry_after: Nanos,
}

/// How a permit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Success,
    Failure,
    /// A failure that opens the breaker, whatever the rules say.
    Trip,
    Ignored,
    Dropped,
}
