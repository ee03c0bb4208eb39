//! The handle of one breaker that takes part in a fleet.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fusebox::Breaker;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::caught_panic::Caught;
use super::errand::{unavailable, within};
use super::input::Input;
use super::shared::Shared;
use super::status::{Board, Reader, Status};
use crate::command::Order;
use crate::engine::{EngineError, Unavailable};
use crate::ledger::Standing;
use crate::name::BreakerKey;
use crate::view::View;

/// An operator waits longer than a heartbeat may.
const PATIENCE: Duration = Duration::from_secs(1);

/// A breaker that takes part in a fleet. Made by [`Host::join`](super::Host::join).
///
/// Dropping it leaves the fleet: the breaker is its own again at once, and the engine is told in the
/// background. [`leave`](Self::leave) waits for that.
#[must_use = "a participant that is dropped leaves the fleet"]
pub struct Participant {
    pub(super) host: Arc<Shared>,
    pub(super) board: Arc<Board>,
    pub(super) breaker: Breaker,
    pub(super) post: mpsc::Sender<Input>,
    pub(super) task: Option<JoinHandle<bool>>,
    pub(super) engine_timeout: Duration,
}

impl Participant {
    /// The key by which the breakers of the fleet know each other.
    pub fn key(&self) -> &BreakerKey {
        self.board.key()
    }

    /// The breaker.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// The status now: mode, votes, verdict, why it does not follow, counters. One short lock and a copy.
    pub fn status(&self) -> Status {
        self.board.read()
    }

    /// Reads the status without keeping the breaker in the fleet: for pages and metrics.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.board))
    }

    /// Gives an order to all breakers of this key, on every instance. It is in force until the next one,
    /// whatever becomes of this process. Others hear of it at once where the engine tells them, and with
    /// their next heartbeat at the latest.
    ///
    /// What an operator did to one breaker wins there: a breaker that is forced open, disabled or in
    /// metrics-only by its own operator obeys no order of the fleet, and neither [`Order::Automatic`] nor leaving
    /// ends that.
    ///
    /// # Errors
    /// [`Unavailable`] if the engine has not answered within a second, or within its timeout where that is
    /// longer. The order may be in force all the same; giving it again does no harm.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the order is in force.
    pub async fn order(&self, order: Order) -> Result<View, Unavailable> {
        let (engine, key) = (Arc::clone(&self.host.engine), self.key().clone());
        let view = self
            .ask(Caught::new(async move { engine.order(&key, order).await }))
            .await?;
        // If the inbox is full, the next heartbeat says it.
        let _ = self.post.try_send(Input::Pushed(view));
        Ok(view)
    }

    /// Asks the engine for everything about this key: who is in the fleet, who thinks what, who probes.
    ///
    /// # Errors
    /// [`Unavailable`] if the engine has not answered within a second, or within its timeout where that is
    /// longer.
    pub async fn peek(&self) -> Result<Standing, Unavailable> {
        let (engine, key) = (Arc::clone(&self.host.engine), self.key().clone());
        self.ask(Caught::new(async move { engine.peek(&key).await }))
            .await
    }

    /// Leaves the fleet: frees the breaker, tells the engine, and waits for that within three of its timeouts.
    ///
    /// Returns whether the engine knows; if not, the instance lapses there after `member_for`.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the fleet all the same.
    pub async fn leave(mut self) -> bool {
        self.let_go();
        let Some(mut task) = self.task.take() else {
            return false;
        };
        let limit = self.engine_timeout.saturating_mul(3);
        let Ok(ended) = timeout(limit, &mut task).await else {
            task.abort();
            return false;
        };
        ended.unwrap_or(false)
    }

    async fn ask<T>(
        &self,
        asked: Caught<Result<T, EngineError<std::convert::Infallible>>>,
    ) -> Result<T, Unavailable> {
        unavailable(within(self.engine_timeout.max(PATIENCE), asked).await)
    }

    /// The task sees it at its next step. Until then, and where its runtime is not driven any more, the
    /// breaker is free already.
    fn let_go(&self) {
        self.board.let_leave();
        self.breaker.fleet().lose_engine(Duration::ZERO);
        let _ = self.post.try_send(Input::Wake);
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        // Not again after `leave`: the breaker may be another participant's by then.
        if self.task.is_some() {
            self.let_go();
        }
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant")
            .field("key", self.key())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
