//! One call of a script over the present connection.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{RedisError, RedisResult, Script, Value};
use tokio::sync::watch;
use tokio::time::timeout;

use super::fault::{self, Connection};
use super::script::{Names, Words};
use super::shared::{Shared, State};
use crate::engine::Unavailable;

/// What a script is called with: one ledger and its words, or several.
pub(super) struct Call<'a> {
    pub(super) script: &'a Script,
    pub(super) said: Vec<(&'a Names, &'a Words)>,
}

/// The reason why a call was not answered, and what that says about the connection.
pub(super) type Failed = (Unavailable, Connection);

impl Call<'_> {
    fn may_be_repeated(&self) -> bool {
        self.said.iter().all(|(_, words)| words.may_be_repeated())
    }

    async fn over(&self, connection: &mut MultiplexedConnection) -> RedisResult<Value> {
        let mut invocation = self.script.prepare_invoke();
        for (names, _) in &self.said {
            for key in names.keys() {
                invocation.key(key);
            }
        }
        for (_, words) in &self.said {
            invocation.arg(words.as_slice());
        }
        let answer = invocation.invoke_async(connection).await;
        if let (Ok(asked), [(_, words)]) = (&answer, self.said.as_slice())
            && let Some(wanted) = words.wanted_by(asked)
        {
            return invocation.arg(wanted).invoke_async(connection).await;
        }
        answer
    }
}

impl Shared {
    /// Calls a script. It takes no longer than the timeout, whatever the server does.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Value, Failed> {
        let longest = self.address.timeout();
        match timeout(longest, self.try_call(call)).await {
            Ok(done) => done,
            Err(_) => Err((self.silent(longest), Connection::Lost)),
        }
    }

    /// Sends the request. A connection that has ended is noticed only when it is used; then another connection gets
    /// the request once more. The server may have carried it out already; all verbs but one tolerate being repeated.
    async fn try_call(&self, call: &Call<'_>) -> Result<Value, Failed> {
        let mut states = self.state.subscribe();
        let mut connection = connection(&mut states).await?;
        match self.ask(&mut connection, call).await {
            Err((_, Connection::Lost)) if call.may_be_repeated() => {}
            done => return done,
        }
        // The keeper notices, too.
        let _ = states.changed().await;
        let mut connection = self::connection(&mut states).await?;
        self.ask(&mut connection, call).await
    }

    async fn ask(
        &self,
        connection: &mut MultiplexedConnection,
        call: &Call<'_>,
    ) -> Result<Value, Failed> {
        for (names, _) in &call.said {
            self.news.asked(names.channel()).await;
        }
        match call.over(connection).await {
            Ok(answer) => {
                self.heard();
                Ok(answer)
            }
            Err(error) => Err(self.told(&error)),
        }
    }

    fn heard(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    fn told(&self, error: &RedisError) -> Failed {
        let wishes = &self.wishes;
        let (told, connection) = fault::tell(error);
        match connection {
            Connection::Fine => self.heard(),
            Connection::Lost => wishes.wish(&wishes.check),
            Connection::Renew => wishes.wish(&wishes.renew),
        }
        (told, connection)
    }

    /// The error for a server that has not answered for this long.
    pub(super) fn silent(&self, longest: Duration) -> Unavailable {
        self.wishes.wish(&self.wishes.check);
        Unavailable::new(match &*self.state.borrow() {
            State::Up(_) => format!("the server did not answer within {longest:?}"),
            State::Connecting | State::Down(_) => {
                format!("no connection to the server within {longest:?}")
            }
        })
    }
}

/// The connection, when there is one.
async fn connection(states: &mut watch::Receiver<State>) -> Result<MultiplexedConnection, Failed> {
    loop {
        match &*states.borrow_and_update() {
            State::Up(connection) => return Ok(connection.clone()),
            State::Down(why) => return Err((why.clone(), Connection::Lost)),
            State::Connecting => {}
        }
        if states.changed().await.is_err() {
            return Err((Unavailable::new("the engine has ended"), Connection::Lost));
        }
    }
}
