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

/// An operator can wait longer than a heartbeat.
const PATIENCE: Duration = Duration::from_secs(1);

/// A breaker that takes part in a fleet. Made by [`Host::join`](super::Host::join).
///
/// Dropping it leaves the fleet: the breaker is on its own again at once, and the engine is told in the background.
/// [`leave`](Self::leave) waits until the engine has been told.
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
    /// Returns the key that the breakers of the fleet share.
    pub fn key(&self) -> &BreakerKey {
        self.board.key()
    }

    /// Returns the breaker.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Returns the current status: mode, votes, verdict, why the instance does not follow, counters. It costs one
    /// short lock and a copy.
    pub fn status(&self) -> Status {
        self.board.read()
    }

    /// Returns a reader of the status, for pages and metrics, which does not keep the breaker in the fleet.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.board))
    }

    /// Gives an order to all breakers of this key, on every instance. It is in force until the next order, whatever
    /// becomes of this process. Other instances hear of it at once if the engine pushes it, and with their next
    /// heartbeat at the latest.
    ///
    /// An operator of one breaker overrides it there: a breaker that its own operator forced open, disabled or put
    /// into metrics-only mode obeys no order of the fleet, and neither [`Order::Automatic`] nor leaving ends that.
    ///
    /// # Errors
    /// [`Unavailable`] if the engine has not answered within a second, or within its timeout if that is longer. The
    /// order may still be in force; giving it again does no harm.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the order is in force.
    ///
    /// # Examples
    /// ```
    /// use fusebox_fleet::Order;
    /// use fusebox_fleet::engine::Unavailable;
    /// use fusebox_fleet::host::Participant;
    ///
    /// async fn maintenance(participant: &Participant) -> Result<(), Unavailable> {
    ///     participant.order(Order::ForceOpen).await?; // every instance rejects every call
    ///     // …
    ///     participant.order(Order::Automatic).await?; // breakers decide by themselves again
    ///     Ok(())
    /// }
    /// ```
    pub async fn order(&self, order: Order) -> Result<View, Unavailable> {
        let (engine, key) = (Arc::clone(&self.host.engine), self.key().clone());
        let view = self
            .ask(Caught::new(async move { engine.order(&key, order).await }))
            .await?;
        // If the inbox is full, the next heartbeat brings it.
        let _ = self.post.try_send(Input::Pushed(view));
        Ok(view)
    }

    /// Asks the engine for everything about this key: who is in the fleet, what each instance thinks, and who probes.
    ///
    /// # Errors
    /// [`Unavailable`] if the engine has not answered within a second, or within its timeout if that is longer.
    pub async fn peek(&self) -> Result<Standing, Unavailable> {
        let (engine, key) = (Arc::clone(&self.host.engine), self.key().clone());
        self.ask(Caught::new(async move { engine.peek(&key).await }))
            .await
    }

    /// Leaves the fleet: frees the breaker, tells the engine, and waits for its answer for at most three of its
    /// timeouts.
    ///
    /// Returns whether the engine knows. If not, the instance lapses there after `member_for`.
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

    /// The task sees this at its next step. Until then, and if its runtime no longer runs, the breaker is already
    /// free.
    fn let_go(&self) {
        self.board.let_leave();
        self.breaker.fleet().lose_engine(Duration::ZERO);
        let _ = self.post.try_send(Input::Wake);
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        // Not again after `leave`: the breaker may belong to another participant by then.
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
