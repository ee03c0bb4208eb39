//! The checks that every engine has to pass, for an engine's own tests.
//!
//! The [`Ledger`](crate::Ledger) is the reference: an engine has to decide what it decides. The suite consists of
//! rules, one per promise, each with a breaker key of its own. It needs no runtime. An engine on a real server lets
//! time pass by waiting; one in memory lets it pass by moving its clock.
//!
//! ```
//! use fusebox::ManualClock;
//! use fusebox_fleet::conformance::{self, Subject};
//! use fusebox_fleet::engine::{memory::Memory, Answer, Engine, Operator};
//! use std::time::Duration;
//!
//! struct InMemory(Memory, ManualClock);
//!
//! impl Subject for InMemory {
//!     fn engine(&self) -> &dyn Engine {
//!         &self.0
//!     }
//!     fn operator(&self) -> &dyn Operator {
//!         &self.0
//!     }
//!     fn pass(&self, time: Duration) -> Answer<'_, ()> {
//!         self.1.advance(time);
//!         Box::pin(std::future::ready(()))
//!     }
//!     fn forget(&self) -> Answer<'_, ()> {
//!         self.0.forget();
//!         Box::pin(std::future::ready(()))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), conformance::Broken> {
//! let clock = ManualClock::new();
//! let subject = InMemory(Memory::with_clock(clock.clone()), clock);
//! for rule in conformance::rules() {
//!     rule.check(&subject, "first run").await?;
//! }
//! # Ok(())
//! # }
//! ```

mod leases;
mod stage;
mod votes;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use stage::Stage;

use crate::engine::{Answer, Engine, Operator};

/// An engine under test.
pub trait Subject: Send + Sync {
    /// Returns the engine.
    fn engine(&self) -> &dyn Engine;

    /// Returns the same engine, for an operator.
    fn operator(&self) -> &dyn Operator;

    /// Lets this much time pass for the engine.
    fn pass(&self, time: Duration) -> Answer<'_, ()>;

    /// Makes the engine lose everything.
    fn forget(&self) -> Answer<'_, ()>;

    /// Returns what the engine promises in addition to the rules. Default: all.
    fn promises(&self) -> Promises {
        Promises::ALL
    }
}

/// Promises that only an engine with one ledger for all can make.
///
/// An engine whose nodes each decide by what they have heard cannot make them. Its subject waits until its nodes have
/// heard each other before it returns an answer, and states here which promises hold all the same. No other rule is
/// weaker for such an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promises {
    /// The first suspect that asks may probe. Otherwise the engine may prefer one suspect and tell another to wait: a
    /// rule that wants a lease then waits as it is told, for [`minimum_gap`](crate::Settings::minimum_gap) at most.
    pub first_comer_probes: bool,
    /// Counts of calls are merged. Otherwise reports of a mode that needs this are refused as unavailable.
    pub merged_counts: bool,
    /// Revisions of all answers can be compared. Otherwise only those of one node can be.
    pub one_revision: bool,
}

impl Promises {
    /// All promises.
    pub const ALL: Self = Self {
        first_comer_probes: true,
        merged_counts: true,
        one_revision: true,
    };

    /// No promises.
    pub const NONE: Self = Self {
        first_comer_probes: false,
        merged_counts: false,
        one_revision: false,
    };
}

type Check = for<'a> fn(&'a mut Stage<'_>) -> Answer<'a, Result<(), String>>;

/// One promise of an engine.
#[derive(Clone, Copy)]
pub struct Rule {
    name: &'static str,
    check: Check,
}

impl Rule {
    /// Returns the promise as a sentence in `snake_case`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the promise. `run` is a name that keeps the keys of several runs on one server apart.
    ///
    /// # Errors
    /// [`Broken`] with what the engine did instead.
    pub async fn check(&self, subject: &dyn Subject, run: &str) -> Result<(), Broken> {
        let mut stage = Stage::new(subject, self.name, run);
        (self.check)(&mut stage).await.map_err(|found| Broken {
            rule: self.name,
            found,
        })
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

/// Returns all rules. They can be checked in any order, and at the same time.
pub fn rules() -> impl Iterator<Item = Rule> {
    votes::RULES
        .iter()
        .chain(leases::RULES)
        .map(|(name, check)| Rule {
            name,
            check: *check,
        })
}

/// The error for an engine that does not keep a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    rule: &'static str,
    found: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the engine breaks the rule {}: {}",
            self.rule, self.found
        )
    }
}

impl Error for Broken {}
