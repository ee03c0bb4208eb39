//! The link to a server: its connection, kept by a task of its own, so that no verb waits for more than an answer.
//!
//! The task connects, subscribes to the channels that have listeners, and waits. When the connection is lost, or the
//! server does not answer a `PING`, it connects again, with pauses that double up to a second. Only a `PING` reveals
//! silence, because a partition that drops packets ends no connection for a quarter of an hour. Verbs share the
//! connection. Requests that several of them make at once go out together; reports become one request.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use ::redis::{Script, Value};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::address::Address;
use super::gather;
use super::keeper;
use super::news::News;
use super::queue::Queue;
use super::round_trip::Call;
use super::script::{Names, Scripts, Words};
use super::shared::{Shared, State, Wishes};
use crate::engine::Unavailable;

/// A connection that is kept.
pub(super) struct Link {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Link {
    pub(super) fn new(address: Address, scripts: Scripts) -> Self {
        Self {
            shared: Arc::new(Shared {
                address,
                state: watch::Sender::new(State::Connecting),
                news: News::new(),
                scripts,
                queue: Queue::default(),
                wishes: Wishes::default(),
                answers: AtomicU64::new(0),
            }),
            keeper: Mutex::new(None),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.shared.address
    }

    /// Makes sure that a task keeps the connection. Needs a runtime.
    pub(super) fn keep(&self) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if keeper.as_ref().is_none_or(JoinHandle::is_finished) {
            // At first, or when the runtime of the last task is gone.
            self.shared.state.send_replace(State::Connecting);
            let shared = Arc::clone(&self.shared);
            *keeper = Some(tokio::spawn(async move {
                tokio::join!(keeper::keep(Arc::clone(&shared)), gather::send(shared));
            }));
        }
    }

    pub(super) fn listen(&self, channel: &str) -> watch::Receiver<Option<crate::view::View>> {
        let (views, unasked) = self.shared.news.listen(channel);
        if unasked {
            self.shared.wishes.any.notify_one();
        }
        views
    }

    /// Runs a script. It takes no longer than the timeout, whatever the server does.
    pub(super) async fn run(
        &self,
        verb: fn(&Scripts) -> &Script,
        names: &Names,
        words: &Words,
    ) -> Result<Value, Unavailable> {
        self.keep();
        let call = Call {
            script: verb(&self.shared.scripts),
            said: vec![(names, words)],
        };
        self.shared.call(&call).await.map_err(|(why, _)| why)
    }

    /// Reports, together with all others that report now. It takes no longer than the timeout.
    pub(super) async fn report(&self, names: Names, words: Words) -> Result<Value, Unavailable> {
        self.keep();
        let longest = self.shared.address.timeout();
        match timeout(longest, self.shared.queue.add(names, words)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Unavailable::new("the engine has ended")),
            Err(_) => Err(self.shared.silent(longest)),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let keeper = self
            .keeper
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keeper.take() {
            keeper.abort();
        }
    }
}
