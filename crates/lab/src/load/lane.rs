//! The lane to one target: a bounded number of connections, and requests in order.
//!
//! Each connection has a worker. A request goes to the worker that was busy last, so that few connections are kept
//! warm. Without an idle worker a new one is started, up to a limit; beyond that, requests wait, up to another limit,
//! and further ones are shed. A generator that opened a connection for each of them would never recover from a
//! hiccup.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use experiment::outcome::ClientOutcome;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::account::Account;
use super::connection::{Client, Endpoint};
use super::job::Job;
use super::next_attempt::NextAttempts;
use super::request::Requests;

/// The way to one target.
pub(super) struct Lane {
    pub(super) account: Arc<Account>,
    pub(super) endpoint: Endpoint,
    pub(super) requests: Requests,
    pub(super) attempts: Arc<NextAttempts>,
    pub(super) most_workers: usize,
    pub(super) most_waiting: usize,
    state: Mutex<LaneState>,
}

#[derive(Default)]
struct LaneState {
    /// Idle workers, the one that was busy last at the end.
    idle: Vec<Arc<Seat>>,
    waiting: VecDeque<Job>,
    workers: JoinSet<()>,
}

/// The place where a worker waits for its next request.
#[derive(Debug, Default)]
struct Seat {
    job: Mutex<Option<Job>>,
    called: Notify,
}

impl Lane {
    pub(super) fn new(
        account: Account,
        endpoint: Endpoint,
        requests: Requests,
        attempts: Arc<NextAttempts>,
        [most_workers, most_waiting]: [u32; 2],
    ) -> Self {
        Self {
            account: Arc::new(account),
            endpoint,
            requests,
            attempts,
            most_workers: usize::try_from(most_workers).unwrap_or(usize::MAX),
            most_waiting: usize::try_from(most_waiting).unwrap_or(usize::MAX),
            state: Mutex::default(),
        }
    }

    /// Requests to this target that have not ended.
    pub(super) fn under_way(&self) -> usize {
        self.account.under_way()
    }

    /// Sends a request as soon as there is a connection; returns it if too many already wait.
    pub(super) fn submit(self: &Arc<Self>, mut job: Job, now: Instant) -> Result<(), Job> {
        let mut state = self.lock();
        if let Some(seat) = state.idle.pop() {
            drop(state);
            *seat.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
            seat.called.notify_one();
        } else if state.workers.len() < self.most_workers {
            state.workers.spawn(work(Arc::clone(self), job));
        } else if state.waiting.len() < self.most_waiting {
            job.let_go(now);
            state.waiting.push_back(job);
            self.account.waiting(state.waiting.len());
        } else {
            return Err(job);
        }
        Ok(())
    }

    /// The next request for the worker at `seat`; without one it is idle from now on.
    fn next(&self, seat: &Arc<Seat>) -> Option<Job> {
        let mut state = self.lock();
        let job = state.waiting.pop_front();
        match &job {
            Some(_) => self.account.waiting(state.waiting.len()),
            None => state.idle.push(Arc::clone(seat)),
        }
        job
    }

    /// Queues a request behind others, if there are any.
    fn submit_behind(&self, job: Job) -> Result<(), Box<Job>> {
        let mut state = self.lock();
        if state.waiting.is_empty() || state.waiting.len() >= self.most_waiting {
            return Err(Box::new(job));
        }
        state.waiting.push_back(job);
        Ok(())
    }

    /// Ends all workers; requests under way or waiting end as unfinished.
    pub(super) async fn close(&self) {
        let mut state = std::mem::take(&mut *self.lock());
        self.account.waiting(0);
        state.workers.shutdown().await;
        if self.endpoint.reached.load(Ordering::Relaxed) {
            self.account.reach();
        }
    }

    /// Makes one attempt, and returns when it was sent.
    pub(super) async fn attempt(
        &self,
        client: &mut Client,
        job: &mut Job,
    ) -> (ClientOutcome, Instant) {
        job.attempts += 1;
        let (attempt, span) = self.requests.next(job.key);
        let sent = Instant::now();
        job.let_go(sent);
        let ended = client.exchange(&attempt).await;
        if let Some(span) = span {
            let elsewhere = self.account.served_elsewhere(Instant::now());
            super::request::tell(span, ended, elsewhere);
        }
        self.account
            .call_ended(job.planned, Some(sent), ended.outcome);
        (ended.outcome, sent)
    }

    fn lock(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One worker with its connection. Never returns.
async fn work(lane: Arc<Lane>, first: Job) {
    let mut client = Client::new(lane.endpoint.clone());
    let seat = Arc::new(Seat::default());
    let mut next = Some(first);
    loop {
        let mut job = match next.take() {
            Some(job) => job,
            None => seat.wait(&mut client).await,
        };
        let (outcome, at) = lane.attempt(&mut client, &mut job).await;
        if let Some(job) = lane.attempts.judge(job, outcome, at) {
            // At once: behind those that wait, or here.
            next = match lane.submit_behind(job) {
                Ok(()) => None,
                Err(job) => Some(*job),
            };
        }
        if next.is_none() {
            next = lane.next(&seat);
        }
    }
}

impl Seat {
    async fn wait(&self, client: &mut Client) -> Job {
        loop {
            tokio::select! {
                biased;
                () = self.called.notified() => {}
                () = client.watch() => {}
            }
            let job = self
                .job
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(job) = job {
                return job;
            }
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
