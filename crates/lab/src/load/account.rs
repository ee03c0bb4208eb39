//! The account of one target: its requests under way, and its place in the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use experiment::load::End;
use experiment::outcome::ClientOutcome;
use tokio::time::Instant;

use super::record::{EndedCall, Record};

/// Counts the requests to one target.
#[derive(Debug)]
pub(super) struct Account {
    place: usize,
    record: Arc<Record>,
    /// Requests that were planned and have not ended.
    under_way: AtomicUsize,
}

impl Account {
    /// The account of the target at `place` in the record.
    pub(super) fn new(place: usize, record: Arc<Record>) -> Self {
        Self {
            place,
            record,
            under_way: AtomicUsize::new(0),
        }
    }

    /// The place of the target among all.
    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// Requests to this target that have not ended.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(super) fn plan(&self, part: usize, planned: Instant) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.record.plan(self.place, part, planned);
    }

    pub(super) fn end(&self, part: usize, end: &End, now: Instant) {
        self.record.end(self.place, part, end, now);
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts the end, now, of a call whose request was planned at `planned`.
    pub(super) fn call_ended(
        &self,
        planned: Instant,
        sent: Option<Instant>,
        outcome: ClientOutcome,
    ) {
        self.record.call_ended(EndedCall {
            target: self.place,
            planned,
            sent,
            ended: Instant::now(),
            outcome,
        });
    }

    /// Notes how many requests wait for a connection.
    pub(super) fn waiting(&self, number: usize) {
        self.record.waiting(self.place).set(number);
    }

    /// Notes that a connection was made.
    pub(super) fn reach(&self) {
        self.record.reach(self.place);
    }

    /// Whether another target served in the last second.
    pub(super) fn served_elsewhere(&self, now: Instant) -> bool {
        self.record.served_elsewhere(self.place, now)
    }
}
