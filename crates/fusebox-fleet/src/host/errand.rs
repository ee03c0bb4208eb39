//! Requests to the engine: each in a task of its own, with a time limit.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::caught_panic::{Caught, Panicked};
use super::fleet_engine::FleetEngine;
use super::input::Input;
use super::line::Line;
use super::tally::{MessageKind, Tally};
use crate::engine::{EngineError, Unavailable};
use crate::member::Ticket;
use crate::message::{Acquire, Report, Settlement};
use crate::name::BreakerKey;

/// The lines to the engine, one for each kind of request.
pub(super) struct Errands {
    engine: Arc<dyn FleetEngine>,
    key: BreakerKey,
    limit: Duration,
    /// A lost message is not sent again sooner than this.
    spacing: Duration,
    post: mpsc::Sender<Input>,
    pub(super) reports: Line<(Ticket, Box<Report>)>,
    pub(super) acquires: Line<(Ticket, Acquire)>,
    pub(super) settles: Line<(Settlement, Instant)>,
}

impl Errands {
    pub(super) fn new(
        engine: Arc<dyn FleetEngine>,
        key: BreakerKey,
        (limit, spacing): (Duration, Duration),
        post: mpsc::Sender<Input>,
    ) -> Self {
        Self {
            engine,
            key,
            limit,
            spacing,
            post,
            reports: Line::new(),
            acquires: Line::new(),
            settles: Line::new(),
        }
    }

    /// Sends the report, or lets it wait: then it replaces the one that waited and takes over its counts.
    pub(super) fn report(&mut self, tally: &mut Tally, ticket: Ticket, mut report: Box<Report>) {
        if let Some((_, older)) = self.reports.wait((ticket, report.clone())) {
            report.counts = report.counts.plus(older.counts);
            self.reports.wait((ticket, report));
        }
        self.go_on(tally);
    }

    pub(super) fn acquire(&mut self, tally: &mut Tally, ticket: Ticket, ask: Acquire) {
        self.acquires.wait((ticket, ask));
        self.go_on(tally);
    }

    /// Sends the settlement until there is an answer or the lease has ended. A newer result replaces one that waits,
    /// because the older lease has ended.
    pub(super) fn settle(&mut self, tally: &mut Tally, settlement: Settlement, until: Instant) {
        self.settles.wait((settlement, until));
        self.go_on(tally);
    }

    /// Sends what waits on each line that is free.
    pub(super) fn go_on(&mut self, tally: &mut Tally) {
        if let Some((ticket, report)) = self.reports.next() {
            tally.sent(MessageKind::Report);
            let (engine, key) = (Arc::clone(&self.engine), self.key.clone());
            let answer = Caught::new(async move { engine.report(&key, &report).await });
            let task = self.run(answer, move |answer| Input::Reported(ticket, answer));
            self.reports.runs(task);
        }
        if let Some((ticket, ask)) = self.acquires.next() {
            tally.sent(MessageKind::Acquire);
            let (engine, key) = (Arc::clone(&self.engine), self.key.clone());
            let answer = Caught::new(async move { engine.acquire(&key, &ask).await });
            let task = self.run(answer, move |answer| Input::Acquired(ticket, answer));
            self.acquires.runs(task);
        }
        if let Some((settlement, until)) = self.settles.next() {
            tally.sent(MessageKind::Settle);
            let task = self.run_settlement(settlement, until);
            self.settles.runs(task);
        }
    }

    /// Stops sending. Returns the report that is under way.
    pub(super) fn close(&mut self) -> Option<JoinHandle<()>> {
        self.acquires.close();
        self.settles.close();
        self.reports.close()
    }

    /// Without repetition, a lost answer would keep the lease from all others until it ends.
    fn run_settlement(&self, settlement: Settlement, until: Instant) -> JoinHandle<()> {
        let (engine, key) = (Arc::clone(&self.engine), self.key.clone());
        let (limit, spacing, post) = (self.limit, self.spacing, self.post.clone());
        tokio::spawn(async move {
            let answer = loop {
                let (engine, key) = (Arc::clone(&engine), key.clone());
                let settlement = settlement.clone();
                let asked = Caught::new(async move { engine.settle(&key, &settlement).await });
                let answer = within(limit, asked).await;
                let next = Instant::now() + spacing;
                let is_lost = matches!(answer, Err(EngineError::Unavailable(_)));
                if !is_lost || next >= until || post.is_closed() {
                    break answer;
                }
                sleep_until(next).await;
            };
            let _ = post.send(Input::Settled(answer)).await; // or nobody is there any more
        })
    }

    fn run<T: Send + 'static, R: Send + 'static>(
        &self,
        asked: Caught<Result<T, EngineError<R>>>,
        told: impl FnOnce(Result<T, EngineError<R>>) -> Input + Send + 'static,
    ) -> JoinHandle<()> {
        let (limit, post) = (self.limit, self.post.clone());
        tokio::spawn(async move {
            let answer = within(limit, asked).await;
            let _ = post.send(told(answer)).await; // or nobody is there any more
        })
    }
}

/// The answer, or the absence of one in time.
pub(super) async fn within<T, R>(
    limit: Duration,
    asked: impl Future<Output = Result<Result<T, EngineError<R>>, Panicked>>,
) -> Result<T, EngineError<R>> {
    let unavailable = |why: String| Err(EngineError::Unavailable(Unavailable::new(why)));
    match timeout(limit, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(Panicked)) => unavailable("it panicked".to_owned()),
        Err(_) => unavailable(format!("no answer within {limit:?}")),
    }
}

/// Where an engine cannot refuse, its absence is the only error.
pub(super) fn unavailable<T>(answer: Result<T, EngineError<Infallible>>) -> Result<T, Unavailable> {
    answer.map_err(|error| match error {
        EngineError::Unavailable(why) => why,
        EngineError::Refused(never) => match never {},
    })
}
