//! The engine on a Redis or Valkey server, for instances in many processes.
//!
//! It needs the feature `redis` and a tokio runtime. Each verb is one script, hence one round trip, by the server's
//! own clock; views carry durations. Changes are pushed over a channel of the same connection. All verbs share that
//! connection, and requests that are made at the same time go out together. Reports that are due at the same time, as
//! all reports of one instance are, become one call of a script.
//!
//! Nothing here is on the path of a call. At the start, the only error is an address that cannot be read: an engine
//! whose server is away answers [`Unavailable`](super::Unavailable) within its timeout (250 ms). It connects by
//! itself when the server is back, after a pause of at most a second. The same holds for a server that is frozen,
//! full or read-only, or that refuses the password. Meanwhile the instances are alone. An answer that is longer than
//! 4 MiB, or announces that it will be, ends the connection.
//!
//! # What is kept
//! For a breaker `inventory` and the prefix `cb`, all names begin with `cb:{inventory}`. The braces keep them on one
//! node of a cluster:
//!
//! | key | type | what is in it |
//! |---|---|---|
//! | `cb:{inventory}` | hash | the verdict, the votes, the settings; of each instance what it thinks |
//! | `cb:{inventory}:members` | sorted set | the instances, by when they lapse |
//! | `cb:{inventory}:leases` | sorted set | the probe lease, while the fleet is open |
//! | `cb:{inventory}:pool` | list | merged counts of calls that are older than one `pool_batch` |
//! | `cb:{inventory}:command` | hash | an operator's order |
//!
//! The channel is `cb:{inventory}`. The keys expire when no instance has reported for the longest of `verdict_for`,
//! `member_for`, `longest_lease` and `pool_keep`; merged counts expire after two `pool_keep`. An order stays until
//! the next one; the order that nothing is in force expires after a day. Times are kept in microseconds: shorter ones
//! are rounded up.
//!
//! The engine is tested with Redis 7.0; the conformance suite was also run with Redis 5.0.6 and 6.2.14. The scripts
//! use only commands that Redis 5 has, and so does Valkey; a test compares them with a table. With a server older
//! than Redis 6, which does not speak RESP3, changes are pushed over a second connection. The engine is no cluster
//! client: name the node, or a proxy, that keeps the keys.
//!
//! # Permissions
//! A user needs these keys, channels and commands, and no others:
//!
//! ```text
//! ACL SETUSER fusebox on >PASSWORD resetkeys ~cb:{* resetchannels &cb:{* -@all
//!   +evalsha +script|load +subscribe +ping
//!   +time +hmget +hgetall +hset +hdel +zadd +zrem +zcount +zrange +zrangebyscore
//!   +lindex +lpush +rpop +del +pexpire +pexpireat +persist +publish
//! ```
//!
//! Add `+select` when the address names a database. Before Redis 7 write `+script`, and before Redis 6.2 leave
//! out the channels.
//!
//! # Examples
//! ```no_run
//! use fusebox_fleet::engine::{Engine, redis::Redis};
//! use fusebox_fleet::{BreakerKey, InstanceId, Mode, Opinion, Report, Sender, Session, Settings};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Redis::new("redis://fusebox:PASSWORD@cache.internal".parse()?);
//! let key = BreakerKey::new("inventory")?;
//! let sender = Sender::new(InstanceId::new("checkout-1")?, Session::new(fastrand::u64(..)));
//! let settings = Arc::new(Settings::builder(Mode::Quorum).build()?);
//!
//! let view = engine.report(&key, &Report::new(sender, Opinion::Fine, settings)).await?;
//! println!("{} vote", view.votes.voters);
//! # Ok(())
//! # }
//! ```

mod address;
mod bounded;
mod fault;
mod gather;
mod keeper;
mod link;
mod news;
mod queue;
mod reply;
mod round_trip;
mod script;
mod shared;
mod socket;
mod subscription;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use ::redis::{Script, Value};

pub use address::{Address, InvalidAddress};
use link::Link;
use script::{Names, SERVER_CLOCK, Scripts, Words};
use subscription::Subscription;

use super::{Answer, Engine, EngineError, Events, Operator};
use crate::command::Order;
use crate::ledger::Standing;
use crate::message::{
    Acquire, AcquireRefused, Fenced, Lease, Report, ReportRefused, Sender, Settlement,
};
use crate::name::BreakerKey;
use crate::view::View;

/// The engine that keeps ledgers on a server. Clones are the same engine, and share its connection.
///
/// The connection is made with the first verb, or when somebody waits for events, by a task on the runtime that is
/// running then. Dropping the last clone ends that task.
#[derive(Clone)]
pub struct Redis {
    link: Arc<Link>,
}

impl Redis {
    /// Makes an engine on the server at this address. It connects later, and may be made outside of a runtime.
    pub fn new(address: Address) -> Self {
        Self::with_clock(address, SERVER_CLOCK)
    }

    fn with_clock(address: Address, clock: &str) -> Self {
        Self {
            link: Arc::new(Link::new(address, Scripts::new(clock))),
        }
    }

    /// Returns the address of the server, without user and password.
    pub fn address(&self) -> &Address {
        self.link.address()
    }

    async fn run<R>(
        &self,
        verb: fn(&Scripts) -> &Script,
        key: &BreakerKey,
        words: Words,
    ) -> Result<Value, EngineError<R>> {
        let answer = self.link.run(verb, &self.names(key), &words).await;
        answer.map_err(EngineError::Unavailable)
    }

    fn names(&self, key: &BreakerKey) -> Names {
        Names::new(self.address().prefix(), key)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("address", self.address())
            .finish_non_exhaustive()
    }
}

impl Engine for Redis {
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>> {
        Box::pin(async move {
            let words = Words::of_report(report);
            let answer = self.link.report(self.names(key), words).await;
            let answer = answer.map_err(EngineError::Unavailable)?;
            reply::report(&answer, report.settings.fingerprint())
        })
    }

    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        Box::pin(async move {
            let words = Words::of_acquire(ask);
            let answer = self.run(|scripts| &scripts.acquire, key, words).await?;
            reply::acquire(&answer)
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>> {
        Box::pin(async move {
            let words = Words::of_settlement(settlement);
            let answer = self.run(|scripts| &scripts.settle, key, words).await?;
            reply::settle(&answer)
        })
    }

    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>> {
        Box::pin(async move {
            let words = Words::of_leave(sender);
            let answer = self.run(|scripts| &scripts.leave, key, words).await?;
            Ok(reply::left(&answer)?)
        })
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        let views = self.link.listen(self.names(key).channel());
        Box::new(Subscription::new(&self.link, views))
    }
}

impl Operator for Redis {
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>> {
        Box::pin(async move {
            let words = Words::of_order(order);
            let answer = self.run(|scripts| &scripts.order, key, words).await?;
            Ok(reply::ordered(&answer)?)
        })
    }

    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>> {
        Box::pin(async move {
            let answer = self
                .run(|scripts| &scripts.peek, key, Words::of_peek())
                .await?;
            Ok(reply::standing(&answer)?)
        })
    }
}

#[cfg(test)]
mod tests;
