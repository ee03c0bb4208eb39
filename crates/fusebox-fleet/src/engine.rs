//! The trait of an engine: five verbs for a host, and two for an operator.
//!
//! An engine keeps the [`Ledger`](crate::Ledger) of each breaker key where all instances can reach it. The
//! traits know no runtime: answers are boxed futures, so that a program can choose its engine when it starts.
//! None of them is ever awaited on the path of a call, so a box costs nothing that matters.

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

/// Keeps the ledgers of a fleet.
///
/// Every verb is one atomic step on the ledger of its key, with the engine's own clock. The
/// suite in the module `conformance` says what that means and checks it; it comes with the feature of that
/// name.
///
/// # Cancel safety
/// Dropping an answer loses the answer, not what was asked: the engine may have done it. A member does
/// not mind.
pub trait Engine: Send + Sync {
    /// Counts an opinion, and answers with the whole view.
    ///
    /// # Errors
    /// [`ReportRefused`], or that the engine is not available.
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>>;

    /// Asks for the right to probe.
    ///
    /// # Errors
    /// [`AcquireRefused`], or that the engine is not available.
    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>>;

    /// Takes in what came of a probe.
    ///
    /// # Errors
    /// [`Fenced`], or that the engine is not available.
    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>>;

    /// Takes an instance off the roll.
    ///
    /// # Errors
    /// That the engine is not available. The instance lapses then.
    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>>;

    /// Begins to tell when the verdict or an operator's command changes. A reader that is slow, or cut off
    /// for a while, misses views, never the newest one that arrives; heartbeats bring the rest.
    fn events(&self, key: &BreakerKey) -> Box<dyn Events>;
}

/// What an operator asks of an engine.
pub trait Operator: Send + Sync {
    /// Puts an order in force for all instances, until the next one.
    ///
    /// # Errors
    /// That the engine is not available. Nothing is known about the order then; giving it again does no harm.
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>>;

    /// Reads everything about a key, and changes nothing.
    ///
    /// # Errors
    /// That the engine is not available.
    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>>;
}

/// Views that an engine tells of its own accord.
pub trait Events: Send {
    /// The next view; none when the engine is gone for good.
    ///
    /// # Cancel safety
    /// Safe: a view that was not taken is there for the next call.
    fn next(&mut self) -> Answer<'_, Option<View>>;
}

/// Why an engine did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineError<R> {
    /// The ledger refuses, and nothing was written.
    Refused(R),
    /// The engine did not answer, or its answer made no sense. What was asked may have been done.
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

/// The engine did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    reason: String,
}

impl Unavailable {
    /// For this reason. It is shown in logs and pages: no address with a password may be in it.
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
