//! One caller: its handle, its luck, and the calls that rules have counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::chance::Draw;

/// A caller as a [`Player`](super::Player) knows it: a small handle, valid for any number of calls.
///
/// It is valid for the player that gave it, until the plan is patched or a patch is taken back. After that it stands
/// for no particular caller until it is requested again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerId {
    pub(super) place: u32,
    pub(super) epoch: u32,
}

/// What is prepared of one caller, and how often it has called. The data that each call needs comes first and fits
/// one cache line, because the data of ten thousand callers is not in the cache.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Caller {
    /// The luck of all its calls.
    pub(super) draw: Draw,
    /// How many there were.
    pub(super) calls: u64,
    pub(super) who: Who,
    /// What rules that count calls have counted.
    pub(super) counts: Vec<Count>,
    /// Counts of rules that the plan does not have now.
    pub(super) kept: Counts,
    pub(super) role: Role,
}

/// A caller as rules see it, whether it has called or not.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Who {
    /// The hash of its name.
    pub(super) hash: u64,
    /// The rules that may match it, by bit.
    pub(super) rules: u64,
    /// After how long an answer has failed.
    pub(super) deadline: Duration,
    pub(super) place: Option<u32>,
    pub(super) name: Arc<str>,
}

impl Who {
    /// Where it is among the callers, if it is told apart.
    pub(super) fn place(&self) -> Option<usize> {
        self.place.map(|place| place as usize)
    }
}

/// The reason why a caller is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The plan names it, and it has not called yet.
    Awaited,
    /// Its truth was asked for, and it is a stranger that has not called yet.
    Asked,
    /// It has called.
    Present,
    /// It is a member of the host's fleet.
    Member,
}

/// Matching calls that a rule has counted in a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) ordinal: u64,
    pub(super) calls: u64,
}

/// Counts by the names of their rules.
pub(super) type Counts = BTreeMap<Arc<str>, Count>;

impl Caller {
    pub(super) fn has_come(&self) -> bool {
        matches!(self.role, Role::Present | Role::Member)
    }

    /// The counter of a rule that counts.
    pub(super) fn count(&mut self, counter: usize) -> &mut Count {
        if self.counts.len() <= counter {
            self.counts.resize(counter + 1, Count::default());
        }
        &mut self.counts[counter]
    }

    /// Counts one more matching call of this phase; returns how many came before.
    pub(super) fn count_one(&mut self, counter: usize, ordinal: u64) -> u64 {
        let count = self.count(counter);
        if count.ordinal != ordinal {
            *count = Count { ordinal, calls: 0 };
        }
        count.calls += 1;
        count.calls - 1
    }
}
