//! The next attempt of a request: whether there is one, and its wait, which holds no connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use experiment::load::{Clients, Next, Retries};
use experiment::outcome::ClientOutcome;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::job::Job;

/// Decides for all clients what follows an attempt.
#[derive(Debug)]
pub(super) struct NextAttempts {
    clients: Mutex<Clients>,
    delayed: mpsc::UnboundedSender<Delayed>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// A request that waits for its next attempt.
#[derive(Debug)]
pub(super) struct Delayed {
    pub(super) at: Instant,
    pub(super) job: Job,
    /// The outcome of the last attempt, and when it was sent.
    pub(super) outcome: ClientOutcome,
    pub(super) sent: Instant,
}

impl NextAttempts {
    /// At most `most_waiting` requests wait for a next attempt; others end. The receiver gets those that wait.
    pub(super) fn new(
        retries: &Retries,
        most_waiting: usize,
    ) -> (Self, mpsc::UnboundedReceiver<Delayed>) {
        let (delayed, received) = mpsc::unbounded_channel();
        let attempts = Self {
            clients: Mutex::new(Clients::new(retries)),
            delayed,
            waiting: AtomicUsize::new(0),
            most_waiting,
        };
        (attempts, received)
    }

    /// What follows an attempt that ended with `outcome`.
    pub(super) fn after(&self, job: &Job, outcome: ClientOutcome) -> Next {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.after(job.attempts, job.luck, outcome)
    }

    /// Acts after an attempt: the request ends, waits for its next attempt, or is returned for one at once.
    pub(super) fn judge(&self, job: Job, outcome: ClientOutcome, sent: Instant) -> Option<Job> {
        match self.after(&job, outcome) {
            Next::End => job.end(outcome, Some(sent)),
            Next::Again { wait } if wait.is_zero() => return Some(job),
            Next::Again { .. } if self.waiting.load(Ordering::Relaxed) >= self.most_waiting => {
                job.end(outcome, Some(sent));
            }
            Next::Again { wait } => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let delayed = Delayed {
                    at: Instant::now() + wait,
                    job,
                    outcome,
                    sent,
                };
                // If the receiver is gone, it is dropped and ends as unfinished.
                let _ = self.delayed.send(delayed);
            }
        }
        None
    }

    /// Notes that one of the waiting requests no longer waits.
    pub(super) fn waited(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
