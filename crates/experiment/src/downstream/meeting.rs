//! The faults that one call meets, and the parts of the plan that keep it waiting.
//!
//! A plan that is cleared or replaced keeps no call waiting: a call that waits for its faults, its delays or its
//! queue is answered at once, as by a healthy service. The same holds for a part of the plan that a patch removes or
//! changes, and for a plan or a rule whose time to live is over.

use std::sync::Arc;
use std::time::Duration;

use super::CallerId;
use crate::faults::Fate;
use crate::overload::{Start, WorkId};

/// The causes of a wait that are no rule: the phase's own latency, hangs and failures,
pub(super) const PHASE: &str = "phase";
/// the delay of every call,
pub(super) const BASE: &str = "base delay";
/// and the queue.
pub(super) const OVERLOAD: &str = "overload";

/// A call that reaches the service.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The caller.
    pub caller: CallerId,
    /// The key that it asks for, which decides the shard.
    pub key: Option<&'a str>,
    /// The path that it asks for.
    pub path: &'a str,
}

/// What a call meets, and the places that it holds meanwhile.
#[derive(Debug)]
pub struct Meeting {
    /// The fate of the call. Its delay begins when the work is done, if there is work.
    pub fate: Fate,
    /// The work that the call has to wait for first.
    pub work: Option<Work>,
    /// The place among the calls that suffer, to be given back when the call has ended.
    pub suffering: Option<Suffering>,
    /// The revision of the plan that the call meets.
    pub revision: u64,
    /// When the plan lets go of the call by itself, on the host's clock, if the call still waits then.
    pub ends: Option<Duration>,
}

/// The work of a call in an overloaded service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A worker has begun; call [`work_done`](super::Downstream::work_done) at its end.
    Started(Start),
    /// It waits until it is returned as the next work to start.
    Queued(WorkId),
}

impl Work {
    /// Returns the number of the work.
    pub fn id(self) -> WorkId {
        match self {
            Self::Started(Start { id, .. }) | Self::Queued(id) => id,
        }
    }
}

/// A place among the calls that suffer at once: those that are delayed, hang or get their body slowly.
///
/// There are as many places as the plan's `max_active_faults`, so that faults cannot use up the memory of the host.
#[derive(Debug)]
#[must_use = "the place stays taken until it is given back with `Downstream::relieve`"]
pub struct Suffering(pub(super) ());

/// What keeps a call waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The revision of the plan that it met.
    pub(super) revision: u64,
    /// The parts of the plan that keep it waiting.
    pub(super) parts: Vec<Arc<str>>,
    ends: Option<Duration>,
}

impl Held {
    /// Returns when one of the parts that hold the call ends by itself, on the host's clock.
    pub fn ends(&self) -> Option<Duration> {
        self.ends
    }
}

impl Meeting {
    /// Returns what holds the call, for a host whose plan may change while the call waits.
    pub fn held(&self) -> Held {
        Held {
            revision: self.revision,
            parts: parts(&self.fate, self.work),
            ends: self.ends,
        }
    }
}

/// The parts of the plan that keep a call waiting.
pub(super) fn parts(fate: &Fate, work: Option<Work>) -> Vec<Arc<str>> {
    let mut parts: Vec<Arc<str>> = Vec::new();
    if !fate.healthy.is_zero() {
        parts.extend([PHASE.into(), BASE.into()]);
    }
    parts.extend(work.is_some().then(|| OVERLOAD.into()));
    for hit in &fate.hits {
        parts.push(Arc::clone(&hit.rule));
        // A stall lasts as long as the phase.
        parts.extend((hit.effect == "stall").then(|| PHASE.into()));
    }
    parts
}
