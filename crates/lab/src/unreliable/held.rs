//! A call that waits for what its fate is, as long as the plan wants it.
//!
//! A plan that is cleared or replaced holds nothing any more: what waits for its faults, its delays or its
//! queue is answered at once, as by a service that is well. The same holds for a part of the plan that a
//! patch takes back or changes, and for a plan or a rule whose time to live is over.

use std::sync::Arc;

use experiment::faults::Fate;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::in_force::{BASE, OVERLOAD, PHASE};
use super::running::Running;

/// What holds a call.
#[derive(Debug)]
pub(super) struct Held {
    /// The plan's revision that it met.
    pub(super) revision: u64,
    /// The parts of the plan that keep it waiting.
    pub(super) parts: Vec<Arc<str>>,
    /// When one of these parts ends by itself.
    pub(super) ends: Option<Instant>,
    pub(super) changes: watch::Receiver<u64>,
}

/// The call is held no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Released;

impl Held {
    /// What a call waits for that meets this fate, and a queue where there is one.
    pub(super) fn parts(fate: &Fate, queued: bool) -> Vec<Arc<str>> {
        let mut parts: Vec<Arc<str>> = Vec::new();
        if !fate.healthy.is_zero() {
            parts.extend([PHASE.into(), BASE.into()]);
        }
        parts.extend(queued.then(|| OVERLOAD.into()));
        for hit in &fate.hits {
            parts.push(Arc::clone(&hit.rule));
            // A stall lasts as long as the phase.
            parts.extend((hit.effect == "stall").then(|| PHASE.into()));
        }
        parts
    }

    /// Waits for what the fate wants, unless the plan lets go before.
    pub(super) async fn wait<T>(
        &mut self,
        running: &Running,
        fated: impl Future<Output = T>,
    ) -> Result<T, Released> {
        tokio::select! {
            biased;
            done = fated => Ok(done),
            () = self.released(running) => Err(Released),
        }
    }

    /// The changes are those since the call met the plan, so that none is missed.
    async fn released(&mut self, running: &Running) {
        loop {
            let end = self.ends;
            tokio::select! {
                () = at(end) => return,
                changed = self.changes.changed() => {
                    if changed.is_err() || running.lets_go(self) {
                        return;
                    }
                }
            }
        }
    }
}

async fn at(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}
