//! Requests that wait for another attempt. Waits hold no connection.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use experiment::chance::Draw;
use experiment::load::{Budget, Retries};
use experiment::outcome::Outcome;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::job::Job;
use crate::timer::Alarm;

/// The retries of all clients.
#[derive(Debug)]
pub(super) struct Again {
    retries: Retries,
    budget: Option<Mutex<Budget>>,
    later: mpsc::UnboundedSender<Later>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// A request that waits for its next attempt; the earliest is the greatest.
#[derive(Debug)]
pub(super) struct Later {
    at: Reverse<Instant>,
    job: Job,
    /// What the last attempt came to, and when it was sent.
    outcome: Outcome,
    sent: Instant,
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Later {}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl Again {
    /// At most `most_waiting` requests wait for a next attempt; others end.
    pub(super) fn new(
        retries: Retries,
        most_waiting: usize,
    ) -> (Self, mpsc::UnboundedReceiver<Later>) {
        let (later, received) = mpsc::unbounded_channel();
        let again = Self {
            budget: retries.budget().map(Mutex::new),
            retries,
            later,
            waiting: AtomicUsize::new(0),
            most_waiting,
        };
        (again, received)
    }

    /// After an attempt: the request ends, waits for its next attempt, or is given back for one at once.
    pub(super) fn judge(&self, job: Job, outcome: Outcome, sent: Instant) -> Option<Job> {
        match self.wait(&job, outcome) {
            None => job.end(outcome, Some(sent)),
            Some(wait) if wait.is_zero() => return Some(job),
            Some(_) if self.waiting.load(Ordering::Relaxed) >= self.most_waiting => {
                job.end(outcome, Some(sent));
            }
            Some(wait) => {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let at = Reverse(Instant::now() + wait);
                let later = Later {
                    at,
                    job,
                    outcome,
                    sent,
                };
                // Where nobody listens any more it is dropped, and ends as unfinished.
                let _ = self.later.send(later);
            }
        }
        None
    }

    /// How long a request waits for its next attempt, if it has one.
    pub(super) fn wait(&self, job: &Job, outcome: Outcome) -> Option<Duration> {
        let luck = Draw::new(job.luck).number(job.attempts.into()).share();
        let wait = self.retries.wait(job.attempts, outcome, luck);
        if job.attempts == 1 {
            self.earn();
        }
        wait.filter(|_| self.in_budget())
    }

    fn in_budget(&self) -> bool {
        let budget = self.budget.as_ref();
        budget.is_none_or(|it| it.lock().unwrap_or_else(PoisonError::into_inner).retry())
    }

    fn earn(&self) {
        if let Some(budget) = &self.budget {
            let mut budget = budget.lock().unwrap_or_else(PoisonError::into_inner);
            budget.request();
        }
    }

    /// Sends those whose time has come. Never returns; whoever waits then ends as unfinished.
    pub(super) async fn run(&self, mut received: mpsc::UnboundedReceiver<Later>) {
        let mut alarm = Alarm::new();
        let mut waiting = BinaryHeap::new();
        loop {
            let now = Instant::now();
            while waiting
                .peek()
                .is_some_and(|first: &Later| first.at.0 <= now)
            {
                if let Some(Later {
                    job, outcome, sent, ..
                }) = waiting.pop()
                {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    let lane = job.lane.clone();
                    // No place to wait for a connection: what the last attempt came to stands.
                    if let Err(job) = lane.submit(job, now) {
                        job.end(outcome, Some(sent));
                    }
                }
            }
            let first = waiting.peek().map(|first| first.at.0);
            tokio::select! {
                later = received.recv() => waiting.extend(later),
                () = alarm.wait_until(first.unwrap_or(now)), if first.is_some() => {}
            }
        }
    }
}
