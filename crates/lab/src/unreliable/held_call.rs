//! A call that waits for its fate, for as long as the plan says.

use std::sync::Arc;

use experiment::downstream::Held;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::live::Live;

/// What holds a call, with the signal that the plan lets go.
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) live: Arc<Live>,
    pub(super) held: Held,
    /// When one of the parts that hold it ends by itself.
    pub(super) ends: Option<Instant>,
    /// The revisions of the plan since the call met it, so that none is missed.
    pub(super) revisions: watch::Receiver<u64>,
}

/// The call is no longer held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Released;

impl Holding {
    /// Waits as the fate says, unless the plan lets go before.
    pub(super) async fn wait<T>(&mut self, fated: impl Future<Output = T>) -> Result<T, Released> {
        tokio::select! {
            biased;
            done = fated => Ok(done),
            () = self.released() => Err(Released),
        }
    }

    async fn released(&mut self) {
        loop {
            let end = self.ends;
            tokio::select! {
                () = at(end) => return,
                changed = self.revisions.changed() => {
                    if changed.is_err() || self.live.lets_go(&self.held) {
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
