//! Counts of calls that succeeded and failed since the last report.

/// Finished calls by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that failed.
    pub failed: u64,
}

impl Counts {
    /// Makes counts of these numbers.
    pub fn new(succeeded: u64, failed: u64) -> Self {
        Self { succeeded, failed }
    }

    /// Returns the number of all calls.
    pub fn calls(self) -> u64 {
        self.succeeded.saturating_add(self.failed)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            succeeded: self.succeeded.saturating_add(other.succeeded),
            failed: self.failed.saturating_add(other.failed),
        }
    }
}
