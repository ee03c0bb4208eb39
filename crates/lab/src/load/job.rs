//! A job: the data of one request while it is under way.
//!
//! A job ends exactly once: by [`Job::end`], or as unfinished when it is dropped. So no request is lost, whichever
//! task ends while it holds one.

use std::sync::Arc;
use std::time::Duration;

use experiment::load::End;
use experiment::outcome::ClientOutcome;
use tokio::time::Instant;

use super::account::Account;

/// A planned request.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) account: Arc<Account>,
    /// The part of the run that it was planned in.
    pub(super) part: usize,
    /// The instant for which it was planned.
    pub(super) planned: Instant,
    pub(super) key: u64,
    pub(super) luck: u64,
    /// Attempts so far.
    pub(super) attempts: u32,
    lateness: Option<Duration>,
    ended: bool,
}

impl Job {
    /// Counts it as planned.
    pub(super) fn new(
        account: &Arc<Account>,
        part: usize,
        planned: Instant,
        key: u64,
        luck: u64,
    ) -> Self {
        account.plan(part, planned);
        Self {
            account: Arc::clone(account),
            part,
            planned,
            key,
            luck,
            attempts: 0,
            lateness: None,
            ended: false,
        }
    }

    /// Marks the end of the generator's part: later waits are not the generator's fault.
    pub(super) fn let_go(&mut self, now: Instant) {
        let lateness = || now.saturating_duration_since(self.planned);
        self.lateness = self.lateness.or_else(|| Some(lateness()));
    }

    /// Ends it; its last attempt was sent at `sent`.
    pub(super) fn end(mut self, outcome: ClientOutcome, sent: Option<Instant>) {
        self.finish(outcome, sent);
    }

    fn finish(&mut self, outcome: ClientOutcome, sent: Option<Instant>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let now = Instant::now();
        // A request that ends otherwise than by a call: it was shed, or its time was over.
        if sent.is_none() {
            self.account.call_ended(self.planned, None, outcome);
        }
        let end = End {
            outcome,
            response: now.saturating_duration_since(self.planned),
            service: sent.map(|sent| now.saturating_duration_since(sent)),
            lateness: self.lateness,
            attempts: self.attempts,
        };
        self.account.end(self.part, &end, now);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.finish(ClientOutcome::Unfinished, None);
    }
}
