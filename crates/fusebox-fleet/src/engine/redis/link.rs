//! The connection to the server: kept by a task of its own, so that no verb waits for more than an answer.
//!
//! The task connects, asks for the channels that somebody listens to, and waits. When the connection is lost,
//! or a server stays silent to a `PING`, it connects anew, with pauses that double up to a second. Silence has
//! to be found out that way: a partition that drops packets ends no connection for a quarter of an hour.
//! Verbs share the connection; whatever several of them ask at once goes out together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{RedisError, RedisResult, Script, Value};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::address::Address;
use super::fault::{self, Connection};
use super::keeper;
use super::news::News;
use super::script::{Names, Words};
use super::shared::{Shared, State, Wishes};
use crate::engine::Unavailable;

/// A connection that is kept.
pub(super) struct Link {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Link {
    pub(super) fn new(address: Address) -> Self {
        Self {
            shared: Arc::new(Shared {
                address,
                state: watch::Sender::new(State::Connecting),
                news: News::new(),
                wishes: Wishes::default(),
                answers: AtomicU64::new(0),
            }),
            keeper: Mutex::new(None),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.shared.address
    }

    /// Sees to it that somebody keeps the connection. Needs a runtime.
    pub(super) fn keep(&self) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if keeper.as_ref().is_none_or(JoinHandle::is_finished) {
            // At first, or when the runtime of the one before is gone.
            self.shared.state.send_replace(State::Connecting);
            *keeper = Some(tokio::spawn(keeper::keep(Arc::clone(&self.shared))));
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
        script: &Script,
        names: &Names,
        words: &Words,
    ) -> Result<Value, Unavailable> {
        self.keep();
        let longest = self.shared.address.timeout();
        match timeout(longest, self.try_run(script, names, words)).await {
            Ok(done) => done,
            Err(_) => Err(self.silent(longest)),
        }
    }

    /// A connection that has ended is found out by using it: then another one gets the request once more. The
    /// server may have done it already; no verb minds being repeated.
    async fn try_run(
        &self,
        script: &Script,
        names: &Names,
        words: &Words,
    ) -> Result<Value, Unavailable> {
        let mut states = self.shared.state.subscribe();
        let mut connection = connection(&mut states).await?;
        let answer = self.ask(&mut connection, script, names, words).await;
        match answer.map_err(|error| self.told(&error)) {
            Err((_, Connection::Lost)) => {}
            done => return done.map_err(|(told, _)| told),
        }
        // The keeper notices, too.
        let _ = states.changed().await;
        let mut connection = self::connection(&mut states).await?;
        let answer = self.ask(&mut connection, script, names, words).await;
        answer.map_err(|error| self.told(&error).0)
    }

    async fn ask(
        &self,
        connection: &mut MultiplexedConnection,
        script: &Script,
        names: &Names,
        words: &Words,
    ) -> RedisResult<Value> {
        self.shared.news.asked(names.channel()).await;
        let mut invocation = script.prepare_invoke();
        for key in names.keys() {
            invocation.key(key);
        }
        invocation.arg(words.as_slice());
        let mut answer = invocation.invoke_async(connection).await;
        if let Ok(asked) = &answer
            && let Some(wanted) = words.wanted_by(asked)
        {
            answer = invocation.arg(wanted).invoke_async(connection).await;
        }
        answer.inspect(|_| self.heard())
    }

    fn heard(&self) {
        self.shared.answers.fetch_add(1, Ordering::Relaxed);
    }

    fn told(&self, error: &RedisError) -> (Unavailable, Connection) {
        let wishes = &self.shared.wishes;
        let (told, connection) = fault::tell(error);
        match connection {
            Connection::Fine => self.heard(),
            Connection::Lost => wishes.wish(&wishes.check),
            Connection::Renew => wishes.wish(&wishes.renew),
        }
        (told, connection)
    }

    fn silent(&self, longest: Duration) -> Unavailable {
        self.shared.wishes.wish(&self.shared.wishes.check);
        Unavailable::new(match &*self.shared.state.borrow() {
            State::Up(_) => format!("the server did not answer within {longest:?}"),
            State::Connecting | State::Down(_) => {
                format!("no connection to the server within {longest:?}")
            }
        })
    }
}

/// The connection, when there is one.
async fn connection(
    states: &mut watch::Receiver<State>,
) -> Result<MultiplexedConnection, Unavailable> {
    loop {
        match &*states.borrow_and_update() {
            State::Up(connection) => return Ok(connection.clone()),
            State::Down(why) => return Err(why.clone()),
            State::Connecting => {}
        }
        if states.changed().await.is_err() {
            return Err(Unavailable::new("the engine has ended"));
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
