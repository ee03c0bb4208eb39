//! The traits of an engine: five verbs for a host, and two for an operator.
//!
//! An engine keeps the [`Ledger`](crate::Ledger) of each breaker key where all instances can reach it. The traits
//! know no runtime. Answers are boxed futures, so that a program can choose its engine when it starts. No answer is
//! ever awaited on the path of a call, so the cost of a box does not matter.

#[cfg(feature = "gossip")]
pub mod gossip;
#[cfg(feature = "gossip-node")]
pub mod gossip_node;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "redis")]
pub mod redis;

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::pin::Pin;

use crate::command::Order;
use crate::ledger::Standing;
use crate::message::{
    Acquire, AcquireRefused, Fenced, Lease, Report, ReportRefused, Sender, Settlement,
};
use crate::name::BreakerKey;
use crate::view::View;

/// A future that an engine answers with.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The part of an engine that instances use: it keeps the ledgers of a fleet.
///
/// Every verb is one atomic step on the ledger of its key, by the engine's own clock. The module `conformance`, which
/// comes with the feature of that name, defines what that means and checks it.
///
/// # Cancel safety
/// Dropping an answer loses the answer, not the request: the engine may have carried it out. A member tolerates that.
pub trait Engine: Send + Sync {
    /// Counts an opinion, and answers with the whole view.
    ///
    /// # Errors
    /// [`ReportRefused`] if the ledger refuses the report, or [`Unavailable`].
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>>;

    /// Asks for the right to probe.
    ///
    /// # Errors
    /// [`AcquireRefused`] if the ledger refuses the lease, or [`Unavailable`].
    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>>;

    /// Takes in the result of a probe.
    ///
    /// # Errors
    /// [`Fenced`] if the lease is not in force, or [`Unavailable`].
    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>>;

    /// Removes an instance from the roll.
    ///
    /// # Errors
    /// [`Unavailable`]. Then the instance lapses.
    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>>;

    /// Begins to push a view when the verdict or an operator's command changes. A reader that is slow, or cut off for
    /// a while, misses views, but never the newest one that arrives; heartbeats bring the rest.
    fn events(&self, key: &BreakerKey) -> Box<dyn Events>;
}

/// The part of an engine that operators use.
pub trait Operator: Send + Sync {
    /// Puts an order in force for all instances, until the next one.
    ///
    /// # Errors
    /// [`Unavailable`]. Then the order may be in force or not; giving it again does no harm.
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>>;

    /// Reads everything about a key, and changes nothing.
    ///
    /// # Errors
    /// [`Unavailable`] if the engine does not answer.
    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>>;
}

/// The views that an engine pushes.
pub trait Events: Send {
    /// Waits for the next view; `None` when the engine is gone for good.
    ///
    /// # Cancel safety
    /// This method is cancel-safe: a view that was not taken is there for the next call.
    fn next(&mut self) -> Answer<'_, Option<View>>;
}

/// The reason why an engine did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineError<R> {
    /// The ledger refuses, and nothing was written.
    Refused(R),
    /// The engine did not answer, or its answer made no sense. It may have done what it was asked.
    Unavailable(Unavailable),
}

impl<R: fmt::Display> fmt::Display for EngineError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => why.fmt(f),
            Self::Unavailable(why) => why.fmt(f),
        }
    }
}

impl<R: fmt::Debug + fmt::Display> Error for EngineError<R> {}

/// The error for an engine that did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    reason: String,
}

impl Unavailable {
    /// Makes the error with this reason. The reason is shown in logs and pages, so it must not contain an address
    /// with a password.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the engine is not available: {}", self.reason)
    }
}

impl Error for Unavailable {}
