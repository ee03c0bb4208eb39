//! The reminder, which sends each request to its lane again when the wait for its next attempt is over.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::lane::Lane;
use super::next_attempt::{Delayed, NextAttempts};
use crate::timer::Alarm;

/// Keeps the requests that wait.
#[derive(Debug)]
pub(super) struct Reminder {
    pub(super) attempts: Arc<NextAttempts>,
    pub(super) received: mpsc::UnboundedReceiver<Delayed>,
    pub(super) lanes: Vec<Arc<Lane>>,
}

/// Orders requests by the instants that they wait for.
struct Due(Delayed);

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.0.at == other.0.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.at.cmp(&other.0.at)
    }
}

impl Reminder {
    /// Never returns; requests that wait when it is dropped end as unfinished.
    pub(super) async fn run(mut self) {
        let mut alarm = Alarm::new();
        let mut waiting: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
        loop {
            let now = Instant::now();
            while waiting.peek().is_some_and(|first| first.0.0.at <= now) {
                if let Some(Reverse(Due(delayed))) = waiting.pop() {
                    self.submit(delayed, now);
                }
            }
            let first = waiting.peek().map(|first| first.0.0.at);
            tokio::select! {
                delayed = self.received.recv() => {
                    waiting.extend(delayed.map(|it| Reverse(Due(it))));
                }
                () = alarm.wait_until(first.unwrap_or(now)), if first.is_some() => {}
            }
        }
    }

    fn submit(&self, delayed: Delayed, now: Instant) {
        self.attempts.waited();
        let Delayed {
            job, outcome, sent, ..
        } = delayed;
        // No place to wait for a connection: what the last attempt came to stands.
        if let Err(job) = self.lanes[job.account.place()].submit(job, now) {
            job.end(outcome, Some(sent));
        }
    }
}
