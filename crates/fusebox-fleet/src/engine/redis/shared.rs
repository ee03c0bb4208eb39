//! The state that the verbs, the listeners and the keeper of one connection share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ::redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, watch};

use super::address::Address;
use super::news::News;
use super::queue::Queue;
use super::script::Scripts;
use crate::engine::Unavailable;

/// What verbs, listeners and the keeper of the connection share.
pub(super) struct Shared {
    pub(super) address: Address,
    pub(super) state: watch::Sender<State>,
    pub(super) news: News,
    pub(super) scripts: Scripts,
    pub(super) queue: Queue,
    pub(super) wishes: Wishes,
    /// How many answers have come, whatever they said.
    pub(super) answers: AtomicU64,
}

/// Whether there is a connection.
#[derive(Clone)]
pub(super) enum State {
    /// There will soon be a connection, or a reason why not.
    Connecting,
    /// Verbs can be sent.
    Up(MultiplexedConnection),
    /// The last attempt failed.
    Down(Unavailable),
}

/// What the keeper is asked to do.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) any: Notify,
    /// A verb was not answered in time.
    pub(super) check: AtomicBool,
    /// Another connection may work better.
    pub(super) renew: AtomicBool,
}

impl Wishes {
    pub(super) fn wish(&self, what: &AtomicBool) {
        what.store(true, Ordering::Relaxed);
        self.any.notify_one();
    }
}
